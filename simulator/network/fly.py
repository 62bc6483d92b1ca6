"""Multistage networks in which every stage settles, or freely chooses, one digit of the address."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.network.builder import NEVER_ASKED, TABLE_ASKS_SPREAD, GraphBuilder
from simulator.network.graph import Graph


@dataclass(frozen=True)
class Stage:
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
    for column, stage in enumerate(stages):
        for place, router in enumerate(grid[column]):
            lines = [_with(place, port, stage.digit, radix) for port in range(radix)]
            reached: dict[int, int] = {}
            if column + 1 < len(stages):
                onward = grid[column + 1]
                links = [builder.link(router, onward[_without(line, stages[column + 1].digit, radix)])[0] for line in lines]
            else:
                reached = {line: router.link_to_sink(line) for line in lines if line < sinks}
                links = [reached.get(line, NEVER_ASKED) for line in lines]
            if not router.buffers:
                continue
            if stage.free:
                builder.route(list(router.buffers), [TABLE_ASKS_SPREAD] * sinks)
                builder.spread(list(router.buffers), links[0], radix, column)
            elif reached or column + 1 == len(stages):
                builder.route(list(router.buffers), [reached.get(sink, NEVER_ASKED) for sink in range(sinks)])
            else:
                builder.route(list(router.buffers), [links[sink // radix**stage.digit % radix] for sink in range(sinks)])
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
