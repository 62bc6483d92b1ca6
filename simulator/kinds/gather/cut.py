"""A way to cut an operation into tiles on a gather fabric (rules 4 and 12), and its rows as it spreads them over units."""

from __future__ import annotations

from msgspec import Struct

from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.ranges import UNLIMITED, Capacity, FittedRows, fit_rows, row_entries, spread_ranges
from simulator.system.program import LoopOrder, MemoryLevel, Span, spans
from simulator.workload.types import Operation


class Cut(Struct, frozen=True):
    """How large tiles are, in which order they come, and what becomes of sums between K tiles."""

    token_words: int
    """Of a tile."""
    rounds: int
    k_tile: int
    loop_order: LoopOrder
    assignment: str
    """How rows are given to units."""
    sums_home: MemoryLevel | None = None
    """Where partial sums go at the end of each K tile, and come back from; None: they stay, and M is cut to what output banks hold."""
    m_tile: int | None = None
    """Output features of an M tile where sums do not stay; None: all."""

    def k_tiles(self, operation: Operation) -> tuple[Span, ...]:
        """K, cut."""
        return spans(operation.weight.shape[1], self.k_tile)

    def sums_bytes(self, machine: UnitsMachine, operation: Operation) -> int:
        """Room for the partial sums that are needed at once, of all rows of an M tile: over all tokens, or those of a round."""
        m, _, n = operation.shape
        fabric = machine.fabric
        tokens = n if self.loop_order == "m_k_rounds" else min(n, fabric.token_groups * self.token_words * fabric.lanes)
        return (self.m_tile or m) * tokens * machine.datatypes.accumulate_bits // 8

    def held(self, machine: UnitsMachine, operation: Operation) -> int:
        """Rows, or parts of rows, of a unit in an M tile: as many as stay in one half of its output bank, or any number."""
        stays = operation.weight.shape[1] > self.k_tile and self.sums_home is None
        return machine.output_words // self.token_words if stays else UNLIMITED

    def fitted(self, machine: UnitsMachine, operation: Operation) -> FittedRows:
        """M, cut, and its rows given to units; MappingError where they do not fit.

        Where K is whole, or sums leave, rows leave as they are written; else they stay in one half of the output banks.
        """
        fabric, weight, k_tiles = machine.fabric, operation.weight, self.k_tiles(operation)
        entries = row_entries(weight, self.k_tile, len(k_tiles))
        held = self.held(machine, operation)
        capacity = Capacity(fabric.units_per_group, self.assignment, held, UNLIMITED)
        if held < UNLIMITED:
            return fit_rows(entries, capacity)
        return spread_ranges(entries, spans(weight.shape[0], self.m_tile or weight.shape[0]), capacity)
