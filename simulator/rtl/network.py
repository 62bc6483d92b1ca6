"""A graph of routers between sources and sinks, as hardware; the links between them are pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from amaranth.hdl import Const, Elaboratable, Module, Signal, Value
from amaranth.lib.data import StructLayout, View

from simulator.engine.cluster import ClusterSpec
from simulator.network import NetworkSpec
from simulator.rtl.allocator import Allocator, only_winner
from simulator.rtl.bank import BankPort
from simulator.rtl.bits import index_bits
from simulator.rtl.flit import Leaving
from simulator.rtl.parts import chosen, delayed
from simulator.rtl.queue import Buffering, Queue, Queued, VirtualQueues
from simulator.rtl.router import Buffer, Room, Route, Router, heads_alike
from simulator.rtl.window import Landing


@dataclass(frozen=True, eq=False)
class Way:
    """Where flits come into a network, or out of it."""

    valid: Signal
    flit: View


class RoutedNetwork(Elaboratable):
    """A network. A source pushes into its own queue; a sink is told of a flit when it is granted, and gets it when it has come.

    `pushes` flits may come from a source in a cycle, each `early` enough to hold its slot before it is there.
    """

    def __init__(self, spec: NetworkSpec, layout: StructLayout, *, pushes: int, early: bool) -> None:
        self.spec = spec
        self.layout = layout
        self.graph = graph = spec.graph()
        self.voq = spec.queues == "voq"
        self.first_channel = np.searchsorted(graph.router_of_link[graph.link_of_channel], np.arange(graph.routers)).tolist()
        self.first_link = np.searchsorted(graph.router_of_link, np.arange(graph.routers)).tolist()
        entries = set(graph.buffer_of_source.tolist())
        # a router without a way in, or out, takes part in nothing
        joined = np.intersect1d(graph.router_of_buffer, graph.router_of_link[graph.link_of_channel]).tolist()
        there = np.flatnonzero(np.isin(graph.router_of_buffer, joined)).tolist()
        self.buffers = {index: self._buffer(index, pushes, early, fed=index in entries) for index in there}
        self.routers = {router: self._router(router) for router in joined}
        self.room = [Signal(name=f"room_{sink}") for sink in range(spec.sinks)]
        """[sinks] whether it has a slot."""
        self.reserved = [Signal(name=f"reserved_{sink}") for sink in range(spec.sinks)]
        """[sinks] a flit was granted to it."""
        self.out = [Way(Signal(name=f"out_{sink}"), Signal(layout, name=f"out_flit_{sink}")) for sink in range(spec.sinks)]

    def entry(self, source: int) -> Buffering:
        """The queue that a source pushes into."""
        return self.buffers[int(self.graph.buffer_of_source[source])].queue

    def into(self, source: int, flit: View) -> Value:
        """The number of the queue, of those at its entry, that takes a flit of a source."""
        buffer = self.buffers[int(self.graph.buffer_of_source[source])]
        return buffer.route(flit) if self.voq else Const(0)

    def elaborate(self, platform: Any) -> Module:
        """Routers, and what joins them."""
        m = Module()
        for number, router in self.routers.items():
            m.submodules[f"router_{number}"] = router
            router.room = [self._room(number, channel) for channel in range(len(router.links))]
            for channel in range(len(router.links)):
                self._join(m, number, channel)
        return m

    def _buffer(self, index: int, pushes: int, early: bool, *, fed: bool) -> Buffer:
        graph, spec = self.graph, self.spec
        router = int(graph.router_of_buffer[index])
        channels = self._channels(router) if self.voq else 1
        onward = self.voq and bool((graph.target_of_channel[self.first_channel[router] :][: self._channels(router)] >= 0).any())
        heads = channels if onward or (self.voq and spec.combines) else 1
        slots = spec.slots(fed=fed)
        far = early if fed else spec.latency > 1
        most = pushes if fed else 1
        queue: Buffering = (
            VirtualQueues(self.layout, slots, channels, pushes=most, early=far, heads=heads)
            if channels > 1
            else Queue(self.layout, slots, pushes=most, early=far)
        )
        return Buffer(queue, self._route(index))

    def _channels(self, router: int) -> int:
        return int((self.graph.router_of_link[self.graph.link_of_channel] == router).sum())

    def _route(self, buffer: int) -> Route:
        """A table of constants; where it leaves a choice, a fold of source and sink."""
        graph = self.graph
        first = self.first_channel[int(graph.router_of_buffer[buffer])]
        table = graph.route[graph.route_row[buffer]].tolist()
        width = index_bits(self._channels(int(graph.router_of_buffer[buffer])))
        asked = {channel for channel in table if channel >= -1}

        def route(flit: View) -> Value:
            count, shift = int(graph.spread_count[buffer]), int(graph.spread_shift[buffer])
            fold = Const(0, width)
            if -1 in asked:
                fold = (int(graph.spread_first[buffer]) - first + ((flit.source ^ flit.sink) >> shift) % count)[:width]
            if asked <= {-1}:
                return fold
            if table == list(range(first, first + len(table))):
                return flit.sink
            if len(asked) == 1:
                return Const(next(iter(asked)) - first, width)
            return chosen([fold if channel == -1 else Const(max(0, channel - first), width) for channel in table], flit.sink)

        return route

    def _router(self, number: int) -> Router:
        graph, spec = self.graph, self.spec
        owners = graph.router_of_link[graph.link_of_channel]
        links = (graph.link_of_channel[owners == number] - self.first_link[number]).tolist()
        buffers = [self.buffers[index] for index in np.flatnonzero(graph.router_of_buffer == number).tolist()]
        alike = partial(heads_alike, buffers) if spec.combines else only_winner
        chooses = self.voq and len(links) > 1
        allocator = Allocator(len(buffers), max(links) + 1, spec.iterations, registered=spec.registered, chooses=chooses, alike=alike)
        return Router(self.layout, links, buffers, allocator, voq=self.voq, flits=spec.flits, combines=spec.combines)

    def _room(self, router: int, channel: int) -> Room:
        """Whether what a channel leads to has a slot for a flit."""
        target = int(self.graph.target_of_channel[self.first_channel[router] + channel])
        if target < 0:
            return lambda m, place, flit: self.room[-1 - target]
        if target not in self.buffers:
            return lambda m, place, flit: Const(0)
        buffer = self.buffers[target]
        looks = [buffer.queue.look() for _ in self.routers[router].buffers]

        def room(m: Module, place: int, flit: View) -> Value:
            m.d.comb += looks[place].channel.eq(buffer.route(flit) if self.voq else 0)
            return looks[place].free != 0

        return room

    def _join(self, m: Module, number: int, channel: int) -> None:
        """A channel to its target: a slot is held from the grant on, the flit follows through the pipeline."""
        router, spec = self.routers[number], self.spec
        link = router.links[channel]
        target = int(self.graph.target_of_channel[self.first_channel[number] + channel])
        if target >= 0 and target not in self.buffers:
            return
        name = f"link_{number}_{channel}"
        granted, flit = router.sent[link] & (router.sent_channel[link] == channel), router.sent_flit[link]
        stages = spec.latency - 1 + (spec.flits - 1 if target < 0 else 0)
        valid, there = delayed(m, granted, stages, name), self.layout(delayed(m, flit.as_value(), stages, f"{name}_flit"))
        if target < 0:
            out = self.out[-1 - target]
            m.d.comb += [self.reserved[-1 - target].eq(granted), out.valid.eq(valid), out.flit.eq(there)]
            return
        buffer = self.buffers[target]
        queue = buffer.queue
        m.d.comb += [queue.push[0].eq(valid), queue.flit[0].eq(there)]
        if self.voq:
            m.d.comb += queue.into[0].eq(buffer.route(there))
        if queue.early:
            m.d.comb += queue.reserve[0].eq(granted)
            if self.voq:
                m.d.comb += queue.reserve_for[0].eq(buffer.route(flit))


class RoutedRequests(RoutedNetwork):
    """The request network: sources are units, sinks are bank ports."""

    def __init__(self, spec: ClusterSpec, layout: StructLayout) -> None:
        super().__init__(spec.requests, layout, pushes=spec.issue_width, early=spec.feed_cycles > 1)
        self.feed_cycles = spec.feed_cycles

    def join(self, m: Module, number: int, issues: Sequence[Leaving]) -> None:
        """What a unit issues, to its own queue, in which it has a slot from then on."""
        queue, stages = self.entry(number), self.feed_cycles - 1
        for i, issue in enumerate(issues):
            name = f"feed_{number}_{i}"
            m.d.comb += [
                queue.push[i].eq(delayed(m, issue.valid, stages, name)),
                queue.flit[i].eq(self.layout(delayed(m, issue.flit.as_value(), stages, f"{name}_flit"))),
                queue.into[i].eq(delayed(m, issue.into, stages, f"{name}_into")),
            ]
            if queue.early:
                m.d.comb += [queue.reserve[i].eq(issue.valid), queue.reserve_for[i].eq(issue.into)]

    def serve(self, m: Module, number: int, port: Queued) -> None:
        """What comes to a bank port."""
        out, queue = self.out[number], port.queue
        m.d.comb += [self.room[number].eq(queue.free != 0), queue.push[0].eq(out.valid), queue.flit[0].eq(out.flit)]
        if queue.early:
            m.d.comb += queue.reserve[0].eq(self.reserved[number])


class RoutedReplies(RoutedNetwork):
    """The reply network: sources are bank ports, sinks are units, whose landing registers never refuse."""

    def __init__(self, spec: NetworkSpec, layout: StructLayout, *, early: bool) -> None:
        super().__init__(spec, layout, pushes=1, early=early)
        self.rooms = [self.entry(source).look() for source in range(spec.sources)]

    def take(self, m: Module, number: int, port: BankPort) -> None:
        """Join a bank port to its queue."""
        queue = self.entry(number)
        m.d.comb += [port.room.eq(self.rooms[number].free != 0), queue.push[0].eq(port.valid), queue.flit[0].eq(port.reply)]
        if queue.early:
            m.d.comb += queue.reserve[0].eq(port.access)

    def land(self, m: Module, number: int, landing: Landing) -> None:
        """What comes to a unit."""
        m.d.comb += self.room[number].eq(1)
        landing.take(m, self.out[number].valid, self.out[number].flit)
