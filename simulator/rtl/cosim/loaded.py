"""A traced cluster whose memories and settings are written over one bus, so that a simulator outside needs to know six wires."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from amaranth.hdl import Elaboratable, Module, Signal

from simulator.rtl.cosim.loads import Load
from simulator.rtl.cosim.traced import Traced

LIST, PRESENT, LENGTH, WORD, SETTING = range(1, 6)
"""What is written; 0: nothing."""
WIDE = 65
"""Bits beyond which Verilator has arrays for a wire; the wires here all have more."""


class Loaded(Elaboratable):
    """The bus: what is written, in which unit or bank, at which address, and the bits."""

    def __init__(self, traced: Traced) -> None:
        cluster = traced.cluster
        self.traced = traced
        self.settings = ("features", "last_token", "piece_entries", "fifo_pieces")
        bank = cluster.units[0].walk.bank
        self.load_kind = Signal(3)
        self.load_index = Signal(32)
        self.load_address = Signal(32)
        self.load_data = Signal(max(WIDE, len(bank.fill_entries), cluster.shape.word_bits))
        self.run = Signal()
        self.trace_out = Signal(max(WIDE, len(traced.trace)))

    @property
    def ports(self) -> list[Signal]:
        """Of the top module."""
        return [self.load_kind, self.load_index, self.load_address, self.load_data, self.run, self.trace_out]

    def elaborate(self, platform: Any) -> Module:
        """A decoder; lengths of lists and settings stay in registers, over a reset as memories do."""
        m = Module()
        m.submodules.traced = self.traced
        cluster, data, address = self.traced.cluster, self.load_data, self.load_address
        m.d.comb += [self.trace_out.eq(self.traced.trace), cluster.tile.run.eq(self.run)]
        for number, unit in enumerate(cluster.units):
            lists, scan, here = unit.walk.bank, unit.scan, self.load_index == number
            length = Signal.like(unit.walk.length, name=f"length_{number}", reset_less=True)
            with m.If((self.load_kind == LENGTH) & here):
                m.d.sync += length.eq(data)
            m.d.comb += [
                unit.walk.length.eq(length),
                lists.fill.eq((self.load_kind == LIST) & here),
                lists.fill_line.eq(address),
                lists.fill_entries.eq(data),
                scan.fill.eq((self.load_kind == PRESENT) & here),
                scan.fill_address.eq(address),
                scan.fill_present.eq(data),
            ]
        for number, bank in enumerate(cluster.banks):
            m.d.comb += [
                bank.fill.eq((self.load_kind == WORD) & (self.load_index == number)),
                bank.fill_line.eq(address),
                bank.fill_word.eq(data),
            ]
        for place, name in enumerate(self.settings):
            wire = getattr(cluster.tile, name)
            setting = Signal.like(wire, name=f"set_{name}", reset_less=True)
            with m.If((self.load_kind == SETTING) & (self.load_index == place)):
                m.d.sync += setting.eq(data)
            m.d.comb += wire.eq(setting)
        return m

    def writes(self, load: Load) -> Iterator[tuple[int, int, int, int]]:
        """(what, where, address, bits) of a tile, one a cycle."""
        for unit, (lines, length, present) in enumerate(zip(load.lines, load.lengths, load.present, strict=True)):
            yield LENGTH, unit, 0, length
            yield from ((LIST, unit, place, line) for place, line in enumerate(lines))
            yield from ((PRESENT, unit, place, bit) for place, bit in enumerate(present))
        for bank, words in enumerate(load.words):
            yield from ((WORD, bank, place, word) for place, word in enumerate(words))
        for place, name in enumerate(self.settings):
            yield SETTING, place, 0, load.settings[name]
