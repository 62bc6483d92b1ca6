"""A network as a graph of routers: buffers, links, and the routing table that leads every source to every sink."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.errors import ConfigError
from simulator.network.routes import Routes, follow

Ints = NDArray[np.int32]


class Graph(Struct, frozen=True, eq=False, dict=True):
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
    def routes(self) -> Routes:
        """Every route, followed. Raises ConfigError where one is missing, ends at another sink, or runs in a circle."""
        return follow(self)

    @cached_property
    def ports(self) -> tuple[Ints, Ints]:
        """[rows, sinks] which of its router's channels a flit takes, or −1, −2 as in `route`; [buffers] their rows of it.

        Routers of a stage lead alike, so that there are far fewer rows than in `route`, few enough for a processor's cache.
        """
        owner = np.zeros(len(self.route), dtype=np.int32)
        owner[self.route_row] = self.router_of_buffer
        first = np.searchsorted(self.router_of_link[self.link_of_channel], owner)
        place: dict[bytes, int] = {}
        merged = np.empty(len(self.route), dtype=np.int32)
        for row, (channels, start) in enumerate(zip(self.route, first.tolist(), strict=True)):
            ports = np.where(channels >= 0, channels - np.int32(start), channels)
            merged[row] = place.setdefault(ports.tobytes(), len(place))
        rows = np.frombuffer(b"".join(place), dtype=np.int32).reshape(len(place), self.sinks)
        return rows, merged[self.route_row]

    @property
    def hops(self) -> NDArray[np.int16]:
        """[sources, sinks] routers passed on the way."""
        return self.routes.hops


def check_deadlock_free(graph: Graph) -> None:
    """Refuse a graph whose routes wait for each other in a ring (Dally and Seitz, IEEE ToC 36(5), 1987).

    Raises ConfigError for a cyclic channel-dependency graph, and where `Graph.routes` does.
    """
    routes = graph.routes
    feeder = np.full(graph.buffers, -1, dtype=np.int64)
    inner = np.flatnonzero(graph.target_of_channel >= 0)
    feeder[graph.target_of_channel[inner]] = inner
    held = feeder[routes.buffer_of_turn]
    if _has_ring(graph.channels, held[held >= 0].tolist(), routes.channel_of_turn[held >= 0].tolist()):
        raise ConfigError(f"topology {graph.name}: its routes depend on each other in a ring, so it could deadlock")


def _has_ring(count: int, held: list[int], wanted: list[int]) -> bool:
    """Whether, where flits hold a channel and want the next, some are left when those that nobody wants are let go again and again."""
    next_of: list[list[int]] = [[] for _ in range(count)]
    wants = [0] * count
    for first, second in zip(held, wanted, strict=True):
        next_of[first].append(second)
        wants[second] += 1
    free = [channel for channel in range(count) if not wants[channel]]
    for channel in free:
        for onward in next_of[channel]:
            wants[onward] -= 1
            if not wants[onward]:
                free.append(onward)
    return len(free) < count
