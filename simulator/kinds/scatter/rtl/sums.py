"""Banks of partial sums: each port adds what arrives to its word."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout
from amaranth.lib.memory import Memory

from simulator.rtl.bank import port_queue
from simulator.rtl.bits import index_bits
from simulator.rtl.lanes import lanewise
from simulator.rtl.parts import wire
from simulator.rtl.shape import ClusterShape


class AccumulatingPort(Elaboratable):
    """One port of a bank. A product that it takes in cycle a is in the sum from the end of cycle a + r + A on.

    It waits for so long in registers and is added within a cycle, so that the next one finds the sum with it. An adder of A stages
    would have it A cycles later: so long the bank keeps a product for the same word waiting.
    """

    def __init__(self, shape: ClusterShape, requests: StructLayout) -> None:
        spec = shape.spec
        self.stages = spec.read_latency + spec.accumulate_latency
        self.line_bits = index_bits(shape.bank_words)
        self.queue = port_queue(spec, requests)
        self.waits = Signal()
        """In: the first product's word cannot be added to in this cycle."""
        self.access = Signal()
        ages = range(1, self.stages + 1)
        self.taken = [Signal(name=f"taken_{age}") for age in ages]
        """Whether a product was taken 1, 2, … cycles ago."""
        self.carried = [Signal(requests["carried"].shape, name=f"carried_{age}") for age in ages]
        """Line and product of it."""
        self.adds = Signal()
        self.line = Signal(self.line_bits)
        self.product = Signal(shape.lanes * shape.sum_bits)
        """Of a product that is added in this cycle."""
        self.sum = Signal(shape.lanes * shape.sum_bits)
        """What its word comes to; set by its bank."""
        self.busy = Signal()
        """Products are on their way to their sums."""

    def elaborate(self, platform: Any) -> Module:
        """One a cycle, which nothing holds up but its own word."""
        m = Module()
        m.submodules.queue = queue = self.queue
        m.d.comb += [self.access.eq(queue.visible[0] & ~self.waits), queue.pop.eq(self.access)]
        before: tuple[Value, Value] = self.access, queue.head.carried
        for after in zip(self.taken, self.carried, strict=True):
            m.d.sync += [register.eq(value) for register, value in zip(after, before, strict=True)]
            before = after
        line, product = self.carried[-1][: self.line_bits], self.carried[-1][self.line_bits :]
        m.d.comb += [self.adds.eq(self.taken[-1]), self.line.eq(line), self.product.eq(product)]
        m.d.comb += self.busy.eq(Cat(self.access, *self.taken).any())
        return m

    @property
    def wanted(self) -> Value:
        """Line of the first product."""
        return self.queue.head.carried[: self.line_bits]

    def adding(self, line: Value, cycles: int) -> list[Value]:
        """Whether it took a product for a line 1, 2, … `cycles` cycles ago: a comparator each."""
        recent = zip(self.taken[:cycles], self.carried[:cycles], strict=True)
        return [taken & (carried[: self.line_bits] == line) for taken, carried in recent]


class AccumulatingBank(Elaboratable):
    """Sums, and a bit each that says whether a word has one: they are cleared by those bits."""

    def __init__(self, shape: ClusterShape, ports: list[AccumulatingPort]) -> None:
        self.shape = shape
        self.ports = ports
        self.memory = Memory(shape=shape.lanes * shape.sum_bits, depth=shape.bank_words, init=[])
        self.clear = Signal()
        self.drain_line = Signal(index_bits(shape.bank_words))
        self.drain_word = Signal(shape.lanes * shape.sum_bits)
        """The sum of a line, for the system to read."""

    def elaborate(self, platform: Any) -> Module:
        """A product waits for a word to which any port began to add less than A cycles ago, or which one before its own asks for.

        So no two ports add to one word in a cycle, and each has an adder of its own.
        """
        m = Module()
        m.submodules.memory = self.memory
        valid = Signal(self.shape.bank_words)
        added: Value = valid
        for number, port in enumerate(self.ports):
            m.submodules[f"port_{number}"] = port
            line = wire(m, port.wanted, f"wanted_{number}")
            holds = [other.queue.visible[0] & (other.wanted == line) for other in self.ports[:number]]
            for other in self.ports:
                holds += other.adding(line, self.shape.spec.accumulate_latency - 1)
            m.d.comb += port.waits.eq(Cat(*holds).any())
            m.d.comb += port.sum.eq(lanewise(self.shape, self._sum(m, valid, port.line), port.product))
            added = added | Mux(port.adds, 1 << port.line, 0)
            write = self.memory.write_port()
            m.d.comb += [write.en.eq(port.adds), write.addr.eq(port.line), write.data.eq(port.sum)]
        m.d.sync += valid.eq(Mux(self.clear, 0, added))
        m.d.comb += self.drain_word.eq(self._sum(m, valid, self.drain_line))
        return m

    def _sum(self, m: Module, valid: Signal, line: Signal) -> Value:
        port = self.memory.read_port(domain="comb")
        m.d.comb += port.addr.eq(line)
        return Mux(valid.bit_select(line, 1), port.data, 0)
