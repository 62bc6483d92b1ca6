"""Places a network into the memory, from its graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.engine.compiled import layout as at
from simulator.engine.compiled.memory import Layout, Registers, Words, addresses, mask_words, records
from simulator.network import Graph

Places = NDArray[np.int64]


@dataclass(frozen=True)
class NetworkHardware:
    """What a network is made of, whatever its graph."""

    voq: bool
    entry_slots: int
    """Slots of a queue that a source fills."""
    inner_slots: int
    """Slots of a queue behind a link's pipeline."""
    entry_delay: int
    """Cycles from a source to its buffer."""
    latency: int
    flits: int
    iterations: int
    registered: bool
    """Whether grant pointers move only when the grant is accepted (iSLIP)."""
    place: int
    """Place of the flits inside."""
    combines: bool = False
    """Whether heads that want the same word of a sink go to it together."""


class NetworkPlan:
    """Where the parts of a network are in the memory."""

    def __init__(self, layout: Layout, graph: Graph, hardware: NetworkHardware) -> None:
        self.graph = graph
        self.hardware = hardware
        self.buffer_router, self.link_router = graph.router_of_buffer, graph.router_of_link
        self.channel_router = graph.router_of_link[graph.link_of_channel]
        self.mask_words = mask_words(int(self._count(self.buffer_router).max()))
        self.offer_words = mask_words(int(self._count(self.link_router).max()))
        channels_here = self._count(self.channel_router)[self.buffer_router]
        self.queues_of_buffer = channels_here if hardware.voq else np.ones_like(channels_here)
        self.channels = layout.registers(graph.channels * at.CHANNEL_SIZE)
        self.links = layout.registers(graph.links * at.LINK_SIZE)
        self.buffers = layout.registers(graph.buffers * at.BUFFER_SIZE)
        self.queues = layout.registers(int(self.queues_of_buffer.sum()) * at.QUEUE_SIZE)
        self.routes = layout.registers(graph.route.size)
        self.entries = layout.registers(graph.sources)
        self.scratch = layout.registers(graph.links + 3 * graph.buffers)
        self.wants, self.asks = (layout.masks(graph.channels, self.mask_words) for _ in range(2))
        self.offers = layout.masks(graph.buffers, self.offer_words)
        self.unmatched = layout.masks(graph.routers, self.mask_words)
        self.nobody = layout.masks(1, self.mask_words)

    def write(self, m: Registers, w: Words, net: int, sink_queues: Places) -> None:
        """Write the network at rest, its header at `net`, and where the queues of its sinks are."""
        self._write_header(m, net)
        self._write_channels(m, sink_queues)
        self._write_links(m)
        self._write_buffers(m)
        self._write_queues(m)
        graph = self.graph
        routes = np.where(graph.route >= 0, self.channels + at.CHANNEL_SIZE * graph.route, at.NONE)
        m[self.routes : self.routes + graph.route.size] = routes.ravel()
        m[self.entries : self.entries + graph.sources] = self.entry_buffers
        w[self.unmatched : self.unmatched + graph.routers * self.mask_words] = -1

    @property
    def entry_buffers(self) -> Places:
        """[sources] buffer that each source fills."""
        return self.buffers + at.BUFFER_SIZE * self.graph.buffer_of_source.astype(np.int64)

    def delays(self) -> list[int]:
        """Delays of the pipelines that end in buffers behind sources, in buffers behind links, and in sinks."""
        hardware = self.hardware
        return [hardware.entry_delay, hardware.latency, hardware.latency + hardware.flits - 1]

    def write_pipes(self, m: Registers, net: int, pipes: list[int]) -> None:
        """Write where these pipelines are."""
        m[[net + at.NET_ENTRY_PIPE, net + at.NET_INNER_PIPE, net + at.NET_SINK_PIPE]] = pipes

    def _write_header(self, m: Registers, net: int) -> None:
        header = {
            at.NET_CHANNELS: self.channels,
            at.NET_CHANNEL_COUNT: self.graph.channels,
            at.NET_CHANNEL_WORDS: mask_words(self.graph.channels),
            at.NET_WORDS: self.mask_words,
            at.NET_OFFER_WORDS: self.offer_words,
            at.NET_OPEN: self.scratch,
            at.NET_WINNERS: self.scratch + self.graph.links,
            at.NET_PAIRS: self.scratch + self.graph.links + self.graph.buffers,
            at.NET_ENTRIES: self.entries,
            at.NET_FLITS: self.hardware.flits,
            at.NET_ITERATIONS: self.hardware.iterations,
            at.NET_REGISTERED: int(self.hardware.registered),
            at.NET_COMBINES: int(self.hardware.combines),
            at.NET_SINGLE: int(not self.hardware.voq and self.graph.channels == self.graph.links),
        }
        for field, value in header.items():
            m[net + field] = value

    def _write_channels(self, m: Registers, sink_queues: Places) -> None:
        graph, numbers = self.graph, np.arange(self.graph.channels)
        inner = graph.target_of_channel >= 0
        sink = np.where(inner, 0, -1 - graph.target_of_channel)
        table = records(m, self.channels, graph.channels, at.CHANNEL_SIZE)
        table[:, at.LINK] = self.links + at.LINK_SIZE * graph.link_of_channel
        table[:, at.GOES_TO] = np.where(inner, self.buffers + at.BUFFER_SIZE * graph.target_of_channel, at.NONE)
        table[:, at.SINK_QUEUE] = np.where(inner, at.NONE, sink_queues[sink])
        table[:, at.FIRST_BUFFER] = self.buffers + at.BUFFER_SIZE * self._first(self.buffer_router)[self.channel_router]
        if self.hardware.voq:
            table[:, at.QUEUE_OFFSET] = at.QUEUE_SIZE * (numbers - self._first(self.channel_router)[self.channel_router])
        table[:, at.WANTS] = addresses(self.wants, graph.channels, self.mask_words)
        # a sink has room for all or for none: those who want it and those who may go are the same, unless some are still sending
        asks = np.where(inner | (self.hardware.flits > 1), self.asks, self.wants)
        table[:, at.ASKS] = asks + self.mask_words * numbers
        table[:, [at.ASKED_AT, at.FULL_AT]] = at.NEVER

    def _write_links(self, m: Registers) -> None:
        graph, numbers, routers = self.graph, np.arange(self.graph.links), self.link_router
        table = records(m, self.links, graph.links, at.LINK_SIZE)
        table[:, at.FIRST_INPUT] = self.buffers + at.BUFFER_SIZE * self._first(self.buffer_router)[routers]
        table[:, at.INPUTS] = self._count(self.buffer_router)[routers]
        table[:, at.FIRST_CHANNEL] = self.channels + at.CHANNEL_SIZE * np.searchsorted(graph.link_of_channel, numbers)
        table[:, at.CHANNELS] = np.bincount(graph.link_of_channel, minlength=graph.links)
        table[:, at.LINK_PLACE] = numbers - self._first(routers)[routers]
        table[:, at.UNMATCHED] = self.unmatched + self.mask_words * routers
        table[:, [at.TAKEN_AT, at.MATCHED_AT]] = at.NEVER

    def _write_buffers(self, m: Registers) -> None:
        graph, routers = self.graph, self.buffer_router
        table = records(m, self.buffers, graph.buffers, at.BUFFER_SIZE)
        table[:, at.BUFFER_PLACE] = np.arange(graph.buffers) - self._first(routers)[routers]
        table[:, at.FIRST_LINK] = self.links + at.LINK_SIZE * self._first(self.link_router)[routers]
        table[:, at.LINKS] = self._count(self.link_router)[routers]
        table[:, at.FIRST_QUEUE] = self.queues + at.QUEUE_SIZE * (np.cumsum(self.queues_of_buffer) - self.queues_of_buffer)
        table[:, at.ROUTE] = self.routes + graph.sinks * graph.route_row
        table[:, at.SPREAD_FIRST] = self.channels + at.CHANNEL_SIZE * graph.spread_first
        table[:, at.SPREAD_COUNT] = np.maximum(graph.spread_count, 1)
        table[:, at.SPREAD_SHIFT] = graph.spread_shift
        table[:, at.OFFER_MASK] = addresses(self.offers, graph.buffers, self.offer_words)

    def _write_queues(self, m: Registers) -> None:
        slots = np.full(self.graph.buffers, self.hardware.inner_slots)
        slots[self.graph.buffer_of_source] = self.hardware.entry_slots
        write_queues(m, self.queues, np.repeat(slots, self.queues_of_buffer), self.hardware.place)
        buffers = addresses(self.buffers, self.graph.buffers, at.BUFFER_SIZE)
        table = records(m, self.queues, int(self.queues_of_buffer.sum()), at.QUEUE_SIZE)
        table[:, at.BUFFER] = np.repeat(buffers, self.queues_of_buffer)

    def _first(self, owner: NDArray[np.int32]) -> Places:
        """[routers] first item of each router, items being numbered router by router."""
        return np.searchsorted(owner, np.arange(self.graph.routers))

    def _count(self, owner: NDArray[np.int32]) -> Places:
        """[routers] items of each router."""
        return np.bincount(owner, minlength=self.graph.routers)


def write_queues(m: Registers, first: int, slots: NDArray[np.int64], place: int) -> None:
    """Write empty queues of so many slots."""
    table = records(m, first, len(slots), at.QUEUE_SIZE)
    table[:, at.TAIL] = addresses(first, len(slots), at.QUEUE_SIZE)
    table[:, at.FREE] = slots
    table[:, at.LEFT_AT] = at.NEVER
    table[:, at.PLACE] = place


def write_nobody(m: Registers, wants: int) -> None:
    """Write what the flit at address 0 wants."""
    m[at.NONE + at.CHANNEL] = at.NO_CHANNEL
    m[at.NO_CHANNEL + at.LINK] = at.NO_LINK
    m[at.NO_CHANNEL + at.WANTS] = wants
    m[[at.NO_CHANNEL + at.FULL_AT, at.NO_LINK + at.TAKEN_AT]] = at.NEVER


class Pipelines:
    """Pipelines that follow each other in the memory."""

    def __init__(self, layout: Layout, delays: list[int], most: list[int]) -> None:
        self.delays = delays
        # a ring is never full, so that its ends meet only when it is empty
        self.lengths = [1 << int(count).bit_length() for count in most]
        self.first = layout.registers(len(delays) * at.PIPE_SIZE)
        self.rings = [layout.registers(length) for length in self.lengths]

    def at(self, index: int) -> int:
        """Address of one."""
        return self.first + at.PIPE_SIZE * index

    def write(self, m: Registers) -> None:
        """Write them empty."""
        table = records(m, self.first, len(self.delays), at.PIPE_SIZE)
        table[:, at.DELAY] = self.delays
        table[:, at.RING] = self.rings
        table[:, at.RING_MASK] = np.array(self.lengths) - 1
