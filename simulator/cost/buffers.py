"""The buffer of the tensors that live between operations."""

from __future__ import annotations

import math
from collections.abc import Mapping

from simulator.cost.component import Area, Component
from simulator.cost.sram import SramMacro

WORD_BYTES = 32
"""A word of a sub-bank; the port is as many sub-banks wide as its bytes need."""


class ActivationBuffer(Component, frozen=True):
    """`kib` KiB in macros of 32-byte words, side by side until they are as wide as the port; one copy, not ping and pong.

    Area: the macros, 1rw: reads and writes go to different tensors, hence to different macros. Energy of a 32-byte
    word: the sub-banked law of `SramMacro` with the whole buffer as its capacity and its side.
    """

    kib: float
    port_bytes: int

    @property
    def macros(self) -> int:
        """Macros side by side."""
        return max(1, math.ceil(self.port_bytes / WORD_BYTES))

    def area(self) -> Area:
        """Macros, and macros × κ."""
        macro = SramMacro(self.technology, self.kib / self.macros, 8 * WORD_BYTES)
        macros_mm2 = self.macros * macro.area_um2() * 1e-6
        return Area(macros_mm2, macros_mm2 * self.technology.macro_placement)

    def actions(self) -> Mapping[str, float]:
        """`read_byte` and `write_byte`: a byte's share of a word."""
        whole = SramMacro(self.technology, self.kib, 8 * WORD_BYTES)
        return {"read_byte": whole.read_pj() / WORD_BYTES, "write_byte": whole.write_pj() / WORD_BYTES}

    def leakage_mw(self) -> float:
        """Of all macros."""
        return self.technology.sram_leakage_mw(self.kib)

    def logic_mm2(self) -> float:
        """None: a macro brings its own control."""
        return 0.0

    def notes(self) -> tuple[str, ...]:
        """Where the capacity is outside the fit."""
        return SramMacro(self.technology, self.kib, 8 * WORD_BYTES).notes()
