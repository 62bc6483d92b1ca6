"""Presence bits: which words of a copy hold anything but zeros, told to every unit that may skip them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component
from simulator.cost.sram_bank import SramBank

_WIDTH_BITS = 32


@dataclass(frozen=True)
class PresenceBits(Component):
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
