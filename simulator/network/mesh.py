"""`mesh`: a two-dimensional grid of routers, each with its own sources and sinks."""

from __future__ import annotations

import math

from simulator.network.builder import GraphBuilder, RouterDraft
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
