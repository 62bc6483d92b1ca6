"""The banks at the edges of an array: one a row, one a column, and one of sums a column."""

from __future__ import annotations

from amaranth.hdl import Elaboratable, Module, Mux, Signal, signed, unsigned
from amaranth.lib.memory import Memory

from simulator.rtl.array.cell import Word
from simulator.rtl.array.shape import ArrayShape
from simulator.rtl.parts import delayed


class OperandBank(Elaboratable):
    """Operands in words of `word`. An access gives a word, which stays until the next.

    An operand is there `read_cycles` after its address.
    """

    def __init__(self, shape: ArrayShape, operands: int, word: int) -> None:
        self.shape = shape
        self.word = word
        self.memory = Memory(shape=unsigned(word * shape.operand_bits), depth=-(-operands // word), init=[])
        self.address = Signal(shape.address_bits)
        """Of an operand."""
        self.passes, self.reads = Signal(), Signal()
        """Whether an operand is passed on, and whether a word is read for it."""
        self.value = Signal(signed(shape.operand_bits))
        self.fill_address = Signal(shape.address_bits)
        self.fill_value = Signal(word * shape.operand_bits)
        self.fills = Signal()

    def elaborate(self, platform: object) -> Module:
        """A memory, and a register for every cycle of a read beyond its own."""
        m = Module()
        m.submodules.memory = self.memory
        read, write = self.memory.read_port(), self.memory.write_port()
        place = (self.word - 1).bit_length()
        m.d.comb += [read.addr.eq(self.address[place:]), read.en.eq(self.reads)]
        m.d.comb += [write.addr.eq(self.fill_address), write.data.eq(self.fill_value), write.en.eq(self.fills)]
        operand = read.data
        if place:
            operand = read.data.word_select(delayed(m, self.address[:place], 1, "place"), self.shape.operand_bits)
        m.d.comb += self.value.eq(delayed(m, operand, self.shape.read_cycles - 1, "value"))
        return m


class SumBank(Elaboratable):
    """Sums of a column: each is written, or added to what lies there."""

    def __init__(self, shape: ArrayShape) -> None:
        self.memory = Memory(shape=signed(shape.accumulate_bits), depth=shape.sum_words, init=[])
        self.address = Signal(shape.sum_address_bits)
        self.adds = Signal()
        self.sum = Word(shape.accumulate_bits, "sum")
        self.drain_address = Signal(shape.sum_address_bits)
        self.drained = Signal(signed(shape.accumulate_bits))

    def elaborate(self, platform: object) -> Module:
        """A memory that is read, added to and written in one cycle, and read by who drains it."""
        m = Module()
        m.submodules.memory = self.memory
        lies, leaves, write = (
            self.memory.read_port(domain="comb"),
            self.memory.read_port(domain="comb"),
            self.memory.write_port(),
        )
        m.d.comb += [lies.addr.eq(self.address), write.addr.eq(self.address), write.en.eq(self.sum.valid)]
        m.d.comb += write.data.eq(self.sum.value + Mux(self.adds, lies.data, 0))
        m.d.comb += [leaves.addr.eq(self.drain_address), self.drained.eq(leaves.data)]
        return m
