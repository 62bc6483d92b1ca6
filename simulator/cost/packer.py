"""The unpacker at the X trunk and the packer at the drain bus: a bitmap and values on one side, plain elements on the other."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.cost.arithmetic import integer_adder
from simulator.cost.component import Area, Component, cell_area
from simulator.cost.registers import flop_clock_pj, flop_data_pj


class ActivationPacker(Component, frozen=True):
    """Keeps pace with a trunk whose line is `elements` values of `element_bits`; either direction is the same hardware.

    A prefix sum over the bitmap (elements × ⌈log2 elements⌉ adders of ⌈log2 elements⌉ + 1 bits) says where each value goes, a
    butterfly of as many levels of 2-to-1 multiplexers (2 × 1.35 GE a bit) brings it there, and a register of the line stands
    behind each of the two. Finding the zeros takes a gate a bit. `element`: its share of a line's energy; `clock`: the
    registers. The structure is assumed, as the weight decoder's is; adders, multiplexers and flops are those of the other
    components.
    """

    elements: int
    element_bits: int

    @property
    def _levels(self) -> int:
        return max(1, (self.elements - 1).bit_length())

    @property
    def _register_bits(self) -> int:
        return 2 * self.elements * (self.element_bits + 1)

    def area(self) -> Area:
        """Cells and their placement."""
        technology = self.technology
        sums = self.elements * self._levels * integer_adder(technology, self._levels + 1).gates
        multiplexers = self.elements * self._levels * self.element_bits * 2 * technology.crossbar_ge_per_bit
        zeros = self.elements * self.element_bits
        return cell_area(technology, sums + multiplexers + zeros + technology.flop_ge_per_bit * self._register_bits)

    def actions(self) -> Mapping[str, float]:
        """`element`: one that comes out or goes in; `clock` a cycle."""
        technology = self.technology
        sum_pj = self._levels * integer_adder(technology, self._levels + 1).pj
        moved_pj = technology.logic_pj(self.element_bits * self._levels * technology.mux_fj_per_level * 1e-3)
        kept_pj = flop_data_pj(technology, self._register_bits / self.elements)
        return {"element": sum_pj + moved_pj + kept_pj, "clock": flop_clock_pj(technology, self._register_bits)}

    def notes(self) -> tuple[str, ...]:
        """No source gives its structure."""
        return ("packing of activations: structure assumed",)
