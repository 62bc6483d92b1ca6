"""A memory bank: ports with a request queue, one access a cycle and a read pipeline each; one memory behind them."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib.data import StructLayout, View
from amaranth.lib.memory import Memory

from simulator.engine.cluster import ClusterSpec
from simulator.rtl.parts import delayed
from simulator.rtl.queue import Queue


def port_queue(spec: ClusterSpec, requests: StructLayout) -> Queue:
    """The request queue of a port: with a slot for each stage of the network's pipeline, told ahead of what takes cycles to come."""
    if spec.network == "none":
        return Queue(requests, spec.bank_queue, pushes=spec.issue_width, early=spec.feed_cycles > 1)
    early = spec.requests.latency + spec.requests.flits > 2
    return Queue(requests, spec.bank_queue + spec.requests.latency, early=early)


class BankPort(Elaboratable):
    """One port of a bank. An access in cycle a has its word in the reply queue at the end of a + r − 1.

    A memory whose read takes r > 1 cycles has a register at its own output; with r = 1 the slot of the reply queue is that register.
    """

    def __init__(self, spec: ClusterSpec, requests: StructLayout, replies: StructLayout) -> None:
        self.replies = replies
        self.read_latency = spec.read_latency
        self.queue = port_queue(spec, requests)
        self.room = Signal()
        """Whether the reply queue has a slot."""
        self.access = Signal()
        self.line = Signal(requests["carried"].shape)
        """Of the memory, that is read if there is an access."""
        self.word = Signal(replies["carried"].shape)
        """What the memory gives: in the same cycle if r is 1, else in the next."""
        self.valid = Signal()
        self.reply: View = Signal(replies)

    def elaborate(self, platform: Any) -> Module:
        """Serve the head where its reply has room."""
        m = Module()
        m.submodules.queue = queue = self.queue
        head = queue.head
        m.d.comb += [self.access.eq(queue.visible[0] & self.room), queue.pop.eq(self.access), self.line.eq(head.carried)]
        stages = self.read_latency - 1
        m.d.comb += [
            self.valid.eq(delayed(m, self.access, stages, "access")),
            self.reply.sink.eq(delayed(m, head.source, stages, "unit")),
            self.reply.source.eq(delayed(m, head.sink, stages, "port")),
            self.reply.tag.eq(delayed(m, head.tag, stages, "tag")),
            self.reply.carried.eq(delayed(m, self.word, max(0, stages - 1), "word")),
        ]
        return m


class Bank(Elaboratable):
    """The memory of one half of a bank: a read port for each port of the bank, and one that fills it."""

    def __init__(self, words: int, word_bits: int, ports: list[BankPort]) -> None:
        self.memory = Memory(shape=word_bits, depth=words, init=[])
        self.ports = ports
        self.fill = Signal()
        self.fill_line = Signal(range(max(2, words)))
        self.fill_word = Signal(word_bits)

    def elaborate(self, platform: Any) -> Module:
        """Ports and memory."""
        m = Module()
        m.submodules.memory = self.memory
        write = self.memory.write_port()
        m.d.comb += [write.en.eq(self.fill), write.addr.eq(self.fill_line), write.data.eq(self.fill_word)]
        for number, port in enumerate(self.ports):
            m.submodules[f"port_{number}"] = port
            read = self.memory.read_port(domain="comb" if port.read_latency == 1 else "sync")
            m.d.comb += [read.addr.eq(port.line), port.word.eq(read.data)]
        return m
