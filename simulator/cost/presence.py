"""Presence bits: the tables that let units skip words of zeros, and the sequencer of an array that skips."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.cost.component import Area, Component, cell_area
from simulator.cost.registers import flop_data_pj, gated_clock_pj
from simulator.cost.sram import SramBank

_WIDTH_BITS = 32


class PresenceBits(Component, frozen=True):
    """The tables of one cluster: a bit a word of its copy, ping and pong, for each of `readers` lookups a cycle of each unit.

    A unit looks up as many words a cycle as it scans entries, at unrelated places; the simplest hardware that does it
    is one single-ported table a lookup. `lookup`: one 32-bit read; `fill`: one bit set in all tables, 32 gathered first.
    """

    words: int
    units: int
    readers: int

    @property
    def _table(self) -> SramBank:
        return SramBank(self.technology, self.words / 8192, _WIDTH_BITS)

    @property
    def _tables(self) -> int:
        return self.units * self.readers

    def area(self) -> Area:
        """All tables of the cluster."""
        one = self._table.area()
        return Area(self._tables * one.cell_mm2, self._tables * one.placed_mm2)

    def actions(self) -> Mapping[str, float]:
        """`lookup` in one table; `fill` of one word's bit in all."""
        table = self._table.actions()
        return {"lookup": table["read"], "fill": self._tables * table["write_bit"]}

    def leakage_mw(self) -> float:
        """Of all tables."""
        return self._tables * self._table.leakage_mw()

    def logic_mm2(self) -> float:
        """None: macros bring their own control."""
        return 0.0

    def notes(self) -> tuple[str, ...]:
        """The macro's."""
        return self._table.notes()


class PresenceScanner(Component, frozen=True):
    """Two memories of `kib` KiB, ping and pong, one an operand, read `scan_bits` at a time; their AND feeds a priority encoder.

    Gates = scan_bits × (19 GE of arbiter + 2 · 5.9 GE of row registers). `scan`: one bit of one operand read and
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
        return 2 * self._memory.leakage_mw() + self.technology.logic_leakage_mw(self._logic.cell_mm2)

    def logic_mm2(self) -> float:
        """The scanner and its registers; macros bring their own control."""
        return self._logic.cell_mm2

    def notes(self) -> tuple[str, ...]:
        """The memory's."""
        return self._memory.notes()
