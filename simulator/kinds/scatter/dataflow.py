"""The scatter dataflow (column-wise, outer product): partial sums travel from the units to the banks, which add them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.engine.batch import Ints, WorkBatch, ends_of, most_of, within
from simulator.engine.cluster import ClusterSpec, Outcome, Outcomes
from simulator.engine.work import TileValues, TileWork
from simulator.kinds.scatter.compiled import engine as compiled
from simulator.kinds.scatter.outlook import entries_within
from simulator.kinds.scatter.schedule import ScatterSchedule, ScatterSlice, scatter_slice, scatter_work, units_named
from simulator.kinds.units.checks import check_causes, check_equal, require_each
from simulator.kinds.units.dataflow import ClusterRules
from simulator.kinds.units.leaving import Leaving, LeavingRows
from simulator.kinds.units.loops import Carried, Position
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.protocol import ClusterTile
from simulator.kinds.units.rounds import cluster_tiles
from simulator.kinds.units.rows import RowParts
from simulator.kinds.units.tokenwise import TokenwiseDataflow
from simulator.system.parts import Part
from simulator.system.program import MemoryLevel, Span

if TYPE_CHECKING:
    from simulator.engine.reference.watching import ClusterWatch


def _by_reference(spec: ClusterSpec, work: TileWork, values: TileValues | None, *watch: ClusterWatch) -> Outcome:
    from simulator.kinds.scatter.reference import run_scatter

    return run_scatter(spec, work, values, *watch)


def check_scatters(spec: ClusterSpec, batch: WorkBatch, wanted: Ints, outcomes: Outcomes) -> None:
    """Every entry is examined once, every product accumulated once, every unit-cycle has one cause.

    `wanted` is what units want, [clusters, units].
    """
    asked, count, entries = wanted.sum(axis=1), outcomes.count, batch.entries
    listed, requests = count("list_entries"), count("requests")
    require_each(listed == entries, lambda tile: f"{listed[tile]} entries examined of {entries[tile]}")
    require_each(requests == asked, lambda tile: f"{requests[tile]} products of {asked[tile]} entries whose word is not zero")
    require_each(requests + count("entries_dropped") == entries, lambda tile: "products + dropped = entries")
    require_each(count("bank_additions") == requests, lambda tile: "products sent = products accumulated")
    check_causes(spec, outcomes)


def scatter_bounds(spec: ClusterSpec, batch: WorkBatch, wanted: Ints) -> Ints:
    """[clusters, bounds] of clusters, each in its tile of the scatter dataflow, in the order of `ClusterResults`.

    `wanted` is [clusters, units] products.

    A unit sends one product and examines `examine_width` entries a cycle; a bank accumulates one word a port, and adds to a
    word again when it has its sum; a packet of partial sums takes its link for all of its flits.
    """
    products = wanted.max(axis=1)
    entries = batch.lengths.max(axis=1) * batch.token_words
    of_word, of_bank = _most_sums(spec, batch)
    word, port = np.maximum(0, (of_word - 1) * spec.accumulate_latency + 1), -(-of_bank // spec.bank_ports)
    network = np.maximum(products, port) * spec.requests.flits if spec.network == "routed" else np.zeros_like(port)
    return np.stack([np.maximum(products, -(-entries // spec.examine_width)), word, port, network], axis=1)


def _most_sums(spec: ClusterSpec, batch: WorkBatch) -> tuple[Ints, Ints]:
    """[clusters] products that any word of the tile takes, and [clusters] that any bank takes."""
    tokens = batch.token_words[batch.tile]
    tile, token = np.repeat(batch.tile, tokens), within(tokens)
    there = batch.present[batch.first_present[tile] + token * batch.operands[tile] + np.repeat(batch.own, tokens)]
    place = (token * batch.words[tile] + np.repeat(batch.word, tokens))[there]
    tile = tile[there]
    first = ends_of(batch.token_words * batch.words)
    sums = np.bincount(first[tile] + place, minlength=int(first[-1]))
    banks = tile * spec.banks + batch.bank[batch.first_bank[tile] + place]
    loads = np.bincount(banks, minlength=len(batch.works) * spec.banks).reshape(-1, spec.banks)
    return most_of(sums, first), loads.max(axis=1)


SCATTERED = ClusterRules(compiled.run_scatters, _by_reference, lambda batch: batch.own, check_scatters, scatter_bounds)


class ScatterDataflow(TokenwiseDataflow[ScatterSchedule, ScatterSlice]):
    """One operation, scattered: units own columns of W and their activations, banks accumulate rows."""

    rules = SCATTERED

    def __init__(self, machine: UnitsMachine, schedule: ScatterSchedule, carried: Carried, wanted: NDArray[np.bool_] | None = None) -> None:
        super().__init__(machine, schedule, carried, wanted)
        self._units_named: dict[tuple[Span, int], NDArray[np.int32]] = {}
        self._leaving: dict[tuple[int, int], Leaving] = {}

    @property
    def present(self) -> NDArray[np.bool_]:  # type: ignore[override]
        """As scheduled."""
        return self.schedule.present

    def list_slice(self, m: int, k: int) -> ScatterSlice:
        """Make the lists of one (M tile, K tile)."""
        return scatter_slice(self.schedule, m, k, self.machine.fabric.units_per_group)

    def make_work(self, place: ClusterTile) -> TileWork:
        """By its slice of the lists."""
        lists = self.slice(place.m, place.k)
        return scatter_work(self.machine, self.schedule, lists, place.m, place.k, place.tokens, place.replica)

    def first_tile_cycles(self, spec: ClusterSpec) -> int:
        """Of the first cluster that is busy in the first tile; the engines agree on it, and the quicker one is asked."""
        schedule = self.schedule
        place = cluster_tiles(self.machine.fabric, schedule, schedule.positions()[0])[0]
        return int(compiled.run_scatters(spec, WorkBatch([self.work(place)]), [None]).cycles[0])

    def later_tile_counts(self, counts: Counts) -> Counts:
        """The banks already read, add and write; a later K tile does nothing more."""
        return Counts()

    def x_part(self, rows: Span, k: int, tokens: Span) -> Part:
        """Each unit takes the words of its own columns from the group's broadcast."""
        columns = np.bincount(self._takers(rows, k), minlength=1)
        return Part(self.x_bytes(k, self.named(rows, k), tokens), int(columns.max()) * (tokens[1] - tokens[0]))

    @property
    def sums_home(self) -> MemoryLevel | None:
        """As scheduled."""
        return self.schedule.sums_home

    def rows_leaving(self, position: Position) -> int:
        """All of the M tile, or those that have no entries in later K tiles."""
        return self.schedule.m_size(position[0]) if self.sums_home is None else len(self.leaving(position).finished)

    def leaving(self, position: Position) -> Leaving:
        """What leaves with a tile, where sums do."""
        m, _, k = position
        if (m, k) not in self._leaving:
            self._leaving[m, k] = self._leaving_rows.of(self.schedule.m_tiles[m], k)
        return self._leaving[m, k]

    @cached_property
    def _leaving_rows(self) -> LeavingRows:
        """Every copy has sums of every row with an entry, as parts of a cut row are."""
        schedule, copies = self.schedule, self.machine.fabric.replicas
        entries = entries_within(schedule.operation.weight, schedule.k_tiles)
        filled = np.flatnonzero(entries.any(axis=1))
        parts = np.repeat(filled, copies)
        rows = RowParts(parts, entries[parts].sum(axis=1), np.zeros(len(parts), dtype=np.int32))
        return LeavingRows(rows, entries[parts], schedule.operation.shape[0])

    def y_part(self, position: Position, tokens: Span) -> Part:
        """The sums of all copies travel in the accumulate type and are added on the way."""
        if self.sums_home is not None:
            return self.leaving_part(self.leaving(position), tokens)
        m = position[0]
        elements = self.schedule.m_size(m) * self.schedule.tokens(tokens)
        bus_bits = elements * self.machine.fabric.replicas * self.machine.datatypes.accumulate_bits
        size = -(-self.y_bits(slice(*self.schedule.m_tiles[m]), tokens) // 8)
        return Part(size, extra_bus_bytes=max(0, -(-bus_bits // 8) - size))

    def x_word_counts(self, rows: Span, k: int, words: int) -> Counts:
        """Words written into the units' own banks."""
        return Counts(output_bank_writes=len(self._takers(rows, k)) * words)

    def _takers(self, rows: Span, k: int) -> NDArray[np.int32]:
        """[columns, or parts of columns] the unit of each that a list of some output features names."""
        if (rows, k) not in self._units_named:
            self._units_named[rows, k] = units_named(self.schedule, rows, k)
        return self._units_named[rows, k]

    def y_word_counts(self, position: Position, words: int) -> Counts:
        """Sums read from all copies, and those of all but one added up; and to those of earlier K tiles."""
        if self.sums_home is not None:
            here = self.leaving(position)
            return Counts(x_bank_reads=here.parts * words * self.machine.sum_words, drain_additions=here.additions * words)
        sums, replicas = self.schedule.m_size(position[0]) * words, self.machine.fabric.replicas
        return Counts(x_bank_reads=sums * replicas * self.machine.sum_words, drain_additions=sums * (replicas - 1))

    def linked_x_part(self, tokens: Span) -> Part:
        """Each unit takes the words of its own columns from the group's broadcast."""
        size = self.machine.token_bytes(int(self.tokens_of(self.looked_at, tokens).sum()))
        words = self.looked_at[slice(*tokens)].sum(axis=0, dtype=np.int64)
        parts = self.schedule.parts
        return Part(size, int(np.bincount(parts.unit, weights=words[parts.row], minlength=1).max()))

    def linked_y_part(self, row_tokens: NDArray[np.int64]) -> Part:
        """The sums of all copies travel in the accumulate type and are added on the way."""
        elements, types = int(row_tokens.sum()), self.machine.datatypes
        size = self.machine.token_bytes(elements)
        return Part(size, extra_bus_bytes=max(0, -(-elements * self.machine.fabric.replicas * types.accumulate_bits // 8) - size))

    def linked_x_counts(self, words: NDArray[np.int64]) -> Counts:
        """Words written into the units' own banks."""
        return Counts(output_bank_writes=int(words[self.schedule.parts.row].sum()))

    def linked_y_counts(self, words: NDArray[np.int64]) -> Counts:
        """Sums read from all copies, and those of all but one added up."""
        sums, replicas = int(words.sum()), self.machine.fabric.replicas
        return Counts(x_bank_reads=sums * replicas * self.machine.sum_words, drain_additions=sums * (replicas - 1))

    def check_outputs(self, work: TileWork, values: TileValues, outputs: NDArray[np.float64]) -> None:
        """Of the banks."""
        check_sums(work, values, outputs)

    def counts(self, batch: WorkBatch, places: Sequence[ClusterTile], outcomes: Outcomes) -> Ints:
        """A line of a list is read from a weight bank at a time; a bank reads and writes a sum for each product."""
        lines = -(-batch.lengths // self.machine.weight_port_entries)
        touched = outcomes.count("bank_additions") * self.machine.sum_words
        return outcomes.counted(
            mac_slots=outcomes.count("requests") * self.schedule.lanes,
            weight_bank_reads=lines.sum(axis=1),
            x_bank_reads=touched,
            x_words_filled=touched,
        )

    def assemble_outputs(self, y: NDArray[np.float64], work: TileWork, place: ClusterTile, outputs: NDArray[np.float64]) -> None:
        """Add what a copy's banks hold to Y, as the drain does over copies and the banks over K tiles."""
        sums = outputs.reshape(work.token_words, work.words, -1)
        rows = slice(*self.schedule.m_tiles[place.m])
        for token in range(*place.tokens):
            columns = slice(token * self.schedule.lanes, min((token + 1) * self.schedule.lanes, y.shape[1]))
            y[rows, columns] += sums[token - place.tokens[0], :, : columns.stop - columns.start]


def check_sums(work: TileWork, values: TileValues, outputs: NDArray[np.float64]) -> None:
    """What the banks hold is the tile of W times the tile of X: exactly on integers, else to rounding."""
    words = values.words.reshape(work.token_words, work.present.shape[1], -1)
    expected = np.zeros_like(outputs).reshape(work.token_words, work.words, -1)
    for token in range(work.token_words):
        np.add.at(expected[token], work.word, values.weights[:, None] * words[token, work.own])
    check_equal(values, expected.reshape(outputs.shape), outputs)
