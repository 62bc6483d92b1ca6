"""Bandwidth used and available at every level of the memory system."""

from __future__ import annotations

import math

from msgspec import Struct

from simulator.activity import Counts, Ideal
from simulator.machine.model import Elaborated
from simulator.run.levels import levels
from simulator.terms import Term, level

LEVELS: tuple[Term, ...] = (
    level("dram", "DRAM", "bytes read and written ÷ time; available: devices × share × streaming efficiency"),
    level("buffer", "activation buffer", "bytes through the buffer's read and write ports; available: both ports"),
    level("x_trunk", "X trunk (fill)", "activations on their way to the copies; a broadcast counts once"),
    level("w_trunk", "W trunk (fill)", "weights on their way to the units; a broadcast counts once"),
    level("drain_bus", "drain bus", "finished rows on their way out"),
    level(
        "banks",
        "operand banks",
        "words that units take from the activation banks (scatter: sums that the banks add to; systolic: read from the X and W buffers)",
    ),
    level(
        "network",
        "network",
        "words that reach units (scatter: sums that reach banks; both: either); available: links of its narrower side × bytes a link",
    ),
)
"""Levels of the memory system, from DRAM inwards."""


class Bandwidth(Struct, frozen=True):
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


def bandwidths(elaborated: Elaborated, counts: Counts, cycles: int, ideal: Ideal = "none") -> dict[str, Bandwidth]:
    """Bandwidth by level, from DRAM inwards; a level that the machine does not have is left out.

    Args:
        elaborated: the machine that ran.
        counts: events of the run.
        cycles: cycles of the run.
        ideal: which part the run made perfect; that level is unlimited.

    Returns:
        `dram`, `buffer`, `x_trunk`, `w_trunk`, `drain_bus`, `banks`, and `network` where there is one.
    """
    clock_ghz = elaborated.machine.clock_ghz
    return {
        name: Bandwidth(moved / cycles * clock_ghz if cycles else 0.0, rate * clock_ghz)
        for name, (moved, rate) in levels(elaborated, counts, ideal).items()
    }
