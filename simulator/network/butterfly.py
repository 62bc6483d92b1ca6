"""`butterfly`: log_r stages of r × r routers; one path between any two terminals."""

from __future__ import annotations

from simulator.network.fly import Stage, fly
from simulator.network.graph import Graph


def butterfly(sources: int, sinks: int, radix: int) -> Graph:
    """A radix-ary n-fly that settles the highest digit of the sink first (Dally and Towles, Principles and Practices, ch. 4)."""
    digits = 1
    while radix**digits < max(sources, sinks):
        digits += 1
    return fly("butterfly", sources, sinks, radix, digits, [Stage(digit, free=False) for digit in reversed(range(digits))])
