"""Clock tree and control: what no inventory of arithmetic and memory lists, as a line of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component
from simulator.cost.registers import flop_data_pj


@dataclass(frozen=True)
class ClockAndControl(Component):
    """Sequencers, address generators, list decoders, DMA engines, configuration, and the clock tree of the whole die.

    All assumed (published accelerators are about twice the sum of their arithmetic and memory). Cells =
    control_area_fraction × the logic cells listed. Each cycle `clock_tree` takes clock_tree_fraction × the energy of
    all clock pins, listed and control's own; `control` takes control_activity × that of its flops, clocked and written,
    with control_flop_share of its cells flops.
    """

    logic_mm2_listed: float
    clock_pj_listed: float

    @property
    def _cell_mm2(self) -> float:
        return self.technology.control_area_fraction * self.logic_mm2_listed

    def area(self) -> Area:
        """Cells and their placement."""
        return Area(self._cell_mm2, self._cell_mm2 / self.technology.cell_placement)

    def actions(self) -> Mapping[str, float]:
        """`clock_tree` and `control`: of one cycle."""
        technology = self.technology
        flop_bits = technology.control_flop_share * self._cell_mm2 * 1e6 / technology.gate_area_um2 / technology.flop_ge_per_bit
        active = flop_bits * technology.control_activity
        data_pj = flop_data_pj(technology, active)
        share = technology.flop_clock_fraction
        clock_pj = technology.logic_pj(active * technology.flop_fj_per_bit * share * 1e-3)
        return {"clock_tree": technology.clock_tree_fraction * (self.clock_pj_listed + clock_pj), "control": data_pj + clock_pj}

    def notes(self) -> tuple[str, ...]:
        """That it is assumed."""
        return ("area and energy assumed: no source gives them apart",)
