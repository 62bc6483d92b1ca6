"""A copy for one unit: wires to the ports of its banks and back, over which several words may come in a cycle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Array, Elaboratable, Module, Signal, Value
from amaranth.lib.data import StructLayout, View

from simulator.rtl.bank import BankPort
from simulator.rtl.flit import Leaving
from simulator.rtl.parts import delayed, wire
from simulator.rtl.queue import Look, Queued
from simulator.rtl.ranking import ByIssue
from simulator.rtl.shape import ClusterShape
from simulator.rtl.window import LandingRegisters


class DirectRequests(Elaboratable):
    """The queues of all ports, as the unit sees them: a request goes into that of its port."""

    def __init__(self, shape: ClusterShape, ports: Sequence[Queued]) -> None:
        self.shape = shape
        self.queues = [port.queue for port in ports]
        self.channels = len(ports)
        self.looks: list[Look] = []
        self.issues: Sequence[Leaving] = []
        """Of the unit; set once it is there."""

    def entry(self, source: int) -> DirectRequests:
        """Where the unit looks for free slots."""
        return self

    def into(self, source: int, flit: View) -> Value:
        """The port that it asks."""
        return flit.sink

    def join(self, m: Module, number: int, issues: Sequence[Leaving]) -> None:
        """Take what the unit issues."""
        self.issues = issues

    def serve(self, m: Module, number: int, port: Queued) -> None:
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


class DirectLanding(LandingRegisters):
    """Landing registers to which words come from all ports at once; those of a cycle rank by issue."""

    def __init__(self, shape: ClusterShape, replies: StructLayout) -> None:
        spec = shape.spec
        window = spec.window
        super().__init__(window, shape.word_bits, pushes=min(spec.ports, window))
        self.landed = [Signal(name=f"landed_{port}") for port in range(spec.ports)]
        self.flit: list[View] = [Signal(replies, name=f"flit_{port}") for port in range(spec.ports)]
        self.ranking = ByIssue(window, spec.ports)

    @property
    def arriving(self) -> list[tuple[Signal, Value]]:
        """Words that land in a cycle, with their slots, in their order."""
        return [(push, flit.tag) for push, flit in zip(self.arrivals.push, self.arrivals.flit, strict=True)]

    def elaborate(self, platform: Any) -> Module:
        """Rank, and queue."""
        m = Module()
        m.submodules.ranking, m.submodules.arrivals, m.submodules.words = ranking, arrivals, _ = self.ranking, self.arrivals, self.words
        for comes, slot, landed, flit in zip(ranking.comes, ranking.slot, self.landed, self.flit, strict=True):
            m.d.comb += [comes.eq(landed), slot.eq(flit.tag)]
        for push, into, valid, tag in zip(arrivals.push, arrivals.flit, ranking.valid, ranking.tag, strict=True):
            m.d.comb += [push.eq(valid), into.tag.eq(tag)]
        for valid, flit in zip(self.landed, self.flit, strict=True):
            write = self.words.write_port()
            m.d.comb += [write.en.eq(valid), write.addr.eq(flit.tag), write.data.eq(flit.carried)]
        self.empty(m)
        return m
