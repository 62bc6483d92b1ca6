"""The accumulator rows of a vector unit and the adder that merges their partial sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component, cell_area
from simulator.cost.datapath import adder
from simulator.cost.register_file import RegisterFile
from simulator.machine.model import BITS


@dataclass(frozen=True)
class Accumulators(Component):
    """Register file of `rows` open rows × `partial_sums` each, a word of `lanes` sums, and one merge adder a lane.

    One adder a lane keeps up with any list: a row of n entries occupies the unit for at least n cycles and leaves
    min(n, partial_sums) sums to merge. `update`: a word read and written; `merge`: partial_sums - 1 additions a lane
    (a short row needs fewer: an upper bound) with the reads of their words.
    """

    rows: int
    partial_sums: int
    lanes: int
    accumulate: str

    @property
    def _registers(self) -> RegisterFile:
        return RegisterFile(self.technology, self.rows * self.partial_sums, self.lanes * BITS[self.accumulate])

    def area(self) -> Area:
        """Register file and merge adders."""
        registers = self._registers.area()
        adders = cell_area(self.technology, self.lanes * adder(self.technology, self.accumulate).gates)
        return Area(registers.cell_mm2 + adders.cell_mm2, registers.placed_mm2 + adders.placed_mm2)

    def actions(self) -> Mapping[str, float]:
        """`update` and `merge` one row word; `clock` a cycle."""
        registers = self._registers.actions()
        addition_pj = self.lanes * adder(self.technology, self.accumulate).pj
        merge_pj = self.partial_sums * registers["read"] + (self.partial_sums - 1) * addition_pj
        return {"update": registers["read"] + registers["write"], "merge": merge_pj, "clock": registers["clock"]}
