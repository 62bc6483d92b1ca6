"""Places a network into the memory, from its graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.compiled.layout import NEVER, Buffer, Channel, Link, Nobody, Pair, Pipe, Queue
from simulator.engine.compiled.memory import Block, Layout, mask_words, numbers
from simulator.engine.compiled.records import Addresses, Memory, View, fields_of
from simulator.network import NetworkSpec


class NetworkPlan:
    """Where the parts of a network are in the memory; `place` is what its flits are told to be in."""

    def __init__(self, layout: Layout, spec: NetworkSpec, place: int) -> None:
        self.graph = graph = spec.graph()
        self.spec = spec
        self.place = place
        self.channel_router = graph.router_of_link[graph.link_of_channel]
        self.mask_words = mask_words(int(self._count(graph.router_of_buffer).max()))
        self.link_words = mask_words(int(self._count(graph.router_of_link).max()))
        channels_here = self._count(self.channel_router)[graph.router_of_buffer]
        self.queues_of_buffer = channels_here if spec.queues == "voq" else np.ones_like(channels_here)
        self.channels = layout.block(Channel, graph.channels)
        self.links = layout.block(Link, graph.links)
        self.buffers = layout.block(Buffer, graph.buffers)
        self.queues = layout.block(Queue, int(self.queues_of_buffer.sum()))
        self.ports, self.row_of_buffer = graph.ports
        self.routes = layout.places(self.ports.size)
        self.entries = layout.places(graph.sources)
        self.open_links = layout.places(graph.links)
        self.winners = layout.places(graph.buffers)
        self.pairs = layout.block(Pair, graph.buffers)
        self.wants, self.asks = (layout.masks(graph.channels, self.mask_words) for _ in range(2))
        self.offered = layout.masks(graph.buffers, self.link_words)
        self.unmatched = layout.masks(graph.routers, self.mask_words)
        self.nobody_wants = layout.masks(1, self.mask_words)
        self.wanted = layout.places(graph.channels + 1)
        self.nobody_wanted = self.wanted + graph.channels

    def write(self, memory: Memory, network: View, sink_queues: Addresses) -> None:
        """Write the network at rest: the record `network`, and all that it leads to as far as the queues of its sinks."""
        self._write_network(network)
        self._write_channels(self.channels.of(memory), sink_queues)
        self._write_links(self.links.of(memory))
        self._write_buffers(self.buffers.of(memory))
        self._write_queues(memory)
        graph = self.graph
        numbers(memory, self.routes, self.ports.size)[:] = self.ports.ravel()
        numbers(memory, self.entries, graph.sources)[:] = self.entry_buffers
        numbers(memory, self.unmatched[0], 2 * graph.routers * self.mask_words)[:] = -1

    @property
    def entry_buffers(self) -> Addresses:
        """[sources] buffer that each source fills."""
        return self.buffers[self.graph.buffer_of_source.astype(np.int64)]  # type: ignore[no-any-return]

    def delays(self) -> list[int]:
        """Delays of the pipelines that end in buffers behind sources, in buffers behind links, and in sinks."""
        spec = self.spec
        return [max(1, spec.feed_stages), spec.latency, spec.latency + spec.flits - 1]

    def _write_network(self, network: View) -> None:
        spec, graph = self.spec, self.graph
        network.channels, network.channel_count = self.channels.first, graph.channels
        network.channel_words, network.wanted = mask_words(graph.channels), self.wanted
        network.buffer_words, network.link_words = self.mask_words, self.link_words
        network.open_links, network.winners, network.pairs = self.open_links, self.winners, self.pairs.first
        network.entries = self.entries
        network.flits, network.iterations = spec.flits, spec.iterations
        network.registered, network.combines = spec.registered, spec.combines
        network.single = spec.queues == "fifo" and graph.channels == graph.links

    def _write_channels(self, channels: View, sink_queues: Addresses) -> None:
        graph, places = self.graph, np.arange(self.graph.channels)
        inner = graph.target_of_channel >= 0
        sink = np.where(inner, 0, -1 - graph.target_of_channel)
        channels.link = self.links[graph.link_of_channel]
        channels.goes_to = np.where(inner, self.buffers[graph.target_of_channel], 0)
        channels.sink_queue = np.where(inner, 0, sink_queues[sink])
        channels.buffers = self.buffers[self._first(graph.router_of_buffer)[self.channel_router]]
        if self.spec.queues == "voq":
            channels.queue_index = places - self._first(self.channel_router)[self.channel_router]
        channels.wants, channels.wanted = self.wants, self.wanted + places
        # a sink has room for all or for none: those who want it and those who may go are the same, unless some are still sending
        channels.asks = np.where(inner | (self.spec.flits > 1), self.asks, self.wants)
        channels.asked_at = channels.full_at = NEVER

    def _write_links(self, links: View) -> None:
        graph, places, routers = self.graph, np.arange(self.graph.links), self.graph.router_of_link
        links.inputs = self.buffers[self._first(graph.router_of_buffer)[routers]]
        links.input_count = self._count(graph.router_of_buffer)[routers]
        links.channels = self.channels[np.searchsorted(graph.link_of_channel, places)]
        links.channel_count = np.bincount(graph.link_of_channel, minlength=graph.links)
        links.place = places - self._first(routers)[routers]
        links.unmatched = self.unmatched[routers]
        links.taken_at = links.matched_at = NEVER

    def _write_buffers(self, buffers: View) -> None:
        graph, routers = self.graph, self.graph.router_of_buffer
        buffers.place = np.arange(graph.buffers) - self._first(routers)[routers]
        buffers.links = self.links[self._first(graph.router_of_link)[routers]]
        buffers.link_count = self._count(graph.router_of_link)[routers]
        buffers.queues = self.queues[np.cumsum(self.queues_of_buffer) - self.queues_of_buffer]
        buffers.channels = self.channels[self._first(self.channel_router)[routers]]
        buffers.route = self.routes + graph.sinks * self.row_of_buffer
        buffers.spread = self.channels[graph.spread_first]
        buffers.spread_count = np.maximum(graph.spread_count, 1)
        buffers.spread_shift = graph.spread_shift
        buffers.offered = self.offered

    def _write_queues(self, memory: Memory) -> None:
        slots = np.full(self.graph.buffers, self.spec.slots(fed=False))
        slots[self.graph.buffer_of_source] = self.spec.slots(fed=True)
        write_queues(memory, self.queues, np.repeat(slots, self.queues_of_buffer), self.place)
        self.queues.of(memory).buffer = np.repeat(self.buffers.addresses, self.queues_of_buffer)

    def _first(self, owner: NDArray[np.int32]) -> NDArray[np.int64]:
        """[routers] first item of each router, items being numbered router by router."""
        return np.searchsorted(owner, np.arange(self.graph.routers))

    def _count(self, owner: NDArray[np.int32]) -> NDArray[np.int64]:
        """[routers] items of each router."""
        return np.bincount(owner, minlength=self.graph.routers)


def write_queues(memory: Memory, block: Block, slots: NDArray[np.int64] | int, place: int) -> None:
    """Write empty queues of so many slots."""
    queues = block.of(memory)
    queues.tail = block.addresses
    queues.free = slots
    queues.left_at = NEVER
    queues.place = place


def write_nobody(nobody: View, wants: Addresses, wanted: int) -> None:
    """Write the flit that is none: it wants a channel of its own, which the mask `wants` and the number `wanted` are for."""
    nobody.flit.channel = fields_of(Nobody)["channel"].offset
    nobody.channel.link = fields_of(Nobody)["link"].offset
    nobody.channel.wants, nobody.channel.wanted = wants, wanted
    nobody.channel.full_at = nobody.link.taken_at = NEVER


class Pipelines:
    """Pipelines that follow each other in the memory."""

    def __init__(self, layout: Layout, delays: list[int], most: list[int]) -> None:
        self.delays = delays
        # a ring is never full, so that its ends meet only when it is empty
        self.lengths = [1 << int(count).bit_length() for count in most]
        self.pipes = layout.block(Pipe, len(delays))
        self.rings = [layout.places(length) for length in self.lengths]

    def __getitem__(self, index: int) -> int:
        """Address of one."""
        return int(self.pipes[index])

    def write(self, memory: Memory) -> None:
        """Write them empty."""
        pipes = self.pipes.of(memory)
        pipes.delay = self.delays
        pipes.ring = self.rings
        pipes.ring_mask = np.array(self.lengths) - 1
