"""Finite FIFOs with registered credits: what leaves in a cycle frees its slot in the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from amaranth.hdl import Const, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.data import Layout, View
from amaranth.lib.memory import Memory

from simulator.rtl.bits import index_bits
from simulator.rtl.parts import any_of, total, wire, wrapped


class Look:
    """Somebody looks how many slots a queue has, without those that are held."""

    def __init__(self, channels: int, slots: int) -> None:
        self.channel = Signal(index_bits(channels), name="channel")
        self.free = Signal(range(slots + 1), name="free")


class Entry(Protocol):
    """Where a unit puts its requests: so many queues, of which it may look at the free slots of each."""

    channels: int

    def look(self) -> Look:
        """A view of free slots."""


class Queued(Protocol):
    """A bank port, whatever it does with what its queue holds."""

    queue: Queue


class Buffering(Elaboratable):
    """An input buffer, whatever its queues: up to `pushes` flits come in a cycle, and one leaves.

    A flit that is on its way holds its slot from `reserve` on; with nothing between (`early` is false) it is reserved as it is pushed.
    """

    def __init__(self, layout: Layout, slots: int, channels: int, pushes: int, heads: int, *, early: bool) -> None:
        self.layout = layout
        self.slots = slots
        self.channels = channels
        self.early = early
        self.push = [Signal(name=f"push_{i}") for i in range(pushes)]
        self.into = [Signal(index_bits(channels), name=f"into_{i}") for i in range(pushes)]
        self.flit: list[View] = [Signal(layout, name=f"flit_{i}") for i in range(pushes)]
        self.reserve = [Signal(name=f"reserve_{i}") for i in range(pushes)] if early else self.push
        self.reserve_for = [Signal(index_bits(channels), name=f"reserve_for_{i}") for i in range(pushes)] if early else self.into
        self.pop = Signal()
        self.pop_from = Signal(index_bits(channels))
        self.visible = Signal(channels)
        """Queues that hold a flit."""
        self.heads: list[View] = [Signal(layout, name=f"head_{i}") for i in range(heads)]
        self.looks: list[Look] = []

    @property
    def head(self) -> View:
        """The flit that leaves, if one does: of a single queue, its first."""
        return self.heads[0]

    def look(self) -> Look:
        """A view of its free slots, taken before it is elaborated."""
        self.looks.append(Look(self.channels, self.slots))
        return self.looks[-1]


class Queue(Buffering):
    """One FIFO."""

    def __init__(self, layout: Layout, slots: int, *, pushes: int = 1, early: bool = False) -> None:
        super().__init__(layout, slots, 1, pushes, 1, early=early)
        self.free = Signal(range(slots + 1), init=slots)

    def elaborate(self, platform: Any) -> Module:
        """Two pointers and a counter; the flits in a memory."""
        m = Module()
        m.submodules.store = store = Memory(shape=self.layout, depth=self.slots, init=[])
        first, end = Signal(index_bits(self.slots)), Signal(index_bits(self.slots))
        coming = total(self.push)
        m.d.sync += self.free.eq(self.free - total(self.reserve) + self.pop)
        if self.slots > 1:
            _move(m, first, self.pop, self.slots)
            _move(m, end, coming, self.slots)
        if self.early:
            count = Signal(range(self.slots + 1))
            m.d.sync += count.eq(count + coming - self.pop)
            m.d.comb += self.visible.eq(count != 0)
        else:
            m.d.comb += self.visible.eq(self.free != self.slots)
        for i, (push, flit) in enumerate(zip(self.push, self.flit, strict=True)):
            port = store.write_port()
            place = wrapped(m, end + total(self.push[:i]), self.slots) if i else end
            m.d.comb += [port.en.eq(push), port.addr.eq(place), port.data.eq(flit)]
        port = store.read_port(domain="comb")
        m.d.comb += [port.addr.eq(first), self.head.eq(port.data)]
        m.d.comb += [look.free.eq(self.free) for look in self.looks]
        return m


class VirtualQueues(Buffering):
    """A FIFO for each output channel (VOQ). Pointers and counters stand in memories too: a flit that comes or goes changes one queue."""

    def __init__(self, layout: Layout, slots: int, channels: int, *, pushes: int = 1, early: bool = False, heads: int = 1) -> None:
        """`heads`: 1, the flit that leaves can be seen; `channels`, the first of every queue."""
        super().__init__(layout, slots, channels, pushes, heads, early=early)

    def elaborate(self, platform: Any) -> Module:
        """Memories by channel."""
        m = Module()
        slots, channels = self.slots, self.channels
        m.submodules.store = store = Memory(shape=self.layout, depth=channels * slots, init=[])
        m.submodules.first = first = Memory(shape=index_bits(slots), depth=channels, init=[])
        m.submodules.end = end = Memory(shape=index_bits(slots), depth=channels, init=[])
        m.submodules.held = held = Memory(shape=range(slots + 1), depth=channels, init=[])
        leaves = [(self.pop, self.pop_from)]
        begun = [self._moved(m, end, push, into, i, slots) for i, (push, into) in enumerate(zip(self.push, self.into, strict=True))]
        for i, (push, into, flit) in enumerate(zip(self.push, self.into, self.flit, strict=True)):
            port = store.write_port()
            m.d.comb += [port.en.eq(push), port.addr.eq(into * slots + begun[i]), port.data.eq(flit)]
        gone = first.read_port(domain="comb")
        m.d.comb += gone.addr.eq(self.pop_from)
        onward = first.write_port()
        m.d.comb += [onward.en.eq(self.pop), onward.addr.eq(self.pop_from), onward.data.eq(wrapped(m, gone.data + 1, slots))]
        for i, head in enumerate(self.heads):
            port = store.read_port(domain="comb")
            m.d.comb += head.eq(port.data)
            if len(self.heads) == 1:
                m.d.comb += port.addr.eq(self.pop_from * slots + gone.data)
            else:
                of = first.read_port(domain="comb")
                m.d.comb += [of.addr.eq(i), port.addr.eq(i * slots + of.data)]
        self._count(m, held, list(zip(self.reserve, self.reserve_for, strict=True)), leaves)
        arrived, counted = list(zip(self.push, self.into, strict=True)), held
        if self.early:
            m.submodules.count = counted = Memory(shape=range(slots + 1), depth=channels, init=[])
            self._count(m, counted, arrived, leaves)
        last = counted.read_port(domain="comb")
        m.d.comb += last.addr.eq(self.pop_from)
        comes = [Mux(push, 1 << into, 0) for push, into in arrived]
        empties = wire(m, Mux(self.pop & (last.data == 1), 1 << self.pop_from, 0), "empties", channels)
        shown = Signal(channels)
        m.d.sync += shown.eq(shown & ~empties | any_of(comes))
        m.d.comb += self.visible.eq(shown)
        for look in self.looks:
            port = held.read_port(domain="comb")
            m.d.comb += [port.addr.eq(look.channel), look.free.eq(slots - port.data)]
        return m

    def _moved(self, m: Module, end: Memory, push: Signal, into: Signal, number: int, slots: int) -> Value:
        """Where a flit goes in its queue, behind those that come before it in the same cycle; the last of a queue moves its end."""
        port, onward = end.read_port(domain="comb"), end.write_port()
        same = [p & (c == into) for p, c in zip(self.push, self.into, strict=True)]
        before, after = same[:number], same[number + 1 :]
        place = wire(m, wrapped(m, port.data + total(before), slots) if before else port.data, f"place_{number}", index_bits(slots))
        m.d.comb += [port.addr.eq(into), onward.addr.eq(into), onward.data.eq(wrapped(m, place + 1, slots))]
        m.d.comb += onward.en.eq(push & ~any_of(after) if after else push)
        return place

    def _count(self, m: Module, counts: Memory, more: Sequence[tuple[Signal, Signal]], less: Sequence[tuple[Signal, Signal]]) -> None:
        """Counters by channel; of several events of one channel in a cycle the last writes what all of them come to."""
        events = [*((event, channel, 1) for event, channel in more), *((event, channel, -1) for event, channel in less)]
        for number, (event, channel, _) in enumerate(events):
            port, changed = counts.read_port(domain="comb"), counts.write_port()
            same = [Const(1) if other == number else e & (c == channel) for other, (e, c, _) in enumerate(events)]
            up = total([s for s, (_, _, by) in zip(same, events, strict=True) if by > 0])
            down = total([s for s, (_, _, by) in zip(same, events, strict=True) if by < 0])
            after = same[number + 1 :]
            m.d.comb += [port.addr.eq(channel), changed.addr.eq(channel), changed.data.eq(port.data + up - down)]
            m.d.comb += changed.en.eq(event & ~any_of(after) if after else event)


def _move(m: Module, pointer: Signal, by: Value, slots: int) -> None:
    """A pointer by so many places."""
    if len(by) > 1:
        m.d.sync += pointer.eq(wrapped(m, pointer + by, slots))
        return
    with m.If(by):
        m.d.sync += pointer.eq(pointer + 1 if slots == 1 << len(pointer) else Mux(pointer == slots - 1, 0, pointer + 1))
