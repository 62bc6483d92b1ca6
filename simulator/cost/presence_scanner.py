"""The sequencer of a systolic array that skips: presence bits of steps or folds, and what finds the next that remains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component, cell_area
from simulator.cost.register_file import flop_data_pj, gated_clock_pj
from simulator.cost.sram_bank import SramBank


@dataclass(frozen=True)
class PresenceScanner(Component):
    """Two memories of `kib` KiB, ping and pong, one an operand, read `scan_bits` at a time; their AND feeds a priority encoder.

    Gates = scan_bits × (14 GE of arbiter + 2 · 5.9 GE of row registers). `scan`: one bit of one operand read and
    examined; `fill`: one bit written; `clock`: the row registers, behind gates.
    """

    kib: float
    scan_bits: int

    @property
    def _memory(self) -> SramBank:
        return SramBank(self.technology, self.kib, self.scan_bits)

    @property
    def _logic(self) -> Area:
        technology = self.technology
        return cell_area(technology, self.scan_bits * (technology.crossbar_arbiter_ge + 2 * technology.flop_ge_per_bit))

    def area(self) -> Area:
        """Both memories and the logic."""
        memory, logic = self._memory.area(), self._logic
        return Area(2 * memory.cell_mm2 + logic.cell_mm2, 2 * memory.placed_mm2 + logic.placed_mm2)

    def actions(self) -> Mapping[str, float]:
        """`scan` and `fill` a bit; `clock` a cycle."""
        memory = self._memory.actions()
        scan_pj = memory["read_bit"] + flop_data_pj(self.technology, 1)
        return {"scan": scan_pj, "fill": memory["write_bit"], "clock": gated_clock_pj(self.technology, 2 * self.scan_bits)}

    def leakage_mw(self) -> float:
        """Both memories and the logic."""
        return 2 * self._memory.leakage_mw() + self._logic.cell_mm2 * self.technology.logic_leakage_mw_per_mm2

    def logic_mm2(self) -> float:
        """The scanner and its registers; macros bring their own control."""
        return self._logic.cell_mm2

    def notes(self) -> tuple[str, ...]:
        """The memory's."""
        return self._memory.notes()
