"""The window of a unit: free slots, and the landing registers that they are."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Elaboratable, Module, Signal, Value
from amaranth.lib.data import StructLayout, View
from amaranth.lib.memory import Memory

from simulator.rtl.bits import index_bits
from simulator.rtl.parts import total, wrapped
from simulator.rtl.queue import Queue


class Tags(Elaboratable):
    """Free slots, a FIFO: several leave in a cycle, and `backs` may come back, in their order."""

    def __init__(self, window: int, width: int, backs: int = 1) -> None:
        self.window = window
        self.first = [Signal(index_bits(window), name=f"tag_{i}") for i in range(width)]
        """Those that leave next."""
        self.count = Signal(range(window + 1), init=window)
        self.taken = Signal(range(width + 1))
        self.back = [Signal(name=f"back_{i}") for i in range(backs)]
        self.back_tag = [Signal(index_bits(window), name=f"back_tag_{i}") for i in range(backs)]

    def elaborate(self, platform: Any) -> Module:
        """A ring."""
        m = Module()
        ring = Array(Signal(index_bits(self.window), name=f"free_{i}", init=i) for i in range(self.window))
        head, tail = Signal(index_bits(self.window)), Signal(index_bits(self.window))
        for i, tag in enumerate(self.first):
            m.d.comb += tag.eq(ring[wrapped(m, head + i, self.window)])
        m.d.sync += [head.eq(wrapped(m, head + self.taken, self.window)), self.count.eq(self.count - self.taken + total(self.back))]
        for i, (back, tag) in enumerate(zip(self.back, self.back_tag, strict=True)):
            with m.If(back):
                place = wrapped(m, tail + i, self.window) if i else tail
                m.d.sync += [ring[place].eq(tag), tail.eq(wrapped(m, tail + (i + 1), self.window))]
        return m


class LandingRegisters(Elaboratable):
    """One a slot, emptied in the order of arrival: one in each cycle in which one is full. `pushes`: words that may come in a cycle."""

    def __init__(self, window: int, word_bits: int, pushes: int = 1) -> None:
        self.arrivals = Queue(StructLayout({"tag": index_bits(window)}), window, pushes=pushes)
        self.words = Memory(shape=word_bits, depth=window, init=[])
        self.consumed = Signal()
        self.consumed_tag = Signal(index_bits(window))
        self.consumed_word = Signal(word_bits)

    def empty(self, m: Module) -> None:
        """What is consumed."""
        arrivals, read = self.arrivals, self.words.read_port(domain="comb")
        m.d.comb += [
            arrivals.pop.eq(arrivals.visible[0]),
            self.consumed.eq(arrivals.visible[0]),
            self.consumed_tag.eq(arrivals.head.tag),
            read.addr.eq(self.consumed_tag),
            self.consumed_word.eq(read.data),
        ]


class Landing(LandingRegisters):
    """Landing registers to which a network brings one word a cycle."""

    def __init__(self, window: int, word_bits: int) -> None:
        super().__init__(window, word_bits)
        self.landed = Signal()
        self.tag = Signal(index_bits(window))
        self.word = Signal(word_bits)

    def take(self, m: Module, valid: Value, flit: View) -> None:
        """Join what brings the words."""
        m.d.comb += [self.landed.eq(valid), self.tag.eq(flit.tag), self.word.eq(flit.carried)]

    @property
    def arriving(self) -> list[tuple[Signal, Value]]:
        """What lands in a cycle, with its slot."""
        return [(self.landed, self.tag)]

    def elaborate(self, platform: Any) -> Module:
        """A queue of slots, and the words."""
        m = Module()
        m.submodules.arrivals = arrivals = self.arrivals
        m.submodules.words = self.words
        write = self.words.write_port()
        m.d.comb += [
            arrivals.push[0].eq(self.landed),
            arrivals.flit[0].tag.eq(self.tag),
            write.en.eq(self.landed),
            write.addr.eq(self.tag),
            write.data.eq(self.word),
        ]
        self.empty(m)
        return m
