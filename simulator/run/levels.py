"""What is moved at each level of the memory system and what the level can move, and the law that the first is never more."""

from __future__ import annotations

import math
from collections.abc import Mapping

from simulator.activity import Activity, Counts, Ideal
from simulator.errors import require
from simulator.kinds import kind_of
from simulator.machine.model import Elaborated
from simulator.system.spec import SystemSpec

Levels = Mapping[str, tuple[float, float]]
"""By level, from DRAM inwards: bytes that were moved, and bytes a cycle that can be moved."""

_ROUNDING = 1e-9


def levels(elaborated: Elaborated, counts: Counts, ideal: Ideal = "none") -> Levels:
    """All levels that the machine has; the rate of one that the run made perfect is infinite."""
    return {**_around(elaborated, counts, ideal), **_within(elaborated, counts, ideal)}


def _around(elaborated: Elaborated, counts: Counts, ideal: Ideal) -> Levels:
    """Those that are around every fabric."""
    system = SystemSpec.of(elaborated).made_ideal(ideal)
    return {
        "dram": (counts.dram_read_bytes + counts.dram_write_bytes, system.dram_bytes_per_cycle),
        "buffer": (counts.buffer_read_bytes + counts.buffer_write_bytes, 2 * system.buffer_bytes_per_cycle),
        "x_trunk": (counts.x_trunk_bytes, system.x_bytes_per_cycle),
        "w_trunk": (counts.w_trunk_bytes, system.w_bytes_per_cycle),
        "drain_bus": (counts.drain_bytes, system.drain_bytes_per_cycle),
    }


def _within(elaborated: Elaborated, counts: Counts, ideal: Ideal) -> Levels:
    """Those of its own fabric."""
    perfect = ideal in ("network", "both")
    own = kind_of(elaborated.machine).levels(elaborated.machine, counts)
    return {name: (moved, math.inf if perfect and name == "network" else rate) for name, (moved, rate) in own.items()}


def check_levels(elaborated: Elaborated, activity: Activity, ideal: Ideal) -> None:
    """No level moved more than it can: in the run, in each operation's time, and within the fabric while its tiles ran."""
    begun = 0
    for operation in activity.operations:
        counts = operation.counts
        # what comes from a fused operation may come before anything of this one is fetched
        fused = operation.details.get("x_home") == "chip"
        begun = min(begun, operation.fetch_cycle) if fused else operation.fetch_cycle
        _check(operation.name, _around(elaborated, counts, ideal), operation.end_cycle - begun)
        _check(operation.name, _within(elaborated, counts, ideal), operation.compute_cycles)
    _check("run", levels(elaborated, activity.counts, ideal), activity.cycles)


def _check(name: str, found: Levels, cycles: int) -> None:
    for level, (moved, rate) in found.items():
        can = rate * cycles if cycles else 0.0
        require(moved <= can * (1 + _ROUNDING), f"{name}: {level} moved {moved:,g} bytes in {cycles} cycles of {rate:g} bytes")
