"""A network as a graph of routers: buffers, links, and the routing table that leads every source to every sink."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.errors import ConfigError

Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Graph:
    """Routers with input buffers and output channels, all numbered through.

    A channel is a virtual channel of an output link; without virtual channels each link has one. Buffer i belongs to
    router `router_of_buffer[i]` and is fed by one link (or source) only. Routers, and the buffers, links and channels
    of a router, are numbered in order.
    """

    name: str
    sources: int
    sinks: int
    routers: int
    router_of_buffer: Ints
    """[buffers]"""
    router_of_link: Ints
    """[links]"""
    link_of_channel: Ints
    """[channels]"""
    target_of_channel: Ints
    """[channels] buffer that the channel fills, or −1 − sink."""
    buffer_of_source: Ints
    """[sources]"""
    route_row: Ints
    """[buffers] row of `route` that applies to a flit in the buffer."""
    route: Ints
    """[rows, sinks] channel to take; −1: any of the buffer's `spread` channels, −2: never asked."""
    spread_first: Ints
    """[buffers] first of the channels among which an XOR-fold of (source, sink) chooses."""
    spread_count: Ints
    """[buffers] how many there are (0 where the table decides alone)."""
    spread_shift: Ints
    """[buffers] bits by which the fold is shifted before it is taken modulo `spread_count`."""
    bisection_links: int
    """Links cut when the graph is halved, in one direction."""
    positions: NDArray[np.float64]
    """[routers, 2] where a drawing, and the floorplan, put each router; neighbours stand one unit apart."""

    @property
    def buffers(self) -> int:
        """Input buffers of all routers."""
        return len(self.router_of_buffer)

    @property
    def channels(self) -> int:
        """Output channels of all routers."""
        return len(self.link_of_channel)

    @property
    def links(self) -> int:
        """Output links of all routers, those to sinks included."""
        return len(self.router_of_link)

    @cached_property
    def hops(self) -> NDArray[np.int16]:
        """[sources, sinks] routers passed on the way."""
        return self.trace()[0]

    def next_channel(self, buffers: Ints, sources: Ints, sinks: Ints) -> Ints:
        """Channel that each flit takes out of the router of its buffer."""
        table = self.route[self.route_row[buffers], sinks]
        fold = (sources ^ sinks) >> self.spread_shift[buffers]
        spread = self.spread_first[buffers] + fold % np.maximum(self.spread_count[buffers], 1)
        return np.where(table == -1, spread, table).astype(np.int32)

    def trace(self) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
        """Follow every (source, sink): [sources, sinks] routers passed, and the distinct (channel, next channel) pairs.

        Raises ConfigError where a route is missing, ends at another sink, or runs in a circle.
        """
        sources, sinks = (grid.ravel().astype(np.int32) for grid in np.indices((self.sources, self.sinks)))
        hops = np.zeros(len(sources), dtype=np.int16)
        buffers = self.buffer_of_source[sources]
        before = np.full(len(sources), -1, dtype=np.int64)
        moving = np.arange(len(sources))
        pairs: list[NDArray[np.int64]] = []
        while len(moving):
            channel = self.next_channel(buffers, sources[moving], sinks[moving]).astype(np.int64)
            if (channel < 0).any() or hops[moving].max() > self.routers:
                raise ConfigError(f"topology {self.name}: no route between some source and sink")
            inner = before[moving] >= 0
            pairs.append(np.unique(before[moving][inner] * self.channels + channel[inner]))
            hops[moving] += 1
            before[moving] = channel
            target = self.target_of_channel[channel]
            arrived = target < 0
            if (-1 - target[arrived] != sinks[moving][arrived]).any():
                raise ConfigError(f"topology {self.name}: a route ends at the wrong sink")
            moving, buffers = moving[~arrived], target[~arrived]
        return hops.reshape(self.sources, self.sinks), np.unique(np.concatenate(pairs))


def check_deadlock_free(graph: Graph) -> None:
    """Refuse a graph whose routes wait for each other in a ring (Dally and Seitz, IEEE ToC 36(5), 1987).

    Raises ConfigError for a cyclic channel-dependency graph, and where `trace` does.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    _, pairs = graph.trace()
    first, second = pairs // graph.channels, pairs % graph.channels
    if len(pairs):
        matrix = coo_matrix((np.ones(len(pairs), dtype=np.int8), (first, second)), shape=(graph.channels, graph.channels))
        parts, _ = connected_components(matrix, directed=True, connection="strong")
        if parts != graph.channels or (first == second).any():
            raise ConfigError(f"topology {graph.name}: its routes depend on each other in a ring, so it could deadlock")
