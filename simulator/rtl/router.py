"""A router: input buffers (FIFO or VOQ), an allocator, and links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Const, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.data import Layout, View

from simulator.rtl.allocator import Allocator
from simulator.rtl.bits import index_bits
from simulator.rtl.parts import any_of, gathered, number_of, selected, wire
from simulator.rtl.queue import Buffering

Room = Callable[[Module, int, View], Value]
"""(module, buffer, flit) → whether there is a slot downstream for a flit of a buffer."""
Route = Callable[[View], Value]
"""The channel of its router that a flit takes out of a buffer."""


@dataclass(frozen=True, eq=False)
class Buffer:
    """An input buffer of a router."""

    queue: Buffering
    route: Route


def heads_alike(buffers: Sequence[Buffer], m: Module, link: int, winner: Value, asking: Value) -> Value:
    """Of the buffers that ask for a link, of one channel, those whose head wants the line that the winner's wants."""
    heads = [buffer.queue.heads for buffer in buffers]
    return same_line(m, [of[link if len(of) > 1 else 0].carried for of in heads], winner, asking)


def same_line(m: Module, lines: Sequence[Value], winner: Value, asking: Value) -> Value:
    """Of the inputs that ask, those that want the line that the winner wants. `lines`: what each wants."""
    wanted = wire(m, selected(list(zip(winner, lines, strict=True))), "wanted", len(lines[0]))
    same = Cat(asks & (line == wanted) & winner.any() for asks, line in zip(asking, lines, strict=True))
    return wire(m, same, "alike")


class DataPath(Elaboratable):
    """One link's column of a crossbar: the flit of the input that it is paired with, or of any of several that want the same."""

    def __init__(self, flits: Sequence[Value]) -> None:
        """`flits`: [inputs] what each would send."""
        self.flits = flits
        self.paired = Signal(len(flits))
        self.sent = Signal(len(flits[0]))

    def elaborate(self, platform: Any) -> Module:
        """A multiplexer."""
        m = Module()
        m.d.comb += self.sent.eq(selected(list(zip(self.paired, self.flits, strict=True))))
        return m


class Router(Elaboratable):
    """One router. What is granted in a cycle is on its link in that cycle; the pipeline of the link is the network's.

    A packet of `flits` flits holds its buffer and its link for so many cycles, its head going ahead.
    """

    def __init__(
        self,
        layout: Layout,
        links: Sequence[int],
        buffers: Sequence[Buffer],
        allocator: Allocator,
        *,
        voq: bool,
        flits: int,
        combines: bool,
    ) -> None:
        """`links`: of each channel, its link. `allocator`: of buffers and links. `combines`: it pairs several buffers with a link."""
        self.links = links
        self.buffers = buffers
        self.voq = voq
        self.flits = flits
        self.allocator = allocator
        count = max(links) + 1
        self.room: list[Room] = []
        """[channels] set by the network, once all buffers are there."""
        self.sent = [Signal(name=f"sent_{link}") for link in range(count)]
        self.sent_flit: list[View] = [Signal(layout, name=f"sent_flit_{link}") for link in range(count)]
        self.left = [Signal(name=f"left_{place}") for place in range(len(buffers))]
        """[buffers] a flit goes from it."""
        self.left_link = [Signal(index_bits(count), name=f"left_link_{place}") for place in range(len(buffers))]
        self.left_flit: list[View] = [Signal(layout, name=f"left_flit_{place}") for place in range(len(buffers))]
        self.combines = combines
        self.sent_channel = [Signal(index_bits(len(links)), name=f"sent_channel_{link}") for link in range(count)]

    def elaborate(self, platform: Any) -> Module:
        """Who may ask, the matching, and what is sent."""
        m = Module()
        m.submodules.allocator = pairs = self.allocator
        for place, buffer in enumerate(self.buffers):
            m.submodules[f"buffer_{place}"] = buffer.queue
        leaving = [gathered(m, [mask[place] for mask in pairs.pairs], f"leaving_{place}") for place in range(len(self.buffers))]
        sending = self._busy(m, "sending", [links.any() for links in leaving])
        taken = self._busy(m, "taken", [mask.any() for mask in pairs.pairs])
        heading = [] if self.voq else [wire(m, b.route(b.queue.head), f"heading_{i}", self._bits) for i, b in enumerate(self.buffers)]
        able = [self._able(m, channel, heading, sending) for channel in range(len(self.links))]
        for link, busy in enumerate(taken):
            offers = any_of([able[channel] for channel in self._channels(link)])
            m.d.comb += pairs.wants[link].eq(offers if self.flits == 1 else Mux(busy, 0, offers))
        choice = [self._choice(m, link, heading, able) for link in range(len(self.sent))]
        for place, buffer in enumerate(self.buffers):
            m.d.comb += buffer.queue.pop.eq(leaving[place].any())
            if self.combines:
                m.d.comb += self.left[place].eq(leaving[place].any())
                links = [(taken, Const(link, len(self.left_link[place]))) for link, taken in enumerate(leaving[place])]
                m.d.comb += self.left_link[place].eq(selected(links))
                heads = [(taken, self._leaving_flit(place, of[place])) for taken, of in zip(leaving[place], choice, strict=True)]
                m.d.comb += self.left_flit[place].eq(selected(heads))
            if self.voq:
                m.d.comb += buffer.queue.pop_from.eq(self._leaving_channel(leaving[place], [of[place] for of in choice]))
        for link, mask in enumerate(pairs.pairs):
            m.submodules[f"path_{link}"] = path = DataPath([self._leaving_flit(*taken) for taken in enumerate(choice[link])])
            m.d.comb += [path.paired.eq(mask), self.sent[link].eq(mask.any()), self.sent_flit[link].eq(path.sent)]
            several = len(self._channels(link)) > 1
            m.d.comb += self.sent_channel[link].eq(selected(list(zip(mask, choice[link], strict=True))) if several else choice[link][0])
        return m

    @property
    def _bits(self) -> int:
        return index_bits(len(self.links))

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

    def _able(self, m: Module, channel: int, heading: list[Signal], sending: list[Value]) -> Signal:
        """Buffers whose flit for a channel may go."""
        bits = []
        for place, buffer in enumerate(self.buffers):
            queue = buffer.queue
            head = queue.heads[channel if len(queue.heads) > 1 else 0]
            wants = queue.visible[channel] if self.voq else queue.visible[0]
            if not self.voq and len(self.links) > 1:
                wants = wants & (heading[place] == channel)
            may = wants & self.room[channel](m, place, head)
            bits.append(may if self.flits == 1 else may & ~sending[place])
        return gathered(m, bits, f"able_{channel}")

    def _choice(self, m: Module, link: int, heading: list[Signal], able: list[Signal]) -> list[Value]:
        """[buffers] the channel of a link that each takes, if it is paired with it: of several that it may take, the first."""
        *first, last = self._channels(link)
        if not first:
            return [Const(last, self._bits)] * len(self.buffers)
        if not self.voq:
            return list(heading)
        choices = []
        for place in range(len(self.buffers)):
            found: Value = Const(last, self._bits)
            for channel in reversed(first):
                found = Mux(able[channel][place], channel, found)
            choices.append(wire(m, found, f"choice_{link}_{place}"))
        return choices

    def _leaving_channel(self, links: Signal, choice: list[Value]) -> Value:
        """Of a buffer, the channel of the one link that it is paired with."""
        if len(links) == len(self.links):
            return number_of(links, self._bits)
        return selected(list(zip(links, choice, strict=True)))

    def _leaving_flit(self, place: int, channel: Value) -> Value:
        queue = self.buffers[place].queue
        if isinstance(channel, Const) and len(queue.heads) > 1:
            return queue.heads[channel.value].as_value()
        if len(queue.heads) == 1:
            return queue.head.as_value()
        return selected([(channel == number, head.as_value()) for number, head in enumerate(queue.heads)])
