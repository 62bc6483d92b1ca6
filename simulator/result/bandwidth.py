"""Bandwidth used and available at every level of the memory system."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.activity import Counts
from simulator.kinds import kind_of
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine
from simulator.terms import Term, level

LEVELS: tuple[Term, ...] = (
    level("dram", "DRAM", "bytes read and written ÷ time; available: devices × share × streaming efficiency"),
    level("buffer", "activation buffer", "bytes through the buffer's read and write ports; available: both ports"),
    level("x_trunk", "X trunk (fill)", "activations on their way to the copies; a broadcast counts once"),
    level("w_trunk", "W trunk (fill)", "weights on their way to the units; a broadcast counts once"),
    level("drain_bus", "drain bus", "finished rows on their way out"),
    level("banks", "operand banks", "words read from the activation banks (systolic: from the X and W operand buffers)"),
    level("network", "network", "words that reach units (scatter: sums that reach banks; both: either); available: its narrower side"),
)
"""Levels of the memory system, from DRAM inwards."""


@dataclass(frozen=True)
class Bandwidth:
    """Mean bandwidth of one level over a run, in 10⁹ bytes a second."""

    used: float
    available: float
    """What the level can do; infinite where the run made it ideal."""

    @property
    def share(self) -> float:
        """Used over available; 0 where the level is unlimited."""
        return 0.0 if math.isinf(self.available) or self.available == 0 else self.used / self.available

    def to_dict(self) -> dict[str, float | None]:
        """`used` and `available`; None for an unlimited level."""
        return {"used": self.used, "available": None if math.isinf(self.available) else self.available}


def bandwidths(elaborated: Elaborated, counts: Counts, cycles: int, ideal: str = "none") -> dict[str, Bandwidth]:
    """Bandwidth by level, from DRAM inwards; a level that the machine does not have is left out.

    Args:
        elaborated: the machine that ran.
        counts: events of the run.
        cycles: cycles of the run.
        ideal: which part the run made perfect (`none`, `network`, `dram`, `both`); that level is unlimited.

    Returns:
        `dram`, `buffer`, `x_trunk`, `w_trunk`, `drain_bus`, `banks`, and `network` where there is one.
    """
    machine = elaborated.machine
    trunks = machine.trunks
    levels: dict[str, tuple[float, float]] = {
        "dram": (counts.dram_read_bytes + counts.dram_write_bytes, elaborated.dram_bytes_per_cycle),
        "buffer": (counts.buffer_read_bytes + counts.buffer_write_bytes, 2 * trunks.x_bytes_per_cycle),
        "x_trunk": (counts.x_trunk_bytes, trunks.x_bytes_per_cycle),
        "w_trunk": (counts.w_trunk_bytes, trunks.w_bytes_per_cycle),
        "drain_bus": (counts.drain_bytes, trunks.drain_bytes_per_cycle),
        **kind_of(machine).levels(machine, counts),
    }
    perfect = ("network", "dram") if ideal == "both" else (ideal,)
    return {
        name: Bandwidth(_per_second(used, machine, cycles), math.inf if name in perfect else rate * machine.clock_ghz)
        for name, (used, rate) in levels.items()
    }


def _per_second(used_bytes: float, machine: Machine, cycles: int) -> float:
    return used_bytes / cycles * machine.clock_ghz if cycles else 0.0
