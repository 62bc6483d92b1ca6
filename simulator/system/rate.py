"""DRAM's exact rate: a channel whose bytes a cycle are no whole number, and which loses nothing to rounding while it is busy."""

from __future__ import annotations

import math


class ExactRate:
    """Serves bytes one after another, first come first served; work is done in the cycle in which its last byte is.

    A busy period begins in a whole cycle. What is asked for no later than its exact, fractional end goes on with it, so that
    n chunks take ⌈n · size / rate⌉ cycles and not n · ⌈size / rate⌉.

    >>> dram = ExactRate(10.0)
    >>> [dram.serve(16, asked=0), dram.serve(16, asked=0), dram.serve(16, asked=9)]
    [2, 4, 11]
    """

    def __init__(self, bytes_per_cycle: float) -> None:
        """A rate above 0; infinite for a channel that takes no time."""
        self._bytes, self._in_cycles = (1, 0) if math.isinf(bytes_per_cycle) else bytes_per_cycle.as_integer_ratio()
        self._began = 0
        self._served = 0
        self._total = 0

    def cycles(self, size: int) -> int:
        """Whole cycles that so many bytes take by themselves."""
        return -(-size * self._in_cycles // self._bytes)

    def serve(self, size: int, asked: int) -> int:
        """The cycle in which a chunk is done that is asked for in another; calls come in the order in which chunks are served."""
        self._total += size
        if (asked - self._began) * self._bytes > self._served * self._in_cycles:
            self._began, self._served = asked, 0
        self._served += size
        return self._began + self.cycles(self._served)

    @property
    def busy(self) -> int:
        """Whole cycles of all that was served."""
        return self.cycles(self._total)
