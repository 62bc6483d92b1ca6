"""How long a sampled product would take, cut in one way or another, and the ways that may take least."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from simulator.errors import MappingError
from simulator.kinds.units.loops import Setting, token_tiles
from simulator.kinds.units.ranges import Capacity, FittedRows, fit_rows, row_entries
from simulator.kinds.units.rows import spread_over
from simulator.kinds.units.tries import more, near
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


@dataclass(frozen=True)
class Cut:
    """A way to cut a sampled product into tiles: of a machine and an operation it decides the M tiles too."""

    k_tile: int
    """Input features of a tile."""
    token_words: int
    """Of a tile."""
    rounds: int


class Outlook:
    """The busiest of units, DRAM and the X trunk, and what nothing overlaps with: the first fill, and the last places on their way out."""

    def __init__(self, setting: Setting, operation: Operation, residency: Residency) -> None:
        self.setting, self.machine, self.pace, self.operation, self.residency = setting, setting.machine, setting.pace, operation, residency
        machine = self.machine
        fabric, weight, types = machine.fabric, operation.weight, machine.datatypes
        m, k, n = operation.shape
        self.bank_entries = int(fabric.weight_bank_kib * 8192) // machine.sampled_entry_bits
        self.token_words = -(-n // fabric.lanes)
        parts = spread_over(machine, np.diff(weight.indptr))
        self.most_rows, self.most_entries = parts.most_parts, parts.most_entries
        self.x_bytes = residency.forms.x.bits(slice(0, k), (0, n), types.activation_bits) / 8
        self.gradient_bytes = residency.forms.gradient.bits(slice(0, m), (0, n), types.activation_bits) / 8
        self.w_bytes = weight.nnz * (machine.sampled_entry_bits - types.accumulate_bits) / 8
        self.y_bytes = weight.nnz * types.weight_bits / 8

    def likeliest(self, most: int) -> list[tuple[Cut, FittedRows]]:
        """Those of about the least time, then of DRAM bytes, with their rows; MappingError where nothing fits."""
        fitted = dict(self._cuts())
        return [(cut, fitted[cut]) for cut in near({cut: self.outlay(cut, rows) for cut, rows in fitted.items()}, most)]

    def _cuts(self) -> Iterator[tuple[Cut, FittedRows]]:
        """As many input features as a copy holds, or fewer; of each, as many token words as banks hold, or fewer.

        With each the rows of the mask, as they are given to units, and the M tiles.
        """
        fabric, mapping, weight = self.machine.fabric, self.machine.mapping, self.operation.weight
        forced, columns = mapping.tokens_per_tile if isinstance(mapping.tokens_per_tile, int) else None, weight.shape[1]
        most = min(columns, self.machine.copy_words // (forced or 1))
        if self._longest_row_part(most) > self.bank_entries:
            most = min(most, self.bank_entries)
        most = max(1, most)
        for k_tile in dict.fromkeys((most, *(-(-columns // tiles) for tiles in more(-(-columns // most)) if tiles <= columns))):
            entries = row_entries(weight, k_tile, -(-columns // k_tile))
            if k_tile < most and int(entries.max(initial=0)) > self.bank_entries:
                continue  # another part of a row may be longer
            for tile, rounds in self._token_tiles(self.machine.copy_words // k_tile, forced):
                capacity = Capacity(fabric.units_per_group, mapping.assignment, self.machine.own_words // tile, self.bank_entries)
                rows = self.setting.recall.of_key(
                    ("rows", weight.sha256, k_tile, capacity), partial(fit_rows, entries, capacity), lambda found: found.pieces
                )
                yield Cut(k_tile, tile, rounds), rows

    def _longest_row_part(self, k_tile: int) -> int:
        """Most nonzeros of a row within any K tile."""
        weight = self.operation.weight
        return int(row_entries(weight, k_tile, -(-weight.shape[1] // k_tile)).max(initial=0))

    def _token_tiles(self, fitting: int, forced: int | None) -> list[tuple[int, int]]:
        """(token words of a tile, rounds): as many as the copy and the units' own banks hold, of all rows or of some; and fewer."""
        groups, own_words = self.machine.fabric.token_groups, self.machine.own_words
        if forced is not None:
            tile, rounds = token_tiles(self.token_words, groups, forced, spread=False)
            if tile > own_words:
                raise MappingError(
                    f"{self.machine.name}: mapping.tokens_per_tile = {forced}, but an output bank holds {own_words} words of dY, "
                    "less than one row of so many"
                )
            return [(tile, rounds)]
        of_all_rows = max(1, min(fitting, own_words // max(1, self.most_rows)))
        _, rounds = token_tiles(self.token_words, groups, of_all_rows)
        of_a_group = -(-self.token_words // groups)
        words = (*(-(-of_a_group // count) for count in more(rounds)), max(1, min(fitting, own_words)))
        return list(dict.fromkeys(token_tiles(self.token_words, groups, each) for each in words))

    def outlay(self, cut: Cut, fitted: FittedRows) -> tuple[float, float]:
        """(cycles, DRAM bytes) of a cut, estimated; as if all tiles named the same features."""
        system, homes = self.pace.system, self.residency
        m_tiles, k_tiles, rounds = len(fitted.spans), fitted.entries.shape[1], cut.rounds
        x = self.x_bytes * (m_tiles if rounds * k_tiles > 1 else 1)
        gradient = self.gradient_bytes * (k_tiles if rounds > 1 else 1)
        brought = x + gradient
        dram = self.w_bytes + (brought if homes.x == "dram" else 0) + (self.y_bytes if homes.y == "dram" else 0)
        words = -(-self.token_words // self.machine.fabric.token_groups)
        time = max(
            self.most_entries * words + m_tiles * k_tiles * rounds * self.pace.unloaded_cycles,
            dram / system.dram_bytes_per_cycle,
            brought / system.x_bytes_per_cycle,
        )
        first = brought / (m_tiles * k_tiles * rounds) + self.w_bytes / (m_tiles * k_tiles)
        rate = min(system.x_bytes_per_cycle, system.dram_bytes_per_cycle if homes.x == "dram" else math.inf)
        return time + first / rate + self.y_bytes / (m_tiles * k_tiles) / system.drain_bytes_per_cycle, dram
