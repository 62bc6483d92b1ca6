"""Finite FIFOs with registered credits: what leaves in a cycle frees its slot in the next."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib.data import Layout, View
from amaranth.lib.memory import Memory

from simulator.rtl.parts import chosen, total, wrapped
from simulator.rtl.shape import index_bits


class Queue(Elaboratable):
    """An input buffer: one queue, or one for each output channel (VOQ), in one memory.

    `pushes` flits may come in a cycle, and one leaves. A flit that is on its way holds its slot from `reserve` on; with nothing between
    (`early` is false) it is reserved as it is pushed.
    """

    def __init__(self, layout: Layout, slots: int, *, channels: int = 1, pushes: int = 1, early: bool = False, heads: int = 1) -> None:
        """`heads`: 1, the flit that leaves can be seen; `channels`, the first of every queue."""
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
        self.free = [Signal(range(slots + 1), name=f"free_{channel}", init=slots) for channel in range(channels)]
        self.heads: list[View] = [Signal(layout, name=f"head_{i}") for i in range(heads)]

    @property
    def head(self) -> View:
        """The flit that leaves, if one does: of a single queue, its first."""
        return self.heads[0]

    def elaborate(self, platform: Any) -> Module:
        """Pointers and counters of each queue; the flits in one memory."""
        m = Module()
        m.submodules.store = store = Memory(shape=self.layout, depth=self.channels * self.slots, init=[])
        index = index_bits(self.slots)
        first = [Signal(index, name=f"first_{channel}") for channel in range(self.channels)]
        end = [Signal(index, name=f"end_{channel}") for channel in range(self.channels)]
        for channel in range(self.channels):
            coming = self._here(self.push, self.into, channel)
            leaving = self.pop & (self.pop_from == channel) if self.channels > 1 else self.pop
            arrived = total(coming)
            m.d.sync += end[channel].eq(wrapped(m, end[channel] + arrived, self.slots))
            with m.If(leaving):
                m.d.sync += first[channel].eq(wrapped(m, first[channel] + 1, self.slots))
            taken = self._here(self.reserve, self.reserve_for, channel)
            m.d.sync += self.free[channel].eq(self.free[channel] - total(taken) + leaving)
            if self.early:
                count = Signal(range(self.slots + 1), name=f"count_{channel}")
                m.d.sync += count.eq(count + arrived - leaving)
                m.d.comb += self.visible[channel].eq(count != 0)
            else:
                m.d.comb += self.visible[channel].eq(self.free[channel] != self.slots)
        for i, (push, into, flit) in enumerate(zip(self.push, self.into, self.flit, strict=True)):
            port = store.write_port()
            before = [self.push[k] & (self.into[k] == into) if self.channels > 1 else self.push[k] for k in range(i)]
            place = wrapped(m, chosen(end, into) + total(before), self.slots) if before else chosen(end, into)
            m.d.comb += [port.en.eq(push), port.addr.eq(self._address(into, place)), port.data.eq(flit)]
        for i, head in enumerate(self.heads):
            port = store.read_port(domain="comb")
            one = len(self.heads) == 1
            address = self._address(self.pop_from, chosen(first, self.pop_from)) if one else i * self.slots + first[i]
            m.d.comb += [port.addr.eq(address), head.eq(port.data)]
        return m

    def _here(self, valid: list[Signal], channel_of: list[Signal], channel: int) -> list[Any]:
        return [v & (c == channel) if self.channels > 1 else v for v, c in zip(valid, channel_of, strict=True)]

    def _address(self, channel: Any, place: Any) -> Any:
        return place if self.channels == 1 else channel * self.slots + place
