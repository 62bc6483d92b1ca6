"""An SRAM macro by CACTI: an optional second opinion, never needed."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.cost.cacti import CactiFigures, cacti_figures
from simulator.cost.sram_law import Access, SramLaw

_NARROWEST_BITS = 32
_FEWEST_WORDS = 64


@dataclass(frozen=True)
class CactiSram(SramLaw):
    """CACTI 7 as hwcomponents-cacti runs it: LSTP cells, 300 K, optimised for leakage alone. 22 to 90 nm.

    Asked for one read-write port; other ports take the factors of the closed form. Area and energies are CACTI's at its
    own supply, times the square of the technology's supply over its nominal one; `energy_scale` and `sram_cell_um2` have no
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
