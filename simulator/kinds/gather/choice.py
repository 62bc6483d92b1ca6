"""Which way to cut an operation on a gather fabric: candidates, ranked by estimate, and the best of them by their own lists."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec.structs import replace

from simulator.errors import MappingError
from simulator.kinds.gather.cut import Cut
from simulator.kinds.gather.outlook import Outlook
from simulator.kinds.units.loops import Pace, token_tiles
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.outlay import Outlay
from simulator.kinds.units.ranges import FittedRows
from simulator.kinds.units.rows import spread_rows
from simulator.kinds.units.tries import near
from simulator.system.program import LoopOrder, MemoryLevel
from simulator.system.tensors import Residency
from simulator.workload.types import Operation

FINALISTS = 5
"""Candidates that are measured by their own lists: so many of those whose sums stay, go to the buffer, and go to DRAM."""


class Choice:
    """Candidates for one operation."""

    def __init__(self, machine: UnitsMachine, operation: Operation, residency: Residency, pace: Pace) -> None:
        self.machine, self.operation, self.residency = machine, operation, residency
        self.outlook = Outlook(machine, operation, residency, pace)
        self.token_words = -(-operation.shape[2] // machine.fabric.lanes)

    def likeliest(self, most: int) -> list[tuple[Cut, FittedRows | None]]:
        """Those of about the least time, by time, then DRAM bytes, then buffer bytes; with their rows, where they have been fitted.

        With K whole, an estimate needs no lists.
        """
        about = {cut: self.outlook.about(cut) for cut in self._candidates()}
        columns = self.operation.weight.shape[1]
        if all(cut.k_tile >= columns for cut in about):
            return [(cut, None) for cut in near(about, most)]
        alike: dict[MemoryLevel | None, list[Cut]] = {}
        for cut in sorted(about, key=about.__getitem__):
            alike.setdefault(cut.sums_home, []).append(cut)
        finalists = [cut for cuts in alike.values() for cut in cuts[:FINALISTS]]
        fitted: dict[Cut, FittedRows] = {}
        exactly: dict[Cut, Outlay] = {}
        for cut in finalists:
            fitted[cut] = cut.fitted(self.machine, self.operation)
            exactly[cut] = self.outlook.exactly(cut, fitted[cut])
            # rows by many tiles are large: only those are held that may be among the likeliest in the end
            fitted = {likely: fitted[likely] for likely in near(exactly, most)}
        return list(fitted.items())

    def _candidates(self) -> Iterator[Cut]:
        """Long rows are cut or, where the parts would be more to add up than they save, not."""
        fabric, assignment = self.machine.fabric, self.machine.mapping.assignment
        parts = spread_rows(np.diff(self.operation.weight.indptr), fabric.units_per_group, assignment)
        any_cut = bool((np.diff(parts.row) == 0).any())
        for cut in self._tiles(assignment):
            yield cut
            if any_cut:
                yield replace(cut, assignment="balanced")

    def _tiles(self, assignment: str) -> Iterator[Cut]:
        mapping = self.machine.mapping
        orders: tuple[LoopOrder, ...] = ("m_rounds", "rounds_m") if mapping.loop_order == "auto" else (mapping.loop_order,)
        for tile, rounds, most_features in self._token_tiles():
            columns = self.operation.weight.shape[1]
            even = -(-columns // -(-columns // most_features))
            yield Cut(tile, rounds, even, orders[0], assignment)
            if even < columns and mapping.partial_sums == "auto":
                for k_tile in dict.fromkeys((even, most_features)):
                    yield from self._leaving(Cut(tile, rounds, k_tile, orders[0], assignment))
                    if mapping.loop_order == "auto":
                        yield from self._leaving(Cut(tile, rounds, k_tile, "m_k_rounds", assignment))

    def _token_tiles(self) -> Iterator[tuple[int, int, int]]:
        """Token words of a tile, rounds, and the input features that a copy holds of so many words."""
        machine, fabric, mapping = self.machine, self.machine.fabric, self.machine.mapping
        most = min(fabric.accumulators, machine.output_words)
        if isinstance(mapping.tokens_per_tile, int):
            forced = mapping.tokens_per_tile
            if forced > most:
                raise MappingError(
                    f"{machine.name}: mapping.tokens_per_tile = {forced}, but a row of so many words needs as many accumulators and as "
                    f"much of an output bank; a unit has fabric.accumulators = {fabric.accumulators}, and its output bank holds "
                    f"{machine.output_words} words"
                )
            yield *token_tiles(self.token_words, fabric.token_groups, forced, spread=False), machine.copy_words // forced
            return
        for words in range(max(1, min(most, -(-self.token_words // fabric.token_groups), machine.copy_words)), 0, -1):
            yield *token_tiles(self.token_words, fabric.token_groups, words), machine.copy_words // words

    def _leaving(self, cut: Cut) -> Iterator[Cut]:
        """Sums in DRAM, or in what the buffer has room for: of all rows, or of as many as leave room for W too."""
        rows = self.operation.shape[0]
        if self.residency.y == "dram":
            yield replace(cut, sums_home="dram")
        for room in (self.residency.room_bytes, self.residency.room_bytes - int(self.outlook.measure.w_whole)):
            most = min(rows, room // max(1, cut.sums_bytes(self.machine, self.operation) // rows))
            if most > 0:
                yield replace(cut, sums_home="buffer", m_tile=-(-rows // -(-rows // most)))
