"""The multiplexer by which a single unit reads the banks of its own copy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component, cell_area


@dataclass(frozen=True)
class WordMultiplexer(Component):
    """`outputs` words of `width_bits`, each from any of `inputs` banks, with one owner: nothing to arbitrate.

    Cells = 1.35 W GE for each input and output, as a crossbar's data path; it is spread along the banks, so that its
    wires run over macros and are charged as the cluster's wires. Energy of a word = W · 2 fJ · log2 inputs.
    """

    inputs: int
    outputs: int
    width_bits: int

    def area(self) -> Area:
        """Cells and their placement."""
        return cell_area(self.technology, self.inputs * self.outputs * self.width_bits * self.technology.crossbar_ge_per_bit)

    def actions(self) -> Mapping[str, float]:
        """`select`: one word."""
        return {"select": self.technology.logic_pj(self.width_bits * self.technology.mux_fj_per_level * math.log2(self.inputs) * 1e-3)}
