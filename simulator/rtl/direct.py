"""A copy for one unit: wires to the ports of its banks and back, over which several words may come in a cycle."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Cat, Const, Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout, View
from amaranth.lib.memory import Memory

from simulator.rtl.bank import BankPort
from simulator.rtl.bits import index_bits
from simulator.rtl.parts import delayed, selected, total, wire
from simulator.rtl.queue import Look, Queue
from simulator.rtl.scan import Issue
from simulator.rtl.shape import ClusterShape


class DirectRequests(Elaboratable):
    """The queues of all ports, as the unit sees them: a request goes into that of its port."""

    def __init__(self, shape: ClusterShape, ports: list[BankPort]) -> None:
        self.shape = shape
        self.queues = [port.queue for port in ports]
        self.channels = len(ports)
        self.looks: list[Look] = []
        self.issues: list[Issue] = []
        """Of the unit; set once it is there."""

    def entry(self, source: int) -> DirectRequests:
        """Where the unit looks for free slots."""
        return self

    def into(self, source: int, flit: View) -> Value:
        """The port that it asks."""
        return flit.sink

    def join(self, m: Module, number: int, issues: list[Issue]) -> None:
        """Take what the unit issues."""
        self.issues = issues

    def serve(self, m: Module, number: int, port: BankPort) -> None:
        """Nothing is between a port and its queue."""

    def look(self) -> Look:
        """A view of the free slots of a port."""
        self.looks.append(Look(self.channels, self.queues[0].slots))
        return self.looks[-1]

    def elaborate(self, platform: Any) -> Module:
        """Each port takes what is for it, in order of issue."""
        m = Module()
        stages = self.shape.spec.feed_cycles - 1
        for look in self.looks:
            m.d.comb += look.free.eq(Array(queue.free for queue in self.queues)[look.channel])
        for i, issue in enumerate(self.issues):
            flit = delayed(m, issue.flit.as_value(), stages, f"feed_flit_{i}")
            for port, queue in enumerate(self.queues):
                goes = wire(m, issue.valid & (issue.into == port), f"goes_{i}_{port}")
                m.d.comb += [queue.push[i].eq(delayed(m, goes, stages, f"feed_{i}_{port}")), queue.flit[i].as_value().eq(flit)]
                if queue.early:
                    m.d.comb += queue.reserve[i].eq(goes)
        return m


class DirectReplies(Elaboratable):
    """Wires to the landing registers, which are reserved at issue and never refuse."""

    def __init__(self) -> None:
        self.ports: list[BankPort] = []

    def take(self, m: Module, number: int, port: BankPort) -> None:
        """Join a bank port, whose words never wait."""
        m.d.comb += port.room.eq(1)
        self.ports.append(port)

    def land(self, m: Module, number: int, landing: DirectLanding) -> None:
        """All ports lead to the one unit."""
        for port, landed, flit in zip(self.ports, landing.landed, landing.flit, strict=True):
            m.d.comb += [landed.eq(port.valid), flit.eq(port.reply)]

    def elaborate(self, platform: Any) -> Module:
        """Nothing but wires."""
        return Module()


class DirectLanding(Elaboratable):
    """Landing registers to which words come from all ports at once; those of a cycle rank by issue.

    Who was issued before whom is kept as a bit a pair of slots.
    """

    def __init__(self, shape: ClusterShape, replies: StructLayout) -> None:
        spec = shape.spec
        self.window = window = spec.window
        self.landed = [Signal(name=f"landed_{port}") for port in range(spec.ports)]
        self.flit: list[View] = [Signal(replies, name=f"flit_{port}") for port in range(spec.ports)]
        self.arrivals = Queue(StructLayout({"tag": index_bits(window)}), window, pushes=min(spec.ports, window))
        self.words = Memory(shape=shape.word_bits, depth=window, init=[])
        self.issues: list[Issue] = []
        """Of the unit; set once it is there."""
        self.consumed = Signal()
        self.consumed_tag = Signal(index_bits(window))
        self.consumed_word = Signal(shape.word_bits)

    def _older(self, m: Module) -> list[Signal]:
        """[slots] those that were issued later: the present issue is younger than all, and those of a cycle follow one another."""
        older = [Signal(self.window, name=f"older_{tag}") for tag in range(self.window)]
        for tag, later in enumerate(older):
            after: Value = later
            for issue in self.issues:
                mine = issue.flit.tag == tag
                after = Mux(issue.valid, Mux(mine, 0, after | (1 << issue.flit.tag)), after)
            m.d.sync += later.eq(after)
        return older

    @property
    def arriving(self) -> list[tuple[Signal, Value]]:
        """Words that land in a cycle, with their slots, in their order."""
        return [(push, flit.tag) for push, flit in zip(self.arrivals.push, self.arrivals.flit, strict=True)]

    def elaborate(self, platform: Any) -> Module:
        """Rank, and queue."""
        m = Module()
        m.submodules.arrivals, m.submodules.words = self.arrivals, self.words
        ways = list(zip(self.landed, self.flit, strict=True))
        here = [wire(m, Mux(valid, 1 << flit.tag, 0), f"here_{port}", self.window) for port, (valid, flit) in enumerate(ways)]
        coming = Signal(self.window)
        m.d.comb += coming.eq(Cat(Cat(*(mask[tag] for mask in here)).any() for tag in range(self.window)))
        older = self._older(m)
        ranks = []
        for tag in range(self.window):
            rank = Signal(range(self.window + 1), name=f"rank_{tag}")
            m.d.comb += rank.eq(total([Const(0, 1), *(coming[other] & older[other][tag] for other in range(self.window))]))
            ranks.append(rank)
        for place, (push, flit) in enumerate(zip(self.arrivals.push, self.arrivals.flit, strict=True)):
            mine = [wire(m, coming[tag] & (ranks[tag] == place), f"lands_{place}_{tag}") for tag in range(self.window)]
            m.d.comb += push.eq(Cat(*mine).any())
            m.d.comb += flit.tag.eq(selected([(lands, Const(tag, index_bits(self.window))) for tag, lands in enumerate(mine)]))
        for valid, flit in ways:
            write = self.words.write_port()
            m.d.comb += [write.en.eq(valid), write.addr.eq(flit.tag), write.data.eq(flit.carried)]
        read = self.words.read_port(domain="comb")
        m.d.comb += [
            self.arrivals.pop.eq(self.arrivals.visible[0]),
            self.consumed.eq(self.arrivals.visible[0]),
            self.consumed_tag.eq(self.arrivals.head.tag),
            read.addr.eq(self.consumed_tag),
            self.consumed_word.eq(read.data),
        ]
        return m
