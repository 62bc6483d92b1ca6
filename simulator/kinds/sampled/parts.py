"""What sampled products need beyond a gather fabric: a tree of adders over the lanes of each unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from simulator.cost.arithmetic import adder
from simulator.cost.component import Area, Component, cell_area
from simulator.cost.hardware import Charge, Instance
from simulator.cost.registers import flop_clock_pj, flop_data_pj, gated_clock_pj
from simulator.cost.technology import Technology
from simulator.kinds.units.machine import UnitsMachine
from simulator.machine.model import BITS, Stages

CHARGES: tuple[Charge, ...] = (Charge("accumulators", "lane tree", "reduce", "reduce", ("lane_reductions",)),)
"""What the trees do; a unit's other parts do what they do for a gathered product."""


class LaneTree(Component, frozen=True):
    """lanes - 1 adders in ⌈log2 lanes⌉ levels, `stages` registers of the accumulate type behind each.

    Gates = (lanes - 1) × (adder + 5.9 b × stages). `reduce`: a row word to one sum; `clock` a cycle: the registers stand
    behind a clock gate, since only sampled products use them. Adders and registers: Horowitz, ISSCC 2014; FEATHER, ISCA 2024.
    """

    lanes: int
    accumulate: str
    stages: int

    @property
    def _register_bits(self) -> int:
        return (self.lanes - 1) * BITS[self.accumulate] * self.stages

    def area(self) -> Area:
        """Cells and their placement."""
        gates = (self.lanes - 1) * adder(self.technology, self.accumulate).gates
        return cell_area(self.technology, gates + self.technology.flop_ge_per_bit * self._register_bits)

    def actions(self) -> Mapping[str, float]:
        """`reduce` one row word; `clock` a cycle."""
        added_pj = (self.lanes - 1) * adder(self.technology, self.accumulate).pj
        return {
            "reduce": added_pj + flop_data_pj(self.technology, self._register_bits) + flop_clock_pj(self.technology, self._register_bits),
            "clock": gated_clock_pj(self.technology, self._register_bits),
        }


def lane_trees(machine: UnitsMachine, technology: Technology, stages: Stages) -> Iterator[Instance]:
    """One a unit, where the machine has them."""
    fabric = machine.fabric
    if fabric.lane_tree:
        tree = LaneTree(technology, fabric.lanes, machine.datatypes.accumulate, stages.accumulate)
        yield Instance("accumulators", "lane tree", tree, fabric.units)
