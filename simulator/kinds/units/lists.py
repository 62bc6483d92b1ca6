"""From a schedule to the work lists of every cluster in a round."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.engine.batch import Ints, ends_of
from simulator.engine.work import TileValues, TileWork
from simulator.kinds.gather.schedule import GatherSchedule
from simulator.kinds.units.machine import UnitsMachine
from simulator.system.program import Span


class SliceLists(Struct, frozen=True, eq=False, dict=True):
    """The lists of all units of a token group for one (M tile, K tile); the same for every group and round."""

    unit_ptr: NDArray[np.int64]
    """[units of a group + 1]"""
    word: NDArray[np.int32]
    row: NDArray[np.int32]
    weight_index: NDArray[np.int32]
    part_row: Ints
    """[parts, as they stand in the lists] output feature of each."""
    part_entries: Ints
    """[parts] entries of each."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """[units of a group] entries of each unit."""
        return np.diff(self.unit_ptr)

    @cached_property
    def global_row(self) -> NDArray[np.int32]:
        """[entries] output feature of each entry: of use where Y is put together."""
        return np.repeat(self.part_row.astype(np.int32), self.part_entries)


def slice_lists(schedule: GatherSchedule, m: int, k: int, units: int) -> SliceLists:
    """Lists of one slice: sorted by unit, then row, then column."""
    weight, parts = schedule.operation.weight, schedule.parts
    here = parts.of_rows(*schedule.m_tiles[m])
    units_of = parts.unit[here]
    # a part's entries of a slice stand together, so that parts are put into order and not entries, which are thousands of times more
    by_unit = np.argsort(units_of, kind="stable")
    entries = schedule.entries[here, k][by_unit]
    starts = int(weight.indptr[schedule.m_tiles[m][0]]) + np.cumsum(parts.nnz[here]) - parts.nnz[here] + schedule.entries_before[here, k]
    index = _runs(starts[by_unit], entries)
    words = weight.indices[index]
    words -= np.int32(schedule.k_tiles[k][0])
    order = ENTRY_ORDERS[schedule.order](words, by_unit, entries, units_of, schedule)
    return SliceLists(
        unit_ptr=ends_of(schedule.unit_entries(m, k, units)),
        word=words[order],
        row=np.repeat(_output_rows(units_of)[by_unit], entries),
        weight_index=index[order],
        part_row=parts.row[here][by_unit],
        part_entries=entries,
    )


def _runs(starts: Ints, lengths: Ints) -> NDArray[np.int32]:
    """start, start + 1, … of every run, one run after another; there are never so many nonzeros that 32 bits do not number them."""
    ends = np.cumsum(lengths)
    index = np.arange(ends[-1] if len(ends) else 0, dtype=np.int32)
    index += np.repeat((starts - ends + lengths).astype(np.int32), lengths)
    return index


def natural(words: NDArray[np.int32], parts: Ints, entries: Ints, unit: NDArray[np.int32], schedule: GatherSchedule) -> slice:
    """By column, as they stand."""
    return slice(None)


def bank_aware(words: NDArray[np.int32], parts: Ints, entries: Ints, unit: NDArray[np.int32], schedule: GatherSchedule) -> Ints:
    """By bank, cyclically from a bank of the unit's own, so that units sweep the banks in step and not in each other's way."""
    start, stop = schedule.k_tiles[0]
    bank = schedule.placement(stop - start, schedule.banks)[words]
    part = np.repeat(parts.astype(np.int32), entries)
    run = np.cumsum(np.diff(part, prepend=part[:1]) != 0)
    return np.argsort(run * schedule.banks + (bank - unit[part] % schedule.banks) % schedule.banks, kind="stable")


ENTRY_ORDERS: dict[str, Callable[[NDArray[np.int32], Ints, Ints, NDArray[np.int32], GatherSchedule], Ints | slice]] = {
    "natural": natural,
    "bank_aware": bank_aware,
}
"""Order of a part's entries: from the tile-local word of each entry, the parts as they stand and how many entries each has, and the unit
of each part, to their order, the parts' kept."""


def _output_rows(unit: NDArray[np.int32]) -> NDArray[np.int32]:
    """[parts of the M tile] place of each part in its unit's output bank, in row order."""
    order = np.argsort(unit, kind="stable")
    starts = np.searchsorted(unit[order], unit[order], side="left")
    places = np.empty(len(unit), dtype=np.int32)
    places[order] = np.arange(len(unit)) - starts
    return places


class CopiedWords(Struct, frozen=True, eq=False):
    """The words that every copy of a group holds in a tile, as of `TileWork`."""

    words: int
    token_words: int
    bank: NDArray[np.int32]
    present: NDArray[np.bool_]

    @classmethod
    def of(cls, machine: UnitsMachine, schedule: GatherSchedule, k: int, tokens: Span, present: NDArray[np.bool_]) -> CopiedWords:
        """Of a K tile and a group's token words, given what is `present` in all of X."""
        start, stop = schedule.k_tiles[k]
        words, token_words = stop - start, tokens[1] - tokens[0]
        bank = schedule.placement(token_words * words, machine.fabric.banks_per_copy)
        return cls(words, token_words, bank, present[tokens[0] : tokens[1], start:stop])


def cluster_work(schedule: GatherSchedule, lists: SliceLists, copied: CopiedWords, replica: int, replicas: int) -> TileWork:
    """What the cluster of one of a group's copies does with the words that it holds."""
    per_cluster = (len(lists.unit_ptr) - 1) // replicas
    ptr = lists.unit_ptr[replica * per_cluster : (replica + 1) * per_cluster + 1]
    entries = slice(ptr[0], ptr[-1])
    return TileWork(
        unit_ptr=ptr - ptr[0],
        word=lists.word[entries],
        own=lists.row[entries],
        weight_index=lists.weight_index[entries],
        words=copied.words,
        token_words=copied.token_words,
        bank=copied.bank,
        present=copied.present,
        stream=schedule.stream,
    )


def tile_values(
    weight_index: NDArray[np.integer], k_span: Span, tokens: Span, lanes: int, weights: NDArray[np.float64], x: NDArray[np.float64]
) -> TileValues:
    """The numbers of a tile: weights in list order, and words of `lanes` activations, padded with zeros."""
    start, stop = k_span
    tile = np.zeros((stop - start, (tokens[1] - tokens[0]) * lanes))
    part = x[start:stop, tokens[0] * lanes : tokens[1] * lanes]
    tile[:, : part.shape[1]] = part
    words = tile.reshape(stop - start, tokens[1] - tokens[0], lanes).transpose(1, 0, 2).reshape(-1, lanes)
    return TileValues(weights=weights[weight_index], words=words)
