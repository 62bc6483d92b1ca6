"""`benes`: 2 log2 N − 1 stages of 2 × 2 routers; N / 2 paths between any two terminals."""

from __future__ import annotations

from simulator.network.fly import Stage, fly
from simulator.network.graph import Graph


def benes(sources: int, sinks: int, radix: int) -> Graph:
    """A Beneš network (BSTJ 43(4), 1964); always of 2 × 2 routers, so `radix` does not matter.

    The first half spreads by an XOR-fold of (source, sink), the second half settles the sink's bits, the lowest first.
    """
    bits = max(1, (max(sources, sinks) - 1).bit_length())
    spread = [Stage(bit, free=True) for bit in reversed(range(1, bits))]
    settle = [Stage(bit, free=False) for bit in range(bits)]
    return fly("benes", sources, sinks, 2, bits, spread + settle)
