"""A traced cluster whose memories and settings are written over one bus, so that a simulator outside needs to know six wires."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from amaranth.hdl import Elaboratable, Module, Signal

from simulator.rtl.cosim.loads import Load
from simulator.rtl.cosim.traced import Traced

EVERY = (1 << 32) - 1
"""Where something is written that is the same in all memories of a name."""
WIDE = 65
"""Bits beyond which Verilator has arrays for a wire; the wires here all have more."""


class Loaded(Elaboratable):
    """The bus: what is written, in which unit or bank, at which address, and the bits.

    What is written is a memory, by its place in the names of the cluster's ports from 1 on, the length of a list, or a setting; 0: nothing.
    """

    def __init__(self, traced: Traced) -> None:
        cluster = traced.cluster
        self.traced = traced
        self.settings = ("features", "last_token", "piece_entries", "fifo_pieces")
        self.kinds = {name: 1 + place for place, name in enumerate((*cluster.fills, "length", "setting"))}
        widest = max(len(fill.word) for fills in cluster.fills.values() for fill in fills)
        self.load_kind = Signal(range(1 + len(self.kinds)))
        self.load_index = Signal(32)
        self.load_address = Signal(32)
        self.load_data = Signal(max(WIDE, widest))
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
        cluster = self.traced.cluster
        kind, index, address, data, run = (self._held(m, wire) for wire in self.ports[:-1])
        m.d.comb += [self.trace_out.eq(self.traced.trace), cluster.tile.run.eq(run)]

        def kept(wire: Signal, name: str, what: str, place: int) -> None:
            register = Signal.like(wire, name=name, reset_less=True)
            with m.If((kind == self.kinds[what]) & (index == place)):
                m.d.sync += register.eq(data)
            m.d.comb += wire.eq(register)

        for number, length in enumerate(cluster.lengths):
            kept(length, f"length_{number}", "length", number)
        for place, name in enumerate(self.settings):
            kept(getattr(cluster.tile, name), f"set_{name}", "setting", place)
        every = index == EVERY
        for name, fills in cluster.fills.items():
            for number, fill in enumerate(fills):
                here = (kind == self.kinds[name]) & ((index == number) | every)
                m.d.comb += [fill.valid.eq(here), fill.address.eq(address), fill.word.eq(data)]
        return m

    def _held(self, m: Module, wire: Signal) -> Signal:
        """A register between the bus and all that it reaches, so that nothing has to be worked out when a wire of the bus changes."""
        register = Signal.like(wire, name=f"{wire.name}_held")
        m.d.sync += register.eq(wire)
        return register

    def writes(self, load: Load) -> Iterator[tuple[int, int, int, int]]:
        """(what, where, address, bits) of a tile, one a cycle."""
        for name, contents in load.contents.items():
            for number, words in enumerate(contents):
                where = number if len(contents) > 1 else EVERY
                yield from ((self.kinds[name], where, place, word) for place, word in enumerate(words))
        yield from ((self.kinds["length"], unit, 0, length) for unit, length in enumerate(load.lengths))
        yield from ((self.kinds["setting"], place, 0, load.settings[name]) for place, name in enumerate(self.settings))
