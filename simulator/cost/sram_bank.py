"""An on-chip bank: ping and pong halves of SRAM macros side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component
from simulator.cost.sram_macro import Ports, SramMacro

_WIDEST_BITS = 512


@dataclass(frozen=True)
class SramBank(Component):
    """`halves` memories of `kib` KiB each (2: ping and pong); an access goes to one of them.

    A half is `slices` macros side by side, each with its part of the word, and as many more as keep a macro's word
    within 512 bits. Area and leakage of all macros; energy of one half's. Placed area = κ · macro area, κ once.
    """

    kib: float
    width_bits: int
    ports: Ports = "1rw"
    halves: int = 2
    slices: int = 1

    @property
    def macros_per_half(self) -> int:
        """Macros side by side in a half."""
        return self.slices * max(1, math.ceil(self.width_bits / self.slices / _WIDEST_BITS))

    @property
    def macro(self) -> SramMacro:
        """One of them."""
        parts = self.macros_per_half
        return SramMacro(self.technology, self.kib / parts, math.ceil(self.width_bits / parts), self.ports)

    def area(self) -> Area:
        """Macros, and macros × κ."""
        macros_mm2 = self.halves * self.macros_per_half * self.macro.area_um2() * 1e-6
        return Area(macros_mm2, macros_mm2 * self.technology.macro_placement)

    def actions(self) -> Mapping[str, float]:
        """`read` and `write` one word; `read_bit` and `write_bit`: a bit's share of one."""
        read_pj, write_pj = (self.macros_per_half * energy for energy in (self.macro.read_pj(), self.macro.write_pj()))
        return {"read": read_pj, "write": write_pj, "read_bit": read_pj / self.width_bits, "write_bit": write_pj / self.width_bits}

    def leakage_mw(self) -> float:
        """Of all macros of both halves."""
        return self.halves * self.macros_per_half * self.macro.leakage_mw()

    def logic_mm2(self) -> float:
        """None: a macro brings its own control."""
        return 0.0

    def notes(self) -> tuple[str, ...]:
        """The macro's."""
        return self.macro.notes()
