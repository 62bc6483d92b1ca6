"""A cluster of a gathering machine as hardware: what of its file is elaborated, and how its tiles are run beside the engines."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from simulator.engine.batch import WorkBatch
from simulator.engine.cluster import ClusterSpec
from simulator.engine.work import TileWork
from simulator.errors import ConfigError
from simulator.kinds.gather.compiled.engine import run_clusters
from simulator.kinds.gather.reference import run_cluster
from simulator.kinds.units.machine import UnitsMachine
from simulator.rtl.cluster import Cluster
from simulator.rtl.cosim.pair import Pair, Simulate
from simulator.rtl.cosim.pysim import PythonSimulation
from simulator.rtl.cosim.verilated import VerilatedSimulation, verilator
from simulator.rtl.design import Agreement, CosimOptions, Design, not_elaborated
from simulator.rtl.outputs import GatedCluster
from simulator.rtl.shape import ClusterShape


def check_elaborated(machine: UnitsMachine, spec: ClusterSpec) -> None:
    """Raise ConfigError for the first option that has no hardware."""
    if spec.network == "none" and spec.multicast:
        raise not_elaborated(
            "fabric.multicast", "true where each unit has a copy of its own", "false, or copies that serve several units each"
        )
    if machine.mapping.placement == "file":
        raise not_elaborated("mapping.placement", "file", "interleaved, hashed")
    if machine.mapping.dataflow != "gather":
        raise not_elaborated("mapping.dataflow", machine.mapping.dataflow, "gather")


def shape_of(machine: UnitsMachine, spec: ClusterSpec) -> ClusterShape:
    """A cluster with memories as large as one half of each bank of the file. Raises ConfigError for what is not elaborated."""
    check_elaborated(machine, spec)
    fabric, types = machine.fabric, machine.datatypes
    return ClusterShape(
        spec,
        words=machine.copy_words,
        features=machine.copy_words,
        entries=max(1, int(fabric.weight_bank_kib * 8192) // machine.weight_entry_bits(dense=False)),
        rows=machine.output_words,
        tokens=fabric.accumulators,
        streams=True,
        placement="hashed" if machine.mapping.placement == "hashed" else "interleaved",
        lanes=fabric.lanes,
        weight_bits=types.weight_bits,
        activation_bits=types.activation_bits,
        sum_bits=types.accumulate_bits,
    )


def design(machine: UnitsMachine, spec: ClusterSpec) -> Design:
    """One cluster, as the file sizes it."""
    cluster = GatedCluster(Cluster(shape_of(machine, spec)), slots=2 * machine.output_words)
    about = f"a cluster of {machine.machine.name}: {spec.units} units, {spec.banks} banks of {spec.bank_ports} ports, integer arithmetic"
    return Design(f"{machine.machine.name}_cluster", cluster, cluster.ports_of_top(), about)


def cosimulated(
    machine: UnitsMachine, spec: ClusterSpec, operation: str, tiles: Iterable[TileWork], how: CosimOptions
) -> Iterator[Agreement]:
    """Tiles of an operation, each through one cluster in hardware and both engines, up to and with the first that differs."""
    shape = shape_of(machine, spec)
    works = [work for work in itertools.islice(tiles, how.tiles) if work.entries]
    if not works:
        raise ConfigError(f"{operation}: its tiles have no entries to walk")
    shape = replace(
        shape,
        words=max(work.words * work.token_words for work in works),
        features=max(work.words for work in works),
        entries=max(int(np.diff(work.unit_ptr).max()) for work in works),
        rows=max(int(work.own.max()) + 1 for work in works),
        tokens=max(work.token_words for work in works),
        streams=any(len(work.piece_readers()) > work.stream.fifo_pieces for work in works),
        lanes=min(how.lanes or shape.lanes, shape.lanes),
    )
    simulate: Simulate = PythonSimulation
    if how.simulator == "verilator":
        simulate = partial(VerilatedSimulation, program=verilator(), waves=how.waveform is not None)
    pair = Pair(shape, partial(run_cluster, spec), simulate)
    for number, work in enumerate(works):
        compiled = run_clusters(spec, WorkBatch([work]), [None]).outcome(0)
        yield pair.run(f"{operation} tile {number}", work, (compiled,), how.waveform)
