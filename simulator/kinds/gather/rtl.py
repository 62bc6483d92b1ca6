"""A cluster of a gathering machine as hardware: what of its file is elaborated, and how its tiles are run beside the engines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simulator.engine.cluster import ClusterSpec
from simulator.engine.work import TileWork
from simulator.kinds.gather.compiled.engine import run_clusters
from simulator.kinds.gather.reference import run_cluster
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.rtl import check_placement, design_of, shape_of_file
from simulator.rtl.cluster import Cluster
from simulator.rtl.cosim.loads import load_of
from simulator.rtl.cosim.pair import Sides
from simulator.rtl.cosim.tally import Tally
from simulator.rtl.cosim.tiles import cosimulated as run_tiles
from simulator.rtl.cosim.traced import probes
from simulator.rtl.cosim.watched import Watcher
from simulator.rtl.design import Agreement, CosimOptions, Design, not_elaborated
from simulator.rtl.outputs import output_banks
from simulator.rtl.shape import ClusterShape


def check_elaborated(machine: UnitsMachine, spec: ClusterSpec) -> None:
    """Raise ConfigError for the first option that has no hardware."""
    if spec.network == "none" and spec.multicast:
        raise not_elaborated(
            "fabric.multicast", "true where each unit has a copy of its own", "false, or copies that serve several units each"
        )
    check_placement(machine)


def shape_of(machine: UnitsMachine, spec: ClusterSpec) -> ClusterShape:
    """A cluster with memories as large as one half of each bank of the file. Raises ConfigError for what is not elaborated."""
    check_elaborated(machine, spec)
    return shape_of_file(machine, spec, words=machine.copy_words, rows=machine.output_words, tokens=machine.fabric.accumulators)


def design(machine: UnitsMachine, spec: ClusterSpec) -> Design:
    """One cluster, as the file sizes it."""
    cluster = Cluster(shape_of(machine, spec))
    outputs = output_banks(cluster, slots=2 * machine.output_words)
    return design_of(machine, "cluster", cluster, outputs, f"{spec.units} units, {spec.banks} banks of {spec.bank_ports} ports")


def rows_of(work: TileWork) -> int:
    """Output rows of a tile in a unit's own bank, for a token word."""
    return int(work.own.max(initial=0)) + 1


GATHERED = Sides(run_cluster, lambda shape, work: Watcher(shape, rows_of(work)), Cluster, probes, load_of, Tally)


def cosimulated(
    machine: UnitsMachine, spec: ClusterSpec, operation: str, tiles: Iterable[TileWork], how: CosimOptions
) -> Iterator[Agreement]:
    """Tiles of an operation, each through one cluster in hardware and both engines, up to and with the first that differs."""
    return run_tiles(shape_of(machine, spec), GATHERED, run_clusters, rows_of, operation, tiles, how)
