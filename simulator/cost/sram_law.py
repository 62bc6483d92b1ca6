"""What an SRAM macro costs, by formula or by CACTI."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Literal

from msgspec import Struct

from simulator.cost.cacti import CactiFigures, cacti_figures
from simulator.cost.registers import array_energy
from simulator.cost.technology import Technology

Access = Literal["read", "write"]


class SramLaw(Struct, frozen=True):
    """A macro of `kib` KiB in words of `width_bits`; the factors tell its ports from a single read-write port.

    `lanes`: equal parts of the word whose bits never leave their part, as latches can be placed; a macro's wires span it whole.
    """

    technology: Technology
    kib: float
    width_bits: int
    area_factor: float
    energy_factor: float
    lanes: float = 1

    @property
    def bits(self) -> float:
        """Bits held."""
        return self.kib * 8192

    @abstractmethod
    def area_um2(self) -> float:
        """Macro area, without placement."""

    @abstractmethod
    def access_pj(self, action: Access) -> float:
        """Energy to read or write one word."""

    @abstractmethod
    def notes(self) -> tuple[str, ...]:
        """Where the macro is outside the range of the model."""


_SMALLEST_KIB = 4.0
_LARGEST_KIB = 1024.0
_NARROWEST_BITS = 32
_WIDEST_BITS = 512


class ClosedFormSram(SramLaw, frozen=True):
    """Valid for 4 to 1,024 KiB and words of 32 to 512 bits.

    Area (um²) = P_A · cell · (1.23 bits + 178 √bits) · max(1, w/64)^0.05, fitted to compiled 12 nm macros of 4 to
    256 KiB. Read (pJ at 45 nm) = P_E [10.7 (C/32)^0.47 + 7.5 (w/64) (C/32)^0.50], write likewise with 4.0, 0.50,
    13.0, 0.42 (Horowitz 2014; split by CACTI runs). Both are for one array; a large macro may be divided into k sub-banks:
    energy = least over k of E(C/k) + w · e_w · √A. As E falls with k without end, that is one array, or sub-banks of the
    smallest size. Small macros are the least of this and of a latch array.
    """

    def area_um2(self) -> float:
        """The law's, or the latches' where that is less."""
        return min(self._sram_area_um2(), self._latch_area_um2())

    def access_pj(self, action: Access) -> float:
        """The law's, or the latches'; the latches' energy is had only at their area, else a mix of both would beat either."""
        latch_um2 = self._latch_area_um2()
        energy = array_energy(self.technology, self.bits / self.width_bits, self.width_bits, latch_um2 * 1e-6, self.lanes)
        latch = self.energy_factor * (energy.read_pj if action == "read" else energy.write_pj)
        return min(self._sram_pj(action), latch * max(1.0, latch_um2 / self._sram_area_um2()))

    def notes(self) -> tuple[str, ...]:
        """Where the macro is outside the range of its laws."""
        found = []
        if self.kib < _SMALLEST_KIB:
            found.append(f"SRAM of {self.kib:g} KiB: below the {_SMALLEST_KIB:g} KiB of the fit")
        if self.kib > _LARGEST_KIB:
            found.append(f"SRAM of {self.kib:g} KiB: above the {_LARGEST_KIB:g} KiB of the fit")
        if not _NARROWEST_BITS <= self.width_bits <= _WIDEST_BITS:
            found.append(f"SRAM word of {self.width_bits} b: outside the {_NARROWEST_BITS} to {_WIDEST_BITS} b of the fit")
        return tuple(found)

    def _sram_area_um2(self) -> float:
        technology = self.technology
        cells = technology.sram_bit_factor * self.bits + technology.sram_periphery_factor * math.sqrt(self.bits)
        width = max(1.0, self.width_bits / 64) ** technology.sram_width_exponent
        return float(self.area_factor * technology.sram_cell_um2 * cells * width)

    def _latch_area_um2(self) -> float:
        return self.area_factor * self.technology.latch_array_ge_per_bit * self.bits * self.technology.gate_area_um2

    def _sram_pj(self, action: Access) -> float:
        whole = self._array_pj(action, self.kib)
        if self.kib <= self.technology.sram_subbank_kib:
            return whole
        side_mm = math.sqrt(self._sram_area_um2() * self.technology.macro_placement * 1e-6)
        return min(whole, self._array_pj(action, self.technology.sram_subbank_kib) + self.technology.wire_pj(self.width_bits * side_mm))

    def _array_pj(self, action: Access, kib: float) -> float:
        technology, size, words = self.technology, kib / 32, self.width_bits / 64
        if action == "read":
            fixed = technology.sram_read_fixed_pj * size**technology.sram_read_fixed_exponent
            moved = technology.sram_read_bit_pj * words * size**technology.sram_read_bit_exponent
        else:
            fixed = technology.sram_write_fixed_pj * size**technology.sram_write_fixed_exponent
            moved = technology.sram_write_bit_pj * words * size**technology.sram_write_bit_exponent
        return technology.sram_pj(self.energy_factor * (fixed + moved))


_FEWEST_WORDS = 64


class CactiSram(SramLaw, frozen=True):
    """CACTI 7 as hwcomponents-cacti runs it: LSTP cells, 300 K, optimised for leakage alone. 22 to 90 nm.

    Asked for one read-write port; other ports take the factors of the closed form. Area and energies are CACTI's at its
    own supply, times the square of the technology's supply over its nominal one; `sram_energy_scale` and `sram_cell_um2` have no
    part in it. Leakage stays the technology's, since CACTI's at 300 K is about a thousandth of a hot die's. CACTI is
    not smooth: its best organisation jumps with capacity and width, so that a sweep shows cliffs that no compiler would.
    """

    def area_um2(self) -> float:
        """CACTI's, times the ports' factor."""
        return self.area_factor * self._figures.area_um2

    def access_pj(self, action: Access) -> float:
        """CACTI's, times the ports' and the supply's factors."""
        pj = self._figures.read_pj if action == "read" else self._figures.write_pj
        return self.energy_factor * self.technology.supply_factor * pj

    def notes(self) -> tuple[str, ...]:
        """What it is, and where the package itself extrapolates."""
        found = ["SRAM by CACTI: LSTP cells, optimised for leakage; not smooth in capacity and width"]
        if self.width_bits < _NARROWEST_BITS or self.bits / self.width_bits < _FEWEST_WORDS:
            found.append(f"SRAM of {self.kib:g} KiB × {self.width_bits} b: below {_FEWEST_WORDS} words of {_NARROWEST_BITS} b, scaled down")
        return tuple(found)

    @property
    def _figures(self) -> CactiFigures:
        return cacti_figures(self.technology.node_nm, self.bits, self.width_bits)
