"""How units and banks are joined: a pair of router graphs, or direct wires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.engine.cluster import CAUSE, ClusterSpec
from simulator.engine.reference.bank import BankPort
from simulator.engine.reference.clock import REPLY, REQUEST, Clock
from simulator.engine.reference.flit import Flit
from simulator.engine.reference.router import HOPS, Channel, Router, Sink
from simulator.errors import collided
from simulator.network import NetworkSpec


class RequestPath(Protocol):
    """What a unit sends its requests into."""

    def free(self, unit: int, port: int, cycle: int) -> float:
        """Slots for a request of `unit` to a bank port at the start of `cycle`."""

    def send(self, flit: Flit, port: int, cycle: int) -> None:
        """Take a request that is issued in `cycle`."""


class RoutedNetwork:
    """A graph of routers between sources and sinks; `sink_cause` is what holds a flit that loses its sink to another."""

    def __init__(self, clock: Clock, phase: int, spec: NetworkSpec, sinks: Sequence[Sink], sink_cause: int) -> None:
        self.graph = graph = spec.graph()
        self.spec = spec
        self.sink_cause = sink_cause
        self.sinks = sinks
        self.first_buffer = _first_of(graph.router_of_buffer, graph.routers)
        self.first_link = _first_of(graph.router_of_link, graph.routers)
        router_of_channel = graph.router_of_link[graph.link_of_channel]
        self.first_channel = _first_of(router_of_channel, graph.routers)
        self.router_of_buffer: list[int] = graph.router_of_buffer.tolist()
        entries = set(graph.buffer_of_source.tolist())
        self.routers: dict[int, Router] = {}
        for index in np.intersect1d(graph.router_of_buffer, router_of_channel).tolist():
            buffers = np.flatnonzero(graph.router_of_buffer == index)
            channels = [self._channel(int(c)) for c in np.flatnonzero(router_of_channel == index)]
            self.routers[index] = Router(
                clock,
                phase,
                channels,
                [spec.slots(fed=buffer in entries) for buffer in buffers.tolist()],
                queues=spec.queues,
                flits=spec.flits,
                iterations=spec.iterations,
                registered=spec.registered,
                combines=spec.combines,
            )
            clock.start(self.routers[index].run())

    def free(self, source: int, sink: int, cycle: int) -> float:
        """Slots that a source finds for a flit to `sink`."""
        return self._free(int(self.graph.buffer_of_source[source]), source, sink, cycle)

    def send(self, flit: Flit, source: int, sink: int, ready: int) -> None:
        """Take a flit from a source; it may be granted from cycle `ready`."""
        flit.source, flit.sink = source, sink
        self._push(int(self.graph.buffer_of_source[source]), flit, ready)

    def _free(self, buffer: int, source: int, sink: int, cycle: int) -> float:
        router = self.router_of_buffer[buffer]
        return self.routers[router].free(buffer - self.first_buffer[router], self._next(buffer, source, sink), cycle)

    def _push(self, buffer: int, flit: Flit, ready: int) -> None:
        router = self.router_of_buffer[buffer]
        self.routers[router].push(buffer - self.first_buffer[router], self._next(buffer, flit.source, flit.sink), flit, ready)

    def _next(self, buffer: int, source: int, sink: int) -> int:
        """Channel, within its router, that a flit takes out of a buffer."""
        graph = self.graph
        channel = int(graph.route[graph.route_row[buffer], sink])
        if channel == -1:
            fold = (source ^ sink) >> int(graph.spread_shift[buffer])
            channel = int(graph.spread_first[buffer]) + fold % int(graph.spread_count[buffer])
        return channel - self.first_channel[self.router_of_buffer[buffer]]

    def _channel(self, index: int) -> Channel:
        graph = self.graph
        link = int(graph.link_of_channel[index])
        target = int(graph.target_of_channel[index])
        local = link - self.first_link[int(graph.router_of_link[link])]
        if target < 0:
            return Channel(local, ToSink(self, self.sinks[-1 - target]), self.sink_cause, terminal=True)
        return Channel(local, ToBuffer(self, target), CAUSE["network_contention"], terminal=False)


@dataclass(frozen=True, eq=False)
class ToSink:
    """The end of a network: a packet is there when its last flit is."""

    network: RoutedNetwork
    sink: Sink

    def room(self, flit: Flit, cycle: int) -> bool:
        """Whether the sink had a slot."""
        return self.sink.free(cycle) >= 1

    def receive(self, flit: Flit, granted: int) -> None:
        """Hand the flit over."""
        self.sink.receive(flit, granted + self.network.spec.latency + self.network.spec.flits - 1)


@dataclass(frozen=True, eq=False)
class ToBuffer:
    """A buffer of the next router: the head of a packet may go on before its tail is there."""

    network: RoutedNetwork
    buffer: int

    def room(self, flit: Flit, cycle: int) -> bool:
        """Whether the queue that the flit would join had a slot."""
        return self.network._free(self.buffer, flit.source, flit.sink, cycle) >= 1

    def receive(self, flit: Flit, granted: int) -> None:
        """Put the flit into the buffer."""
        self.network._push(self.buffer, flit, granted + self.network.spec.latency)


class RoutedRequests:
    """The request network: sources are units, sinks are bank ports."""

    def __init__(self, clock: Clock, spec: ClusterSpec, ports: Sequence[Sink]) -> None:
        self.network = RoutedNetwork(clock, REQUEST, spec.requests, ports, CAUSE["bank_conflict"])
        self.feed_cycles = spec.feed_cycles

    def free(self, unit: int, port: int, cycle: int) -> float:
        """Slots of the unit's own queue."""
        return self.network.free(unit, port, cycle)

    def send(self, flit: Flit, port: int, cycle: int) -> None:
        """Queue a request; it can be granted when it is at the network, a cycle later or more."""
        self.network.send(flit, flit.unit, port, cycle + self.feed_cycles)


class RoutedReplies:
    """The reply network: sources are bank ports, sinks are units, whose landing registers never refuse."""

    def __init__(self, clock: Clock, spec: ClusterSpec, units: Sequence[Sink]) -> None:
        self.network = RoutedNetwork(clock, REPLY, spec.replies, units, CAUSE["network_contention"])

    def free(self, port: int, flit: Flit, cycle: int) -> float:
        """Slots of the port's reply queue."""
        return self.network.free(port, flit.unit, cycle)

    def send(self, port: int, flit: Flit, ready: int) -> None:
        """Queue a word for its unit."""
        self.network.send(flit, port, flit.unit, ready)


class DirectRequests:
    """Wires straight to the bank ports: a copy for one unit, or a perfect network of the same latency."""

    def __init__(self, ports: Sequence[BankPort], delays: Sequence[Sequence[int]]) -> None:
        self.ports = ports
        self.delays = delays

    def free(self, unit: int, port: int, cycle: int) -> float:
        """Slots of the bank port itself."""
        return self.ports[port].free(cycle)

    def send(self, flit: Flit, port: int, cycle: int) -> None:
        """Put the request into the bank port's queue."""
        self.ports[port].receive(flit, cycle + 1 + self.delays[flit.unit][port])


class DirectReplies:
    """Wires straight to the landing registers, which are reserved at issue and never refuse."""

    def __init__(self, units: Sequence[Sink], delays: Sequence[Sequence[int]]) -> None:
        self.units = units
        self.delays = delays

    def free(self, port: int, flit: Flit, cycle: int) -> float:
        """Always room: the landing register waits."""
        return float("inf")

    def send(self, port: int, flit: Flit, ready: int) -> None:
        """Land the word."""
        self.units[flit.unit].receive(flit, ready + self.delays[port][flit.unit])


class CombinedReplies(DirectReplies):
    """A crossbar of words, behind one that combines: its outputs select as the request crossbar granted, a fixed time later.

    A unit is granted one request a cycle, so that no two words ever meet at it, and none ever waits.
    """

    def __init__(self, clock: Clock, units: Sequence[Sink], delays: Sequence[Sequence[int]]) -> None:
        super().__init__(units, delays)
        self.clock = clock
        self.next_free = [0] * len(units)

    def send(self, port: int, flit: Flit, ready: int) -> None:
        """Send a word to its unit; CheckError where two meet."""
        landed = ready + self.delays[port][flit.unit]
        if landed < self.next_free[flit.unit]:
            raise collided(flit.unit, landed)
        self.next_free[flit.unit] = landed + 1
        self.clock.counts[HOPS[REPLY]] += 1
        super().send(port, flit, ready)


def _first_of(owner: NDArray[np.int32], routers: int) -> list[int]:
    """First item of each router, items being numbered router by router."""
    first: list[int] = np.searchsorted(owner, np.arange(routers)).tolist()
    return first
