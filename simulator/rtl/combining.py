"""The reply crossbar behind a request crossbar that combines: its outputs select as the requests were granted, a fixed time later."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Elaboratable, Module, Signal
from amaranth.lib.data import StructLayout

from simulator.rtl.bank import BankPort
from simulator.rtl.bits import index_bits
from simulator.rtl.network import Way
from simulator.rtl.parts import chosen, delayed
from simulator.rtl.router import Router
from simulator.rtl.shape import ClusterShape
from simulator.rtl.window import Landing


class CombinedReplies(Elaboratable):
    """A pipeline of words: several units may select the same port, and no word ever waits.

    What a unit was granted goes through registers as long as the way to the bank and its read, and selects when the word is there.
    """

    def __init__(self, shape: ClusterShape, layout: StructLayout, crossbar: Router) -> None:
        """`crossbar`: of the requests, that combines."""
        spec = shape.spec
        self.crossbar = crossbar
        self.spec = spec
        self.word = [Signal(shape.word_bits, name=f"word_{port}") for port in range(spec.ports)]
        """[ports] in the last cycle of the read."""
        self.granted = [Signal(name=f"granted_{unit}") for unit in range(spec.units)]
        """[units] a request of it is granted in this cycle."""
        self.port = [Signal(index_bits(spec.ports), name=f"port_{unit}") for unit in range(spec.units)]
        self.tag = [Signal(index_bits(spec.window), name=f"tag_{unit}") for unit in range(spec.units)]
        self.out = [Way(Signal(name=f"out_{unit}"), Signal(layout, name=f"out_flit_{unit}")) for unit in range(spec.units)]

    def take(self, m: Module, number: int, port: BankPort) -> None:
        """Join a bank port, whose words never wait."""
        m.d.comb += [port.room.eq(1), self.word[number].eq(port.reply.carried)]

    def land(self, m: Module, number: int, landing: Landing) -> None:
        """What a unit is granted, and what comes to it."""
        router = self.crossbar
        m.d.comb += [
            self.granted[number].eq(router.left[number]),
            self.port[number].eq(router.left_link[number]),
            self.tag[number].eq(router.left_flit[number].tag),
        ]
        landing.take(m, self.out[number].valid, self.out[number].flit)

    def elaborate(self, platform: Any) -> Module:
        """A multiplexer a unit."""
        m = Module()
        words = [delayed(m, word, 1, f"read_{port}") for port, word in enumerate(self.word)]
        until_read = self.spec.requests.latency + self.spec.read_latency
        crossing = self.spec.replies.latency - 1
        for unit, (granted, port, tag) in enumerate(zip(self.granted, self.port, self.tag, strict=True)):
            select = delayed(m, Cat(granted, port, tag), until_read, f"select_{unit}")
            valid, from_port, for_tag = select[0], select[1 : 1 + len(port)], select[1 + len(port) :]
            out = delayed(m, Cat(valid, for_tag, chosen(words, from_port)), crossing, f"crossing_{unit}")
            reply = self.out[unit]
            m.d.comb += [
                reply.valid.eq(out[0]),
                reply.flit.tag.eq(out[1 : 1 + len(tag)]),
                reply.flit.carried.eq(out[1 + len(tag) :]),
                reply.flit.sink.eq(unit),
            ]
        return m
