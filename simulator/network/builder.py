"""Draws a router graph piece by piece; what topologies are written with."""

from __future__ import annotations

import numpy as np
from msgspec import Struct, field
from numpy.typing import ArrayLike, NDArray

from simulator.errors import ConfigError
from simulator.network.graph import Graph

TABLE_ASKS_SPREAD = -1
NEVER_ASKED = -2


class _Link(Struct):
    targets: list[int | None]
    """Buffer (as numbered by the builder) of each virtual channel, or None for a sink."""
    sink: int = -1


class RouterDraft(Struct):
    """A router as it is being drawn."""

    index: int
    position: tuple[float, float]
    buffers: list[int] = field(default_factory=list)
    links: list[_Link] = field(default_factory=list)

    def link_to_sink(self, sink: int) -> int:
        """Add an output link that ends at a sink; returns its place among the router's links."""
        self.links.append(_Link([None], sink))
        return len(self.links) - 1


class GraphBuilder:
    """Collects routers, links and routes, and numbers them through.

    >>> builder = GraphBuilder("one", sources=1, sinks=1)
    >>> router = builder.router(0, 0)
    >>> builder.source(0, builder.buffer(router))
    >>> builder.route(router.buffers, [router.link_to_sink(0)])
    >>> builder.build(bisection_links=1).links
    1
    """

    def __init__(self, name: str, sources: int, sinks: int) -> None:
        self.name = name
        self.sources = sources
        self.sinks = sinks
        self.drafts: list[RouterDraft] = []
        self.owner: list[int] = []
        self.entry: dict[int, int] = {}
        self.rows: list[NDArray[np.int32]] = []
        self.vcs: dict[int, NDArray[np.int32]] = {}
        self.row_of: dict[int, int] = {}
        self.spread_of: dict[int, tuple[int, int, int]] = {}

    def router(self, x: float, y: float) -> RouterDraft:
        """Add a router, drawn at (x, y)."""
        draft = RouterDraft(len(self.drafts), (x, y))
        self.drafts.append(draft)
        return draft

    def buffer(self, router: RouterDraft) -> int:
        """Add an input buffer to a router."""
        self.owner.append(router.index)
        router.buffers.append(len(self.owner) - 1)
        return len(self.owner) - 1

    def source(self, source: int, buffer: int) -> None:
        """Let a source feed a buffer that nothing else feeds."""
        self.entry[source] = buffer

    def link(self, start: RouterDraft, end: RouterDraft, virtual_channels: int = 1) -> tuple[int, list[int]]:
        """Join two routers; returns the link's place among the first one's links, and the new buffers of the second."""
        buffers = [self.buffer(end) for _ in range(virtual_channels)]
        start.links.append(_Link(list(buffers)))
        return len(start.links) - 1, buffers

    def route(self, buffers: list[int], link_of_sink: ArrayLike, vc_of_sink: ArrayLike | None = None) -> None:
        """Flits in these buffers of a router take this link (−1: spread, −2: never asked) and virtual channel for each sink."""
        if vc_of_sink is not None:
            self.vcs[len(self.rows)] = np.asarray(vc_of_sink, dtype=np.int32)
        for buffer in buffers:
            self.row_of[buffer] = len(self.rows)
        self.rows.append(np.asarray(link_of_sink, dtype=np.int32))

    def spread(self, buffers: list[int], first_link: int, count: int, shift: int) -> None:
        """Where the table leaves a choice, an XOR-fold of (source, sink) picks among `count` links from `first_link`."""
        for buffer in buffers:
            self.spread_of[buffer] = (first_link, count, shift)

    def build(self, bisection_links: int) -> Graph:
        """Number everything through. Raises ConfigError for a source, a sink or a buffer that has been left unjoined."""
        self._check_joined()
        order = [buffer for draft in self.drafts for buffer in draft.buffers]
        number = {buffer: place for place, buffer in enumerate(order)}
        router_of_link: list[int] = []
        link_of_channel: list[int] = []
        target: list[int] = []
        first_link: list[int] = []
        first_channel: list[int] = []
        for draft in self.drafts:
            first_link.append(len(router_of_link))
            for link in draft.links:
                first_channel.append(len(target))
                for buffer in link.targets:
                    link_of_channel.append(len(router_of_link))
                    target.append(-1 - link.sink if buffer is None else number[buffer])
                router_of_link.append(draft.index)
        spread = np.zeros((len(order), 3), dtype=np.int32)
        for buffer, (first, count, shift) in self.spread_of.items():
            spread[number[buffer]] = first_channel[first_link[self.owner[buffer]] + first], count, shift
        return Graph(
            name=self.name,
            sources=self.sources,
            sinks=self.sinks,
            routers=len(self.drafts),
            router_of_buffer=np.array([self.owner[buffer] for buffer in order], dtype=np.int32),
            router_of_link=np.array(router_of_link, dtype=np.int32),
            link_of_channel=np.array(link_of_channel, dtype=np.int32),
            target_of_channel=np.array(target, dtype=np.int32),
            buffer_of_source=np.array([number[self.entry[source]] for source in range(self.sources)], dtype=np.int32),
            route_row=np.array([self.row_of[buffer] for buffer in order], dtype=np.int32),
            route=self._channels(np.array(first_link), np.array(first_channel, dtype=np.int32)),
            spread_first=spread[:, 0].copy(),
            spread_count=spread[:, 1].copy(),
            spread_shift=spread[:, 2].copy(),
            bisection_links=bisection_links,
            positions=np.array([draft.position for draft in self.drafts], dtype=np.float64),
        )

    def _channels(self, first_link: NDArray[np.int64], first_channel: NDArray[np.int32]) -> NDArray[np.int32]:
        """[rows, sinks] channels, numbered through, of the links and virtual channels that the rows name at their routers."""
        owner = np.zeros(len(self.rows), dtype=np.int64)
        for buffer, row in self.row_of.items():
            owner[row] = self.owner[buffer]
        links_of = np.array([len(draft.links) for draft in self.drafts])[owner].tolist()
        table = np.empty((len(self.rows), self.sinks), dtype=np.int32)
        for row, first in enumerate(first_link[owner].tolist()):
            links = self.rows[row]
            if links.max() >= links_of[row]:
                raise ConfigError(f"topology {self.name}: a route takes link {links.max()} of a router that has {links_of[row]}")
            channels = first_channel.take(links + first, mode="clip")
            if row in self.vcs:
                channels += self.vcs[row]
            table[row] = np.where(links < 0, links, channels)
        return table

    def _check_joined(self) -> None:
        joined = {link.sink for draft in self.drafts for link in draft.links if link.sink >= 0}
        for kind, count, known in (
            ("source", self.sources, self.entry),
            ("sink", self.sinks, joined),
            ("routes of buffer", len(self.owner), self.row_of),
        ):
            missing = [index for index in range(count) if index not in known]
            if missing:
                raise ConfigError(f"topology {self.name}: {kind} {missing[0]} is missing")
        fed = [
            *self.entry.values(),
            *(buffer for draft in self.drafts for link in draft.links for buffer in link.targets if buffer is not None),
        ]
        if len(fed) != len(set(fed)):
            raise ConfigError(f"topology {self.name}: a buffer has two feeders")
