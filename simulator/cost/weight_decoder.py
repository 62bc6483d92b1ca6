"""The decoder between the W trunk and a systolic array's weight buffer: compressed weights in, dense ones out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component, cell_area
from simulator.cost.register_file import flop_data_pj, gated_clock_pj


@dataclass(frozen=True)
class WeightDecoder(Component):
    """Expands nonzeros to `elements` weights of `bits` bits a cycle, as many as the buffer's banks take.

    L = ⌈log2 elements⌉ levels, in each of which every element has an adder of L bits (the prefix sum of the bitmap, or the
    place of an index) and a multiplexer of two words. Gates = elements · L · (2 · 1.35 bits + 1.3 · 5.4 L) + 2 · 5.9 · elements
    · bits of registers + 7.2 for each of `valid_bits`: latches that are cleared with a fill and set as their word is written,
    so that words of zeros need no write. `take`: a byte registered on its way in; `decode`: one weight of a written word.
    """

    elements: int
    bits: int
    valid_bits: int = 0

    @property
    def _levels(self) -> int:
        return math.ceil(math.log2(max(self.elements, 2)))

    @property
    def _register_bits(self) -> int:
        return 2 * self.elements * self.bits

    def area(self) -> Area:
        """Cells and their placement."""
        technology = self.technology
        place = technology.int_adder_ge_per_bit * technology.int_synthesis_factor * self._levels
        level = 2 * technology.crossbar_ge_per_bit * self.bits + place
        latches = technology.latch_array_ge_per_bit * self.valid_bits
        return cell_area(technology, self.elements * self._levels * level + technology.flop_ge_per_bit * self._register_bits + latches)

    def actions(self) -> Mapping[str, float]:
        """`take` a byte, `decode` a weight; `clock` a cycle, behind gates."""
        technology = self.technology
        level_fj = technology.mux_fj_per_level * self.bits + technology.int_adder_fj_per_bit * self._levels
        return {
            "take": flop_data_pj(technology, 8),
            "decode": technology.logic_pj(self._levels * level_fj * 1e-3) + flop_data_pj(technology, self.bits),
            "clock": gated_clock_pj(technology, self._register_bits),
        }
