"""Networks whose routers have sources and sinks of their own: `mesh`, a two-dimensional grid, and `ring`."""

from __future__ import annotations

import math

from simulator.network.builder import NEVER_ASKED, GraphBuilder, RouterDraft
from simulator.network.graph import Graph


def mesh(sources: int, sinks: int, radix: int) -> Graph:
    """A near-square grid of max(sources, sinks) routers or a few more; `radix` does not matter.

    Routes go along x, then along y, so no ring of waiting flits can close (Dally and Seitz, IEEE ToC 36(5), 1987).
    """
    width = math.isqrt(max(sources, sinks) - 1) + 1
    height = -(-max(sources, sinks) // width)
    builder = GraphBuilder("mesh", sources, sinks)
    grid = [[builder.router(x, y) for x in range(width)] for y in range(height)]
    flat = [router for line in grid for router in line]
    home = [sink * len(flat) // sinks for sink in range(sinks)]
    for source in range(sources):
        builder.source(source, builder.buffer(flat[source * len(flat) // sources]))
    out = {sink: flat[home[sink]].link_to_sink(sink) for sink in range(sinks)}
    steps: list[dict[tuple[int, int], int]] = [{} for _ in flat]
    for y, line in enumerate(grid):
        for x, router in enumerate(line):
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                if 0 <= x + dx < width and 0 <= y + dy < height:
                    steps[router.index][dx, dy] = builder.link(router, grid[y + dy][x + dx])[0]
    for y, line in enumerate(grid):
        for x, router in enumerate(line):
            table = [_step(router, out, steps[router.index], (x, y), divmod(home[sink], width), sink) for sink in range(sinks)]
            if router.buffers:
                builder.route(list(router.buffers), table)
    return builder.build(bisection_links=max(1, min(width, height)))


def _step(
    router: RouterDraft, out: dict[int, int], steps: dict[tuple[int, int], int], here: tuple[int, int], home: tuple[int, int], sink: int
) -> int:
    """Link towards the home (row, column) of a sink: x first."""
    dx, dy = home[1] - here[0], home[0] - here[1]
    if dx:
        return steps[1 if dx > 0 else -1, 0]
    return steps[0, 1 if dy > 0 else -1] if dy else out[sink]


def ring(sources: int, sinks: int, radix: int) -> Graph:
    """A bidirectional ring of max(sources, sinks) routers; the shorter way, clockwise where both are equal.

    Each link has two virtual channels. A flit starts on the first and changes to the second where it crosses the
    dateline between the last router and the first, which breaks the ring of waiting flits (Dally and Seitz 1987).
    `radix` does not matter.
    """
    size = max(sources, sinks)
    builder = GraphBuilder("ring", sources, sinks)
    angle = 2 * math.pi / size
    routers = [builder.router(math.cos(angle * place) * size / 6, math.sin(angle * place) * size / 6) for place in range(size)]
    home = [sink * size // sinks for sink in range(sinks)]
    for source in range(sources):
        builder.source(source, builder.buffer(routers[source * size // sources]))
    out = {sink: routers[home[sink]].link_to_sink(sink) for sink in range(sinks)}
    injected = [list(router.buffers) for router in routers]
    if size == 1:
        builder.route(injected[0], [out[sink] for sink in range(sinks)])
        return builder.build(bisection_links=1)
    onward = {step: [builder.link(routers[place], routers[(place + step) % size], 2) for place in range(size)] for step in (1, -1)}
    for place in range(size):
        ways = [(home[sink] - place) % size for sink in range(sinks)]
        short = [0 if way == 0 else (1 if way <= size - way else -1) for way in ways]
        if injected[place]:
            links, vcs = _row(place, size, short, 0, out, onward)
            builder.route(injected[place], links, vcs)
        for step in (1, -1):
            for vc in (0, 1):
                buffer = onward[step][(place - step) % size][1][vc]
                along = [step if way else 0 for way in ways]
                links, vcs = _row(place, size, along, vc, out, onward)
                builder.route([buffer], links, vcs)
    return builder.build(bisection_links=2)


def _row(
    place: int, size: int, steps: list[int], vc: int, out: dict[int, int], onward: dict[int, list[tuple[int, list[int]]]]
) -> tuple[list[int], list[int]]:
    """Link and virtual channel for every sink, given which way each lies; only a crossing of the dateline changes it."""
    links, vcs = [], []
    for sink, step in enumerate(steps):
        crosses = (step == 1 and place == size - 1) or (step == -1 and place == 0)
        links.append(onward[step][place][0] if step else out.get(sink, NEVER_ASKED))
        vcs.append((1 if crosses else vc) if step else 0)
    return links, vcs
