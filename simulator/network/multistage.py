"""Multistage networks, `butterfly`, `benes` and `clos`: every stage settles, or freely chooses, one digit of the address."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from simulator.network.builder import NEVER_ASKED, TABLE_ASKS_SPREAD, GraphBuilder
from simulator.network.graph import Graph


class Stage(Struct, frozen=True):
    """One column of radix × radix routers; each joins the lines that differ in digit `digit`."""

    digit: int
    free: bool
    """Whether the digit is chosen by the XOR-fold instead of by the sink."""


def fly(name: str, sources: int, sinks: int, radix: int, digits: int, stages: list[Stage]) -> Graph:
    """A network of radix ** digits lines. Feed-forward, so free of deadlock."""
    size = radix**digits
    builder = GraphBuilder(name, sources, sinks)
    grid = [[builder.router(column, place) for place in range(size // radix)] for column in range(len(stages))]
    for source in range(sources):
        builder.source(source, builder.buffer(grid[0][_without(source, stages[0].digit, radix)]))
    anywhere = np.full(sinks, TABLE_ASKS_SPREAD, dtype=np.int32)
    for column, stage in enumerate(stages):
        digit = (np.arange(sinks) // radix**stage.digit % radix).astype(np.int32)
        for place, router in enumerate(grid[column]):
            lines = [_with(place, port, stage.digit, radix) for port in range(radix)]
            if column + 1 < len(stages):
                onward = grid[column + 1]
                links = [builder.link(router, onward[_without(line, stages[column + 1].digit, radix)])[0] for line in lines]
                choice = anywhere if stage.free else links[0] + digit
                if stage.free:
                    builder.spread(router.buffers, links[0], radix, column)
            else:
                choice = np.full(sinks, NEVER_ASKED, dtype=np.int32)
                for line in lines:
                    if line < sinks:
                        choice[line] = router.link_to_sink(line)
            if router.buffers:
                builder.route(router.buffers, choice)
    # halving the lines cuts the stages of the highest digit only, where half of the lines change sides, half of them each way
    crossed = sum(stage.digit == digits - 1 for stage in stages)
    return builder.build(bisection_links=max(1, -(-size * crossed // 4)))


def _without(line: int, digit: int, radix: int) -> int:
    """A line's address with one digit taken out: the router that joins it to its siblings."""
    low: int = radix**digit
    return line // (low * radix) * low + line % low


def _with(rest: int, value: int, digit: int, radix: int) -> int:
    """Inverse of `_without`."""
    low: int = radix**digit
    return rest // low * low * radix + value * low + rest % low


def butterfly(sources: int, sinks: int, radix: int) -> Graph:
    """A radix-ary n-fly that settles the highest digit of the sink first (Dally and Towles, Principles and Practices, ch. 4)."""
    digits = 1
    while radix**digits < max(sources, sinks):
        digits += 1
    return fly("butterfly", sources, sinks, radix, digits, [Stage(digit, free=False) for digit in reversed(range(digits))])


def benes(sources: int, sinks: int, radix: int) -> Graph:
    """A Beneš network (BSTJ 43(4), 1964); always of 2 × 2 routers, so `radix` does not matter.

    The first half spreads by an XOR-fold of (source, sink), the second half settles the sink's bits, the lowest first.
    """
    bits = max(1, (max(sources, sinks) - 1).bit_length())
    spread = [Stage(bit, free=True) for bit in reversed(range(1, bits))]
    settle = [Stage(bit, free=False) for bit in range(bits)]
    return fly("benes", sources, sinks, 2, bits, spread + settle)


def clos(sources: int, sinks: int, radix: int) -> Graph:
    """Clos(m = n = radix): `radix` terminals a router and `radix` middle routers (Clos, BSTJ 32(2), 1953).

    The middle router is chosen by an XOR-fold of (source, sink). Feed-forward, so free of deadlock.
    """
    edges = -(-max(sources, sinks) // radix)
    builder = GraphBuilder("clos", sources, sinks)
    first = [builder.router(0, y) for y in range(edges)]
    middle = [builder.router(1, y * max(1, edges - 1) / max(1, radix - 1)) for y in range(radix)]
    last = [builder.router(2, y) for y in range(edges)]
    for source in range(sources):
        builder.source(source, builder.buffer(first[source // radix]))
    for router in first:
        ups = [builder.link(router, other)[0] for other in middle]
        if router.buffers:
            builder.route(list(router.buffers), [TABLE_ASKS_SPREAD] * sinks)
            builder.spread(list(router.buffers), ups[0], radix, 0)
    for router in middle:
        downs = [builder.link(router, other)[0] for other in last]
        builder.route(list(router.buffers), [downs[sink // radix] for sink in range(sinks)])
    for place, router in enumerate(last):
        out = {sink: router.link_to_sink(sink) for sink in range(place * radix, min((place + 1) * radix, sinks))}
        builder.route(list(router.buffers), [out.get(sink, -2) for sink in range(sinks)])
    return builder.build(bisection_links=max(1, edges * radix // 2))
