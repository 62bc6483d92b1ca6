"""Banks of partial sums: each port adds what arrives to its word."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout
from amaranth.lib.memory import Memory

from simulator.rtl.bank import port_queue
from simulator.rtl.bits import index_bits
from simulator.rtl.lanes import lanewise
from simulator.rtl.parts import delayed, wire
from simulator.rtl.shape import ClusterShape


class AccumulatingPort(Elaboratable):
    """One port of a bank. A product that it takes in cycle a is in the sum from the end of cycle a + r + A on.

    It waits for so long in registers and is added within a cycle, so that the next one finds the sum with it: what the engine calls
    forwarding.
    """

    def __init__(self, shape: ClusterShape, requests: StructLayout) -> None:
        spec = shape.spec
        self.stages = spec.read_latency + spec.accumulate_latency
        self.line_bits = index_bits(shape.bank_words)
        self.queue = port_queue(spec, requests)
        self.access = Signal()
        self.adds = Signal()
        self.line = Signal(self.line_bits)
        self.product = Signal(shape.lanes * shape.sum_bits)
        """Of a product that is added in this cycle."""
        self.sum = Signal(shape.lanes * shape.sum_bits)
        """What its word comes to; set by its bank."""
        self.busy = Signal()
        """Products are on their way to their sums."""

    def elaborate(self, platform: Any) -> Module:
        """One a cycle, which nothing holds up."""
        m = Module()
        m.submodules.queue = queue = self.queue
        m.d.comb += [self.access.eq(queue.visible[0]), queue.pop.eq(self.access)]
        way: list[Value] = [self.access]
        for stage in range(self.stages):
            way.append(delayed(m, way[-1], 1, f"taken_{stage}"))
        carried = delayed(m, queue.head.carried, self.stages, "carried")
        m.d.comb += [self.adds.eq(way[-1]), self.busy.eq(Cat(*way).any())]
        m.d.comb += [self.line.eq(carried[: self.line_bits]), self.product.eq(carried[self.line_bits :])]
        return m


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
        """Ports that add to one word in a cycle all come to the same sum, and the last of them writes it."""
        m = Module()
        m.submodules.memory = self.memory
        valid = Signal(self.shape.bank_words)
        added: Value = valid
        for number, port in enumerate(self.ports):
            m.submodules[f"port_{number}"] = port
            after = lanewise(self.shape, wire(m, self._sum(m, valid, port.line), f"before_{number}"), port.product)
            for other in (*self.ports[:number], *self.ports[number + 1 :]):
                after = lanewise(self.shape, after, Mux(other.adds & (other.line == port.line), other.product, 0))
            m.d.comb += port.sum.eq(after)
            added = added | Mux(port.adds, 1 << port.line, 0)
        for number, port in enumerate(self.ports):
            later = [other.adds & (other.line == port.line) for other in self.ports[number + 1 :]]
            write = self.memory.write_port()
            m.d.comb += [write.addr.eq(port.line), write.data.eq(port.sum)]
            m.d.comb += write.en.eq(port.adds & ~Cat(*later).any() if later else port.adds)
        m.d.sync += valid.eq(Mux(self.clear, 0, added))
        m.d.comb += self.drain_word.eq(self._sum(m, valid, self.drain_line))
        return m

    def _sum(self, m: Module, valid: Signal, line: Signal) -> Value:
        port = self.memory.read_port(domain="comb")
        m.d.comb += port.addr.eq(line)
        return Mux(valid.bit_select(line, 1), port.data, 0)
