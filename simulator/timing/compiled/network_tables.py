"""Places a network into the memory, from its graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.timing.compiled import layout as at
from simulator.timing.compiled.memory import Ints, Memory, addresses, mask_words, records
from simulator.topology import Graph


@dataclass(frozen=True)
class NetworkHardware:
    """What a network is made of, whatever its graph."""

    voq: bool
    entry_slots: int
    """Slots of a queue that a source fills."""
    inner_slots: int
    """Slots of a queue behind a link's pipeline."""
    latency: int
    flits: int
    iterations: int
    registered: bool
    """Whether grant pointers move only when the grant is accepted (iSLIP)."""
    place: int
    """Place of flits inside, and of those that have left."""
    place_after: int


@dataclass(frozen=True, eq=False)
class Placed:
    """A graph, and where its parts are in the memory."""

    graph: Graph
    hardware: NetworkHardware
    channels: int
    links: int
    buffers: int

    @property
    def channel_router(self) -> Ints:
        """[channels]"""
        return self.graph.router_of_link[self.graph.link_of_channel]

    def first(self, owner: Ints) -> NDArray[np.int64]:
        """[routers] first item of each router, items being numbered router by router."""
        return np.searchsorted(owner, np.arange(self.graph.routers))

    def count(self, owner: Ints) -> NDArray[np.int64]:
        """[routers] items of each router."""
        return np.bincount(owner, minlength=self.graph.routers)


def place_network(memory: Memory, graph: Graph, hardware: NetworkHardware, sink_queues: int) -> dict[int, int]:
    """Place a network whose sinks have their queues from an address on; the fields of its header."""
    channels = memory.room(graph.channels * at.CHANNEL_SIZE)
    links = memory.room(graph.links * at.LINK_SIZE)
    buffers = memory.room(graph.buffers * at.BUFFER_SIZE)
    placed = Placed(graph, hardware, channels, links, buffers)
    words = mask_words(int(placed.count(graph.router_of_buffer).max()))
    offer_words = mask_words(int(placed.count(graph.router_of_link).max()))
    memory.tables[-3] = _channels(placed, memory, words, sink_queues).ravel()
    memory.tables[-2] = _links(placed, memory, words).ravel()
    memory.tables[-1] = _buffers(placed, memory, offer_words).ravel()
    header = {
        at.NET_CHANNELS: channels,
        at.NET_ACTIVE: memory.masks(1, mask_words(graph.channels)),
        at.NET_ACTIVE_WORDS: mask_words(graph.channels),
        at.NET_WORDS: words,
        at.NET_OFFER_WORDS: offer_words,
        at.NET_OPEN: memory.room(graph.links),
        at.NET_WINNERS: memory.room(graph.buffers),
        at.NET_PAIRS: memory.room(2 * graph.buffers),
        at.NET_ENTRIES: memory.table(buffers + at.BUFFER_SIZE * graph.buffer_of_source.astype(np.int64)),
        at.NET_LATENCY: hardware.latency,
        at.NET_FLITS: hardware.flits,
        at.NET_ITERATIONS: hardware.iterations,
        at.NET_REGISTERED: int(hardware.registered),
        at.NET_PLACE: hardware.place,
        at.NET_PLACE_AFTER: hardware.place_after,
    }
    return header
