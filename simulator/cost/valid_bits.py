"""Latches that stand for the words of zeros of a weight buffer, so that a decoder need not write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component, cell_area
from simulator.cost.register_file import flop_data_pj


@dataclass(frozen=True)
class ValidBits(Component):
    """A latch for each of `words`, cleared with a fill and set as the word is written: 7.2 GE each. `set`: one of them."""

    words: int

    def area(self) -> Area:
        """Cells and their placement."""
        return cell_area(self.technology, self.technology.latch_array_ge_per_bit * self.words)

    def actions(self) -> Mapping[str, float]:
        """`set` one latch: charged as the data of a flop, which is a little more."""
        return {"set": flop_data_pj(self.technology, 1)}
