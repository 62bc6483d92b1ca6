"""A router: input buffers (FIFO or VOQ), an allocator, and links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Const, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.data import Layout, View

from simulator.rtl.allocator import Allocator
from simulator.rtl.parts import any_of, selected
from simulator.rtl.queue import Queue
from simulator.rtl.shape import index_bits

Room = Callable[[View], Value]
"""Whether there is a slot downstream for a flit."""
Route = Callable[[View], Value]
"""The channel of its router that a flit takes out of a buffer."""


@dataclass(frozen=True, eq=False)
class Buffer:
    """An input buffer of a router."""

    queue: Queue
    route: Route


class Router(Elaboratable):
    """One router. What is granted in a cycle is on its link in that cycle; the pipeline of the link is the network's.

    A packet of `flits` flits holds its buffer and its link for so many cycles, its head going ahead.
    """

    def __init__(
        self,
        layout: Layout,
        links: Sequence[int],
        buffers: Sequence[Buffer],
        *,
        voq: bool,
        flits: int,
        iterations: int,
        registered: bool,
    ) -> None:
        """`links`: of each channel, its link."""
        self.links = links
        self.buffers = buffers
        self.voq = voq
        self.flits = flits
        count = max(links) + 1
        self.allocator = Allocator(len(buffers), count, iterations, registered=registered)
        self.room: list[Room] = []
        """[channels] set by the network, once all buffers are there."""
        self.sent = [Signal(name=f"sent_{link}") for link in range(count)]
        self.sent_flit: list[View] = [Signal(layout, name=f"sent_flit_{link}") for link in range(count)]
        self.sent_channel = [Signal(index_bits(len(links)), name=f"sent_channel_{link}") for link in range(count)]

    def elaborate(self, platform: Any) -> Module:
        """Who may ask, the matching, and what is sent."""
        m = Module()
        m.submodules.allocator = pairs = self.allocator
        for place, buffer in enumerate(self.buffers):
            m.submodules[f"buffer_{place}"] = buffer.queue
        leaving = [Cat(mask[place] for mask in pairs.pairs) for place in range(len(self.buffers))]
        sending = self._busy(m, "sending", [links.any() for links in leaving])
        taken = self._busy(m, "taken", [mask.any() for mask in pairs.pairs])
        able = [self._able(m, channel, sending) for channel in range(len(self.links))]
        for link, busy in enumerate(taken):
            m.d.comb += pairs.wants[link].eq(Mux(busy, 0, any_of([able[channel] for channel in self._channels(link)])))
        choice = [[self._first_channel(link, place, able) for place in range(len(self.buffers))] for link in range(len(self.sent))]
        for place, buffer in enumerate(self.buffers):
            m.d.comb += buffer.queue.pop.eq(leaving[place].any())
            if self.voq:
                m.d.comb += buffer.queue.pop_from.eq(
                    selected([(leaving[place][link], choice[link][place]) for link in range(len(self.sent))])
                )
        for link, mask in enumerate(pairs.pairs):
            flits = [(mask[place], self._leaving_flit(place, choice[link][place])) for place in range(len(self.buffers))]
            m.d.comb += [
                self.sent[link].eq(mask.any()),
                self.sent_flit[link].eq(selected(flits)),
                self.sent_channel[link].eq(selected([(mask[place], choice[link][place]) for place in range(len(self.buffers))])),
            ]
        return m

    def _channels(self, link: int) -> list[int]:
        return [channel for channel, of in enumerate(self.links) if of == link]

    def _busy(self, m: Module, name: str, begun: list[Value]) -> list[Value]:
        """Whether the packet before still passes."""
        if self.flits == 1:
            return [Const(0)] * len(begun)
        busy: list[Value] = []
        for place, begins in enumerate(begun):
            left = Signal(range(self.flits), name=f"{name}_{place}")
            m.d.sync += left.eq(Mux(begins, self.flits - 1, Mux(left != 0, left - 1, 0)))
            busy.append(left != 0)
        return busy

    def _able(self, m: Module, channel: int, sending: list[Value]) -> Signal:
        """Buffers whose flit for a channel may go."""
        able = Signal(len(self.buffers), name=f"able_{channel}")
        bits = []
        for buffer, busy in zip(self.buffers, sending, strict=True):
            queue = buffer.queue
            head = queue.heads[channel if len(queue.heads) > 1 else 0]
            wants = queue.visible[channel] if self.voq else queue.visible[0] & (buffer.route(head) == channel)
            bits.append(wants & ~busy & self.room[channel](head))
        m.d.comb += able.eq(Cat(*bits))
        return able

    def _first_channel(self, link: int, place: int, able: list[Signal]) -> Value:
        """The first channel of a link that a buffer may take; of a single queue, its head's."""
        *first, last = self._channels(link)
        found: Value = Const(last, index_bits(len(self.links)))
        for channel in reversed(first):
            found = Mux(able[channel][place], channel, found)
        return found

    def _leaving_flit(self, place: int, channel: Value) -> Value:
        queue = self.buffers[place].queue
        if len(queue.heads) == 1:
            return queue.head.as_value()
        heads = queue.heads[: len(self.links)]
        return selected([(channel == number, head.as_value()) for number, head in enumerate(heads)])
