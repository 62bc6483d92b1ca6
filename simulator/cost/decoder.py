"""The decoder that turns stored weights into the form that the fabric works on, and the latches that spare it the zeros."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.cost.arithmetic import adder
from simulator.cost.component import Area, Component, cell_area
from simulator.cost.registers import flop_clock_pj, flop_data_pj


class WeightDecoder(Component, frozen=True):
    """Keeps pace with a trunk: `elements` weights a cycle, each of `entry_bits` with its place.

    A prefix sum over the metadata (elements × ⌈log2 elements⌉ adders of 16 bits, half an int32's), a butterfly that brings every value to
    its place (⌈log2 elements⌉ levels of 2-to-1 multiplexers, 2 × 1.35 GE a bit) and a register of the line behind each of the
    two. `decode_bit`: its share of a line's energy; `clock`: the registers. This structure is assumed (no source prices a
    decoder of all these formats); its adders, multiplexers and flops are those of the other components.
    """

    elements: int
    entry_bits: int
    line_bits: int

    @property
    def _levels(self) -> int:
        return max(1, (self.elements - 1).bit_length())

    @property
    def _register_bits(self) -> int:
        return 2 * self.elements * self.entry_bits

    def area(self) -> Area:
        """Cells and their placement."""
        technology = self.technology
        sums = self.elements * self._levels * adder(technology, "int32").gates / 2
        multiplexers = self.elements * self._levels * self.entry_bits * 2 * technology.crossbar_ge_per_bit
        return cell_area(technology, sums + multiplexers + technology.flop_ge_per_bit * self._register_bits)

    def actions(self) -> Mapping[str, float]:
        """`decode_bit` one bit of the stored form; `clock` a cycle."""
        technology = self.technology
        sums_pj = self.elements * self._levels * adder(technology, "int32").pj / 2
        moved_pj = technology.logic_pj(self.elements * self.entry_bits * self._levels * technology.mux_fj_per_level * 1e-3)
        line_pj = sums_pj + moved_pj + flop_data_pj(technology, self._register_bits)
        return {"decode_bit": line_pj / self.line_bits, "clock": flop_clock_pj(technology, self._register_bits)}

    def notes(self) -> tuple[str, ...]:
        """No source gives its structure."""
        return ("weight decoder: structure assumed",)


class ValidBits(Component, frozen=True):
    """A latch for each of `words`, cleared with a fill and set as the word is written: 7.2 GE each. `set`: one of them."""

    words: int

    def area(self) -> Area:
        """Cells and their placement."""
        return cell_area(self.technology, self.technology.latch_array_ge_per_bit * self.words)

    def actions(self) -> Mapping[str, float]:
        """`set` one latch: charged as the data of a flop, which is a little more."""
        return {"set": flop_data_pj(self.technology, 1)}
