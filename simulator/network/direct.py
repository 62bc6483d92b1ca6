"""Networks whose routers have sources and sinks of their own: `mesh`, a two-dimensional grid, and `ring`."""

from __future__ import annotations

import math

import numpy as np

from simulator.network.builder import NEVER_ASKED, GraphBuilder
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
    home = np.arange(sinks) * len(flat) // sinks
    for source in range(sources):
        builder.source(source, builder.buffer(flat[source * len(flat) // sources]))
    out = np.array([flat[place].link_to_sink(sink) for sink, place in enumerate(home.tolist())])
    steps: list[dict[tuple[int, int], int]] = [{} for _ in flat]
    for y, line in enumerate(grid):
        for x, router in enumerate(line):
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                if 0 <= x + dx < width and 0 <= y + dy < height:
                    steps[router.index][dx, dy] = builder.link(router, grid[y + dy][x + dx])[0]
    row, column = np.divmod(home, width)
    for router in flat:
        y, x = divmod(router.index, width)
        to = [steps[router.index].get(step, NEVER_ASKED) for step in ((1, 0), (-1, 0), (0, 1), (0, -1))]
        if router.buffers:
            along_x = np.where(column > x, to[0], to[1])
            along_y = np.where(row > y, to[2], np.where(row < y, to[3], out))
            builder.route(router.buffers, np.where(column == x, along_y, along_x))
    return builder.build(bisection_links=max(1, min(width, height)))


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
    home = np.arange(sinks) * size // sinks
    for source in range(sources):
        builder.source(source, builder.buffer(routers[source * size // sources]))
    out = np.array([routers[place].link_to_sink(sink) for sink, place in enumerate(home.tolist())])
    injected = [list(router.buffers) for router in routers]
    if size == 1:
        builder.route(injected[0], out)
        return builder.build(bisection_links=1)
    onward = {step: [builder.link(routers[place], routers[(place + step) % size], 2) for place in range(size)] for step in (1, -1)}
    for place in range(size):
        ways = (home - place) % size
        links = {step: np.where(ways == 0, out, onward[step][place][0]) for step in (1, -1)}
        crossed = {step: np.where(ways == 0, 0, int(place == (size - 1 if step == 1 else 0))) for step in (1, -1)}
        if injected[place]:
            clockwise = ways <= size - ways
            builder.route(injected[place], np.where(clockwise, links[1], links[-1]), np.where(clockwise, crossed[1], crossed[-1]))
        for step in (1, -1):
            before, after = onward[step][(place - step) % size][1]
            builder.route([before], links[step], crossed[step])
            builder.route([after], links[step], np.where(ways == 0, 0, 1))
    return builder.build(bisection_links=2)
