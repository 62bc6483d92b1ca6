"""An SRAM macro by formula: sub-banked where it is large, against a latch array where it is small."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.cost.register_file import array_energy
from simulator.cost.sram_law import Access, SramLaw

_SMALLEST_KIB = 4.0
_LARGEST_KIB = 1024.0
_NARROWEST_BITS = 32
_WIDEST_BITS = 512


@dataclass(frozen=True)
class ClosedFormSram(SramLaw):
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
        energy = array_energy(self.technology, self.bits / self.width_bits, self.width_bits, latch_um2 * 1e-6)
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
        return technology.logic_pj(self.energy_factor * (fixed + moved))
