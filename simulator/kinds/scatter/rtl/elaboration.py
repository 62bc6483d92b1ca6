"""A cluster of a machine that scatters as hardware: what of its file is elaborated, and how its tiles are run beside the engines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from simulator.engine.cluster import ClusterSpec
from simulator.engine.work import TileWork
from simulator.kinds.scatter.compiled.engine import run_scatters
from simulator.kinds.scatter.rtl.agreement import SCATTERED, most_columns
from simulator.kinds.scatter.rtl.cluster import ScatterCluster
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.rtl import check_placement, design_of, shape_with_own_words
from simulator.rtl.cosim.tiles import cosimulated as run_tiles
from simulator.rtl.design import Agreement, CosimOptions, Design
from simulator.rtl.shape import ClusterShape


def one_a_cycle(spec: ClusterSpec) -> ClusterSpec:
    """A cluster whose units say what they do: they examine as many entries, and send one product."""
    return replace(spec, issue_width=1, scan_width=spec.examine_width)


def shape_of(machine: UnitsMachine, spec: ClusterSpec) -> ClusterShape:
    """A cluster with memories as large as one half of each bank of the file. Raises ConfigError for what is not elaborated."""
    check_placement(machine)
    return shape_with_own_words(machine, one_a_cycle(spec), words=machine.copy_sums)


def design(machine: UnitsMachine, spec: ClusterSpec) -> Design:
    """One cluster, as the file sizes it, for tiles of as many token words as it says, or of one."""
    shape = shape_of(machine, spec)
    parts = f"{spec.units} units that send, {spec.banks} banks of {spec.bank_ports} ports that add, {shape.tokens} token words a tile"
    return design_of(machine, "cluster", ScatterCluster(shape), (), parts)


def cosimulated(
    machine: UnitsMachine, spec: ClusterSpec, operation: str, tiles: Iterable[TileWork], how: CosimOptions
) -> Iterator[Agreement]:
    """Tiles of an operation, each through one cluster in hardware and both engines, up to and with the first that differs."""
    return run_tiles(shape_of(machine, spec), SCATTERED, run_scatters, most_columns, operation, tiles, how)
