"""SRAM: one macro by the model that the technology names, and banks of macros side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from simulator.cost.component import Area, Component
from simulator.cost.sram_law import CactiSram, ClosedFormSram, SramLaw
from simulator.cost.technology import Technology

Ports = Literal["1rw", "1r1w", "2rw", "3rw", "4rw", "5rw", "6rw", "7rw", "8rw"]
PORTS_RW: tuple[Ports, ...] = ("1rw", "2rw", "3rw", "4rw", "5rw", "6rw", "7rw", "8rw")
"""Kinds of macro by number of read-write ports, from one."""

SRAM_MODELS: dict[str, type[SramLaw]] = {"closed_form": ClosedFormSram, "cacti": CactiSram}
"""By the name in a technology file."""


class SramMacro(Struct, frozen=True):
    """A macro of `kib` KiB and words of `width_bits` in `lanes` parts (`SramLaw`): area, energy of an access, leakage."""

    technology: Technology
    kib: float
    width_bits: int
    ports: Ports = "1rw"
    lanes: float = 1

    def area_um2(self) -> float:
        """Macro area, without placement."""
        return self._law.area_um2()

    def read_pj(self) -> float:
        """Energy to read one word."""
        return self._law.access_pj("read")

    def write_pj(self) -> float:
        """Energy to write one word."""
        return self._law.access_pj("write")

    def leakage_mw(self) -> float:
        """.226 mW/KiB × (node/45)^1.9 at 85 °C (CACTI: LSTP cells, HP periphery; no better than ×3) × the ports' area, at `junction_c`."""
        area_factor, _ = self._port_factors()
        return self.technology.sram_leakage_mw(self.kib) * area_factor

    def notes(self) -> tuple[str, ...]:
        """Where the macro is outside the range of its model."""
        extrapolated = (f"SRAM with {self.ports} ports: extrapolated from 1rw and 2rw",) if self.ports in PORTS_RW[2:] else ()
        return (*self._law.notes(), *extrapolated)

    @property
    def _law(self) -> SramLaw:
        return SRAM_MODELS[self.technology.sram_model](self.technology, self.kib, self.width_bits, *self._port_factors(), self.lanes)

    def _port_factors(self) -> tuple[float, float]:
        """Area and energy over 1rw; every further read-write port adds what the second does."""
        technology = self.technology
        if self.ports == "1r1w":
            return technology.sram_1r1w_area_factor, technology.sram_1r1w_energy_factor
        further = PORTS_RW.index(self.ports)
        return 1 + further * (technology.sram_2rw_area_factor - 1), 1 + further * (technology.sram_2rw_energy_factor - 1)


_WIDEST_BITS = 512


class SramBank(Component, frozen=True):
    """`halves` memories of `kib` KiB each (2: ping and pong); an access goes to one of them.

    A half is `slices` macros side by side, each with its part of the word, and as many more as keep a macro's word
    within 512 bits. `lanes` as in `SramLaw`, of the whole word. Area and leakage of all macros; energy of one half's.
    Placed area = κ · macro area, κ once.
    """

    kib: float
    width_bits: int
    ports: Ports = "1rw"
    halves: int = 2
    slices: int = 1
    lanes: int = 1

    @property
    def macros_per_half(self) -> int:
        """Macros side by side in a half."""
        return self.slices * max(1, math.ceil(self.width_bits / self.slices / _WIDEST_BITS))

    @property
    def macro(self) -> SramMacro:
        """One of them."""
        parts = self.macros_per_half
        return SramMacro(self.technology, self.kib / parts, math.ceil(self.width_bits / parts), self.ports, max(1.0, self.lanes / parts))

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
