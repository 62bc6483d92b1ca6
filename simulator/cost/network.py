"""A graph of routers as hardware: routers, buffers and links by size and length, the wires that its bisection cuts, and what is built."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.cost.delay import Delay, wire
from simulator.cost.router import Combiner, Crossbar, Scheduler
from simulator.cost.wires import cut_area_mm2
from simulator.network import Graph, TopologyName, draw
from simulator.network.uniform_load import UniformLoad, uniform_load


class RouterKind(Struct, frozen=True):
    """Routers of one size."""

    inputs: int
    """Buffers; each virtual channel of a link has one."""
    outputs: int
    """Links, those to sinks included."""
    fed: bool
    """Whether sources feed it."""
    count: int
    share: float
    """Of all hops of uniform traffic."""
    reach: float
    """Its longest link to another router, in sides of the network."""


class BufferKind(Struct, frozen=True):
    """Buffers that are alike."""

    fed: bool
    """Whether a source feeds it, and not a link."""
    channels: int
    """Channels that its flits take: queues where each has its own."""
    sources: int
    """Sources whose flits pass."""
    count: int
    share: float
    """Of all hops of uniform traffic."""


class NetworkLayout(Struct, frozen=True):
    """One network of one cluster. Routers, buffers and links that no route uses are not built and not listed."""

    routers: tuple[RouterKind, ...]
    buffers: tuple[BufferKind, ...]
    links: int
    """From router to router."""
    mean_link: float
    """In sides of the network, which is laid out as a square."""
    link_per_hop: float
    """Link that a hop of uniform traffic drives, in sides of the network; the last hop, to a sink, drives none."""
    cut_links: int
    """Links, both ways together, that a cut through the middle severs; never more than the smaller side can use."""
    folds_inside: bool
    """Whether routers behind the first choose paths, so that a flit must carry its source."""
    mean_hops: float
    """Routers that a flit of uniform traffic passes."""

    @property
    def router_count(self) -> int:
        """Routers of the network."""
        return sum(kind.count for kind in self.routers)


@lru_cache(maxsize=64)
def network_layout(topology: TopologyName, sources: int, sinks: int, radix: int) -> NetworkLayout:
    """Lay a topology out. Raises ConfigError where its graph does not lead every source to every sink, or could deadlock.

    Routers stand as they are drawn, the drawing stretched over the square of the network; a link is as long as the
    Manhattan distance of its ends.
    """
    graph = draw(topology, sources, sinks, radix)
    load = uniform_load(graph)
    spans = _spans(graph)
    link_load = np.bincount(graph.link_of_channel, weights=load.of_channel, minlength=graph.links).astype(np.float64)
    inner = (spans >= 0) & (link_load > 0)
    fed = np.isin(np.arange(graph.buffers), graph.buffer_of_source)
    return NetworkLayout(
        routers=_router_kinds(graph, load, link_load, spans, fed),
        buffers=_buffer_kinds(load, fed),
        links=int(inner.sum()),
        mean_link=float(spans[inner].mean()) if inner.any() else 0.0,
        link_per_hop=float((link_load * spans)[inner].sum()) / load.hops,
        cut_links=min(2 * graph.bisection_links, sources, sinks),
        folds_inside=bool(((graph.spread_count > 1) & ~fed & (load.of_buffer > 0)).any()),
        mean_hops=load.hops / (sources * sinks),
    )


def _spans(graph: Graph) -> NDArray[np.float64]:
    """[links] length in sides of the network; −1 for a link to a sink."""
    low, high = graph.positions.min(axis=0), graph.positions.max(axis=0)
    # neighbours are drawn one unit apart, and the outermost routers stand half of that from the edge
    place = (graph.positions - low) / (high - low + 1)
    target = np.full(graph.links, -1, dtype=np.int64)
    target[graph.link_of_channel] = graph.target_of_channel
    distance = np.abs(place[graph.router_of_buffer[np.maximum(target, 0)]] - place[graph.router_of_link]).sum(axis=1)
    spans: NDArray[np.float64] = np.where(target >= 0, distance, -1.0)
    return spans


def _router_kinds(
    graph: Graph, load: UniformLoad, link_load: NDArray[np.float64], spans: NDArray[np.float64], fed: NDArray[np.bool_]
) -> tuple[RouterKind, ...]:
    built = load.of_buffer > 0
    inputs = np.bincount(graph.router_of_buffer, weights=built, minlength=graph.routers).astype(int)
    outputs = np.bincount(graph.router_of_link, weights=link_load > 0, minlength=graph.routers).astype(int)
    sources = np.bincount(graph.router_of_buffer, weights=fed & built, minlength=graph.routers)
    passed = np.bincount(graph.router_of_buffer, weights=load.of_buffer, minlength=graph.routers)
    reach = np.zeros(graph.routers)
    np.maximum.at(reach, graph.router_of_link, np.where(link_load > 0, spans, 0.0))
    kinds: dict[tuple[int, int, bool], list[int]] = defaultdict(list)
    for router in np.flatnonzero(inputs).tolist():
        kinds[int(inputs[router]), int(outputs[router]), bool(sources[router])].append(router)
    return tuple(
        RouterKind(*size, len(members), float(passed[members].sum()) / load.hops, max(0.0, float(reach[members].max())))
        for size, members in sorted(kinds.items())
    )


def _buffer_kinds(load: UniformLoad, fed: NDArray[np.bool_]) -> tuple[BufferKind, ...]:
    kinds: dict[tuple[bool, int, int], list[int]] = defaultdict(list)
    for buffer in np.flatnonzero(load.of_buffer).tolist():
        kinds[bool(fed[buffer]), int(load.channels_of_buffer[buffer]), int(load.sources_of_buffer[buffer])].append(buffer)
    return tuple(BufferKind(*key, len(members), float(load.of_buffer[members].sum()) / load.hops) for key, members in sorted(kinds.items()))


class NetworkPlan(Struct, frozen=True):
    """One network: its layout, and the crossbar (and scheduler) of each kind of router."""

    name: str
    """Component of reports."""
    layout: NetworkLayout
    crossbars: tuple[Crossbar, ...]
    schedulers: tuple[Scheduler, ...] = ()
    """None where one arbiter an output decides."""
    combiners: tuple[Combiner, ...] = ()
    """One where requests for a word go together."""

    @property
    def routers_mm2(self) -> float:
        """Placed area of all routers of one cluster."""
        return sum(kind.count * crossbar.area().placed_mm2 for kind, crossbar in zip(self.layout.routers, self.crossbars, strict=True))

    @property
    def placed_mm2(self) -> float:
        """The larger of routers and the wires of the bisection; a single router's own formula knows its wires."""
        first = self.crossbars[0]
        cut_mm2 = cut_area_mm2(first.technology, self.layout.cut_links, first.width_bits, first.slices) if self.layout.links else 0.0
        return max(self.routers_mm2, cut_mm2)

    @property
    def schedulers_mm2(self) -> float:
        """Placed area of all schedulers and combiners of one cluster: blocks of their own beside the data path."""
        blocks = (zip(self.layout.routers, beside, strict=False) for beside in (self.schedulers, self.combiners))
        return sum(kind.count * block.area().placed_mm2 for pairs in blocks for kind, block in pairs)

    def slice_side_mm(self, queues_mm2: float) -> float:
        """Side of one slice of the network, a square of its own with its routers, their queues and schedulers."""
        return math.sqrt(self._block_mm2(queues_mm2) / self.crossbars[0].slices)

    def crossing(self, queues_mm2: float, last_mm: float) -> Delay:
        """Of a router and its longest link, over all slices: the slowest of all routers.

        `last_mm`: the way from the network to a sink, which is a link too.
        """
        side_mm = math.sqrt(self._block_mm2(queues_mm2))
        sized = zip(self.layout.routers, self.crossbars, strict=True)
        ways = (crossbar.delay() + wire(max(kind.reach * side_mm, last_mm)) for kind, crossbar in sized)
        return max(ways, key=lambda way: way.ns(self.crossbars[0].technology))

    def _block_mm2(self, queues_mm2: float) -> float:
        return self.placed_mm2 + queues_mm2 + self.schedulers_mm2
