"""The gather dataflow (row-wise, Gustavson): activations travel from the banks to the units."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.engine.batch import Ints, WorkBatch
from simulator.engine.cluster import ClusterSpec, Outcome, Outcomes
from simulator.engine.work import TileValues, TileWork
from simulator.kinds.gather.bounds import busiest_rounds, cluster_bounds, least_round_cycles
from simulator.kinds.gather.compiled import engine as compiled
from simulator.kinds.gather.schedule import GatherSchedule
from simulator.kinds.units.checks import check_causes, check_equal, require_each
from simulator.kinds.units.dataflow import ClusterRules
from simulator.kinds.units.leaving import Leaving, LeavingRows
from simulator.kinds.units.lists import CopiedWords, SliceLists, cluster_work, slice_lists
from simulator.kinds.units.loops import Carried, Position
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.present import present_words
from simulator.kinds.units.protocol import ClusterTile
from simulator.kinds.units.tokenwise import TokenwiseDataflow
from simulator.system.parts import Part
from simulator.system.program import MemoryLevel, Span

if TYPE_CHECKING:
    from simulator.engine.reference.watching import ClusterWatch


def _by_reference(spec: ClusterSpec, work: TileWork, values: TileValues | None, *watch: ClusterWatch) -> Outcome:
    from simulator.kinds.gather.reference import run_cluster

    return run_cluster(spec, work, values, *watch)


def check_clusters(spec: ClusterSpec, batch: WorkBatch, wanted: Ints, outcomes: Outcomes) -> None:
    """Every entry is examined once, every request answered and multiplied once, every unit-cycle has one cause.

    `wanted` is what units want, [clusters, units].
    """
    asked, count, entries = wanted.sum(axis=1), outcomes.count, batch.entries
    listed, requests = count("list_entries"), count("requests")
    require_each(listed == entries, lambda tile: f"{listed[tile]} entries examined of {entries[tile]}")
    require_each(requests == asked, lambda tile: f"{requests[tile]} requests for {asked[tile]} entries whose word is not zero")
    require_each(requests + count("entries_dropped") == entries, lambda tile: "requests + dropped = entries")
    answered = (count("replies") == requests) & (count("accumulator_updates") == requests)
    require_each(answered, lambda tile: "requests = replies = multiplied words")
    require_each(count("rows_merged") == count("output_bank_writes"), lambda tile: "rows merged = rows written")
    check_causes(spec, outcomes)


GATHERED = ClusterRules(compiled.run_clusters, _by_reference, lambda batch: batch.word, check_clusters, cluster_bounds)


class GatherDataflow(TokenwiseDataflow[GatherSchedule, SliceLists]):
    """One operation, gathered: units own rows of W and write them to their own output banks."""

    rules = GATHERED

    def __init__(self, machine: UnitsMachine, schedule: GatherSchedule, carried: Carried, wanted: NDArray[np.bool_] | None = None) -> None:
        super().__init__(machine, schedule, carried, wanted)
        self.present = present_words(machine, schedule.operation)
        self._leaving: dict[tuple[int, int], Leaving] = {}
        self._copied: dict[tuple[int, Span], CopiedWords] = {}

    @property
    def rows_stream(self) -> bool:
        """Where K is whole, or sums leave: else they stay until the last K tile."""
        return len(self.schedule.k_tiles) == 1 or self.sums_home is not None

    @property
    def sums_home(self) -> MemoryLevel | None:
        """As scheduled."""
        return self.schedule.sums_home

    def list_slice(self, m: int, k: int) -> SliceLists:
        """Make the lists of one (M tile, K tile)."""
        return slice_lists(self.schedule, m, k, self.machine.fabric.units_per_group)

    def count_entries(self, m: int, k: int) -> NDArray[np.int64]:
        """Counted without making the lists."""
        return self.schedule.unit_entries(m, k, self.machine.fabric.units_per_group)

    def least_cycles(self, spec: ClusterSpec) -> list[int]:
        """Of the busiest unit of each round, were nothing in its way."""
        return least_round_cycles(spec, *self._busiest)

    @cached_property
    def _busiest(self) -> tuple[Ints, Ints]:
        return busiest_rounds(self.machine.fabric.units_per_group, self.schedule, self.present)

    def make_work(self, place: ClusterTile) -> TileWork:
        """By its slice of the lists."""
        lists = self.slice(place.m, place.k)
        return cluster_work(self.schedule, lists, self._copied_words(place.k, place.tokens), place.replica, self.machine.fabric.replicas)

    def _copied_words(self, k: int, tokens: Span) -> CopiedWords:
        """Made once for all copies of a group, which come one after another."""
        if (k, tokens) not in self._copied:
            self._copied = {(k, tokens): CopiedWords.of(self.machine, self.schedule, k, tokens, self.present)}
        return self._copied[k, tokens]

    def words_of(self, place: ClusterTile) -> tuple[int | Span, ...]:
        """All M tiles look at the same."""
        return place.k, place.tokens

    def later_tile_counts(self, counts: Counts) -> Counts:
        """A later K tile reads what the output bank holds, adds, and writes; sums that leave are added elsewhere."""
        return Counts() if self.sums_home is not None else Counts(output_bank_reads=counts.output_bank_writes)

    def x_part(self, rows: Span, k: int, tokens: Span) -> Part:
        """Broadcast to all copies of the group."""
        named, k_size, token_words = self.named(rows, k), self.schedule.k_size(k), tokens[1] - tokens[0]
        banks = self.schedule.placement(k_size * token_words, self.schedule.banks).reshape(token_words, k_size)[:, named]
        return Part(self.x_bytes(k, named, tokens), int(np.bincount(banks.ravel(), minlength=1).max()))

    def leaving(self, position: Position) -> Leaving:
        """What leaves with a tile."""
        m, _, k = position
        key = m, (0 if self.sums_home is None else k)
        if key not in self._leaving:
            self._leaving[key] = self._leaving_rows.of(self.schedule.m_tiles[m], key[1])
        return self._leaving[key]

    @cached_property
    def _leaving_rows(self) -> LeavingRows:
        schedule = self.schedule
        entries = schedule.entries.sum(axis=1, keepdims=True) if self.sums_home is None else schedule.entries
        return LeavingRows(schedule.parts, entries, schedule.operation.shape[0])

    def rows_leaving(self, position: Position) -> int:
        """Empty ones included."""
        return len(self.leaving(position).finished)

    def y_part(self, position: Position, tokens: Span) -> Part:
        """Finished rows, empty ones included, and sums. What is added on the way travels in the accumulate type."""
        return self.leaving_part(self.leaving(position), tokens)

    def x_word_counts(self, rows: Span, k: int, words: int) -> Counts:
        """Words written into every copy."""
        return Counts(x_words_filled=len(self.named(rows, k)) * words * self.machine.fabric.replicas)

    def y_word_counts(self, position: Position, words: int) -> Counts:
        """Row words read from the output banks; parts of cut rows added up, and sums to those of earlier K tiles."""
        here = self.leaving(position)
        return Counts(output_bank_drains=here.parts * words, drain_additions=here.additions * words)

    def linked_x_part(self, tokens: Span) -> Part:
        """Broadcast to all copies of the group."""
        here = self.looked_at[slice(*tokens)]
        banks = self.schedule.placement(here.size, self.schedule.banks)
        fullest = int(np.bincount(banks[here.ravel()], minlength=1).max())
        return Part(self.machine.token_bytes(int(self.tokens_of(self.looked_at, tokens).sum())), fullest)

    def linked_y_part(self, row_tokens: NDArray[np.int64]) -> Part:
        """Rows in the activation type; parts of cut rows travel in the accumulate type and are added."""
        types, parts = self.machine.datatypes, self._parts_of_rows
        extra_bits = int(row_tokens[parts > 1] @ (parts[parts > 1] * types.accumulate_bits - types.activation_bits))
        return Part(self.machine.token_bytes(int(row_tokens.sum())), extra_bus_bytes=-(-extra_bits // 8))

    def linked_x_counts(self, words: NDArray[np.int64]) -> Counts:
        """Words written into every copy."""
        return Counts(x_words_filled=int(words.sum()) * self.machine.fabric.replicas)

    def linked_y_counts(self, words: NDArray[np.int64]) -> Counts:
        """Row words read from the output banks, and parts of cut rows added up."""
        parts = self._parts_of_rows
        return Counts(output_bank_drains=int(parts @ words), drain_additions=int(np.maximum(parts - 1, 0) @ words))

    @property
    def _parts_of_rows(self) -> NDArray[np.int64]:
        """[M] parts that each row is cut into, none for an empty one."""
        return np.bincount(self.schedule.parts.row, minlength=self.schedule.operation.shape[0])

    def check_outputs(self, work: TileWork, values: TileValues, outputs: NDArray[np.float64]) -> None:
        """Of the output banks."""
        check_values(work, values, outputs)

    def counts(self, batch: WorkBatch, places: Sequence[ClusterTile], outcomes: Outcomes) -> Ints:
        """A line of a list is read from a weight bank at a time."""
        lines = -(-batch.lengths // self.machine.weight_port_entries)
        return outcomes.counted(mac_slots=outcomes.count("replies") * self.schedule.lanes, weight_bank_reads=lines.sum(axis=1))

    def assemble_outputs(self, y: NDArray[np.float64], work: TileWork, place: ClusterTile, outputs: NDArray[np.float64]) -> None:
        """Add what a cluster's output banks received to Y, as later K tiles do in the banks."""
        lists = self.slice(place.m, place.k)
        first_unit = place.replica * self.machine.fabric.units_per_cluster
        for unit in range(self.machine.fabric.units_per_cluster):
            start, stop = lists.unit_ptr[first_unit + unit : first_unit + unit + 2]
            places, first = np.unique(lists.row[start:stop], return_index=True)
            rows = lists.global_row[start:stop][first]
            for token in range(*place.tokens):
                columns = slice(token * self.schedule.lanes, min((token + 1) * self.schedule.lanes, y.shape[1]))
                banked = outputs[unit, token - place.tokens[0], places, : columns.stop - columns.start]
                np.add.at(y[:, columns], rows, banked)


def check_values(work: TileWork, values: TileValues, outputs: NDArray[np.float64]) -> None:
    """What the output banks received is the tile of W times the tile of X: exactly on integers, else to rounding."""
    expected = np.zeros_like(outputs)
    unit = np.repeat(np.arange(work.units), np.diff(work.unit_ptr))
    words = values.words.reshape(work.token_words, work.words, -1)
    for token in range(work.token_words):
        np.add.at(expected[:, token], (unit, work.own), values.weights[:, None] * words[token, work.word])
    check_equal(values, expected, outputs)
