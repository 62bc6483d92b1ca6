"""Where the parts of a network stand in its picture, in inches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.network import Graph
from simulator.network.uniform_load import uniform_load

Points = NDArray[np.float64]
"""[n, 2] inches."""

_LONGEST = 8.2
_MARK_STEP = 0.16
_BESIDE_LINKS = np.array([-1.0, 1.0]) / np.sqrt(2)
"""Where a source stands at a router with links on all sides; its sink stands opposite."""


@dataclass(frozen=True, eq=False)
class Places:
    """Places of routers and of the marks of sources and sinks."""

    routers: Points
    sources: Points
    sinks: Points
    router_of_source: NDArray[np.int64]
    router_of_sink: NDArray[np.int64]
    pitch: float
    """Distance of the two nearest routers."""

    @property
    def corners(self) -> tuple[Points, Points]:
        """Lowest and highest x and y of all."""
        marks = np.concatenate([self.routers, self.sources, self.sinks])
        return marks.min(axis=0), marks.max(axis=0)


@dataclass(frozen=True, eq=False)
class Used:
    """What of a graph some route uses, and so what is built."""

    inputs: NDArray[np.int64]
    """[routers] buffers."""
    outputs: NDArray[np.int64]
    """[routers] links."""
    joined: Counter[tuple[int, int]]
    """(from, to) → number of links."""


def used(graph: Graph) -> Used:
    """Follow all routes."""
    load = uniform_load(graph)
    flits = np.bincount(graph.link_of_channel, weights=load.of_channel, minlength=graph.links)
    target = graph.target_of_channel
    inner = (target >= 0) & (load.of_channel > 0)
    ends = dict(zip(graph.link_of_channel[inner].tolist(), graph.router_of_buffer[target[inner]].tolist(), strict=True))
    return Used(
        inputs=np.bincount(graph.router_of_buffer[load.of_buffer > 0], minlength=graph.routers),
        outputs=np.bincount(graph.router_of_link[flits > 0], minlength=graph.routers),
        joined=Counter((int(graph.router_of_link[link]), end) for link, end in ends.items()),
    )


def places(graph: Graph, pairs: Counter[tuple[int, int]]) -> Places:
    """Stretch a graph's own positions to a page, and put sources and sinks where no links run."""
    forward = all(graph.positions[end, 0] > graph.positions[start, 0] for start, end in pairs)
    routers = _router_places(graph, forward)
    router_of_source = graph.router_of_buffer[graph.buffer_of_source].astype(np.int64)
    to_sink = graph.target_of_channel < 0
    router_of_sink = np.empty(graph.sinks, dtype=np.int64)
    router_of_sink[-1 - graph.target_of_channel[to_sink]] = graph.router_of_link[graph.link_of_channel[to_sink]]
    pitch = _pitch(routers) if graph.routers > 1 else _LONGEST
    if forward:
        source_side, sink_side = np.tile([-1.0, 0.0], (graph.routers, 1)), np.tile([1.0, 0.0], (graph.routers, 1))
    else:
        source_side, sink_side = _free_sides(routers, pairs, np.union1d(router_of_source, router_of_sink))
    room = pitch if forward else 0.5 * pitch
    reach = 0.3 * pitch if graph.routers == 1 else min(0.42 * pitch, 0.5)
    return Places(
        routers=routers,
        sources=_fans(routers, router_of_source, source_side, reach, room),
        sinks=_fans(routers, router_of_sink, sink_side, reach, room),
        router_of_source=router_of_source,
        router_of_sink=router_of_sink,
        pitch=pitch,
    )


def _router_places(graph: Graph, forward: bool) -> Points:
    """Stages run from left to right with the first terminal on top; all else is drawn to scale, but never too oblong."""
    low, high = graph.positions.min(axis=0), graph.positions.max(axis=0)
    extent = high - low
    relative = (graph.positions - low) / np.where(extent > 0, extent, 1.0)
    if forward:
        height = min(_LONGEST, 0.9 * extent[1])
        width = max(0.7 * height, 0.85 * extent[0])
        return np.column_stack((relative[:, 0] * width, (1 - relative[:, 1]) * height))
    longest = min(_LONGEST, 1.4 * extent.max())
    sides = longest * np.where(extent > 0, np.clip(extent / extent.max(), 0.45, 1.0), 0.0)
    points: Points = relative * sides
    return points


def _pitch(points: Points) -> float:
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    return float(distance.min())


def _free_sides(routers: Points, pairs: Mapping[tuple[int, int], int], with_terminals: NDArray[np.int64]) -> tuple[Points, Points]:
    """[routers, 2] directions in which a router's sources and its sinks stand: left and right of the side without links."""
    total, count = np.zeros_like(routers), np.zeros(len(routers))
    for start, end in pairs:
        step = routers[end] - routers[start]
        for router, sign in ((start, -1), (end, 1)):
            total[router] += sign * step / np.linalg.norm(step)
            count[router] += 1
    away = total / np.maximum(count, 1)[:, None]
    length = np.linalg.norm(away, axis=1)
    if (length[with_terminals] < 1e-6).any():
        sides = np.tile(_BESIDE_LINKS, (len(routers), 1))
        return sides, -sides
    away = away / np.maximum(length, 1e-9)[:, None]
    return away @ _turn(np.pi / 5), away @ _turn(-np.pi / 5)


def _turn(angle: float) -> Points:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _fans(routers: Points, router_of: NDArray[np.int64], side: Points, reach: float, room: float) -> Points:
    """Marks of the terminals of each router, in a row across the direction in which they stand."""
    marks = np.zeros((len(router_of), 2))
    for router in np.unique(router_of).tolist():
        members = np.flatnonzero(router_of == router)
        direction = side[router]
        across = np.array([direction[1], -direction[0]])
        if across[1] > 0 or (across[1] == 0 and across[0] < 0):
            across = -across  # the first on top, or on the left
        offsets = (np.arange(len(members)) - (len(members) - 1) / 2) * min(_MARK_STEP, 0.8 * room / len(members))
        marks[members] = routers[router] + direction * reach + offsets[:, None] * across
    return marks
