"""An adder of whole words: the banks' accumulators of the scatter dataflow, and the adders of the drain bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component, cell_area
from simulator.cost.datapath import adder
from simulator.cost.register_file import flop_clock_pj, flop_data_pj
from simulator.machine.model import BITS


@dataclass(frozen=True)
class WordAdder(Component):
    """`lanes` adders of one format side by side, in `stages` pipeline stages.

    Gates = lanes × (adder + 5.9 b a stage). `add`: a word; where an event is a word of other width, its instance says so.
    """

    lanes: int
    accumulate: str
    stages: int

    @property
    def _register_bits(self) -> int:
        return self.lanes * BITS[self.accumulate] * self.stages

    def area(self) -> Area:
        """Cells and their placement."""
        gates = self.lanes * adder(self.technology, self.accumulate).gates
        return cell_area(self.technology, gates + self.technology.flop_ge_per_bit * self._register_bits)

    def actions(self) -> Mapping[str, float]:
        """`add` one word; `clock` a cycle."""
        add_pj = self.lanes * adder(self.technology, self.accumulate).pj + flop_data_pj(self.technology, self._register_bits)
        return {"add": add_pj, "clock": flop_clock_pj(self.technology, self._register_bits)}
