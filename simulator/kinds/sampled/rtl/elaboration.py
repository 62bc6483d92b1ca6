"""A cluster that does sampled products as hardware: what of its file is elaborated, and how its tiles are run beside the engines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from simulator.engine.cluster import ClusterSpec
from simulator.engine.work import TileWork
from simulator.errors import ConfigError
from simulator.kinds.gather.compiled.engine import run_clusters
from simulator.kinds.gather.rtl import check_elaborated, rows_of
from simulator.kinds.sampled.rtl.agreement import SAMPLED
from simulator.kinds.sampled.rtl.cluster import SampledCluster
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.rtl import design_of, shape_with_own_words
from simulator.rtl.cosim.tiles import cosimulated as run_tiles
from simulator.rtl.design import Agreement, CosimOptions, Design
from simulator.rtl.shape import ClusterShape


def shape_of(machine: UnitsMachine, spec: ClusterSpec) -> ClusterShape:
    """A cluster with memories as large as one half of each bank of the file. Raises ConfigError for what is not elaborated."""
    check_elaborated(machine, spec)
    return shape_with_own_words(machine, replace(spec, summed_lanes=machine.fabric.lanes), words=machine.copy_words)


def design(machine: UnitsMachine, spec: ClusterSpec) -> Design:
    """One cluster, as the file sizes it, for tiles of as many token words as it says, or of one."""
    shape = shape_of(machine, spec)
    adding = f"{spec.units} units that add up {shape.lanes} lanes"
    parts = f"{adding}, {spec.banks} banks of {spec.bank_ports} ports, {shape.tokens} token words a tile"
    return design_of(machine, "sampled", SampledCluster(shape), (), parts)


def cosimulated(
    machine: UnitsMachine, spec: ClusterSpec, operation: str, tiles: Iterable[TileWork], how: CosimOptions
) -> Iterator[Agreement]:
    """Tiles of an operation, each through one cluster in hardware and both engines, up to and with the first that differs.

    Raises ConfigError for fewer lanes than are added up.
    """
    shape = shape_of(machine, spec)
    if how.lanes is not None and how.lanes < shape.lanes:
        raise ConfigError(f"--lanes {how.lanes}: {operation} is a sampled product, which adds up all {shape.lanes} lanes; leave it out")
    return run_tiles(shape, SAMPLED, run_clusters, rows_of, operation, tiles, how)
