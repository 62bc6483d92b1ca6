"""The fewest cycles that the busiest part of a cluster allows for a tile."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.engine.batch import Ints, WorkBatch, most_of, within
from simulator.engine.cluster import ClusterSpec
from simulator.kinds.gather.schedule import GatherSchedule


def cluster_bounds(spec: ClusterSpec, batch: WorkBatch, wanted: Ints) -> Ints:
    """[clusters, bounds] of clusters, each in its tile, in the order of `ClusterResults`; `wanted` is [clusters, units] requests.

    A unit multiplies one word and examines `examine_width` entries a cycle; a bank port serves one word a cycle, for one
    request or, with multicast, for several; a network moves one flit an input and an output.
    """
    requests = wanted.max(axis=1)
    entries = batch.lengths.max(axis=1) * batch.token_words
    word, port = (-(-accesses // spec.bank_ports) for accesses in _most_accesses(spec, batch))
    network = np.maximum(requests, port) if spec.network == "routed" else np.zeros_like(port)
    return np.stack([np.maximum(requests, -(-entries // spec.examine_width)), word, port, network], axis=1)


def _most_accesses(spec: ClusterSpec, batch: WorkBatch) -> tuple[Ints, Ints]:
    """[clusters] of any word of the tile, and [clusters] of any bank."""
    asked, times = _least_accesses(spec, batch)
    tile, ends = np.searchsorted(batch.word_ptr, asked, side="right") - 1, np.searchsorted(asked, batch.word_ptr)
    column, tokens = asked - batch.word_ptr[tile], batch.token_words[tile]
    place = np.repeat(column, tokens) + within(tokens) * np.repeat(batch.words[tile], tokens)
    bank = batch.bank[place + np.repeat(batch.first_bank[tile], tokens)]
    served = np.repeat(times, tokens)
    if not batch.all_whole:
        served *= batch.present[place + np.repeat(batch.first_present[tile], tokens)]
        times = np.where(batch.shown(tile, column) > 0, times, 0)
    loads = np.bincount(np.repeat(tile * spec.banks, tokens) + bank, weights=served, minlength=len(batch.works) * spec.banks)
    return most_of(times, ends), loads.reshape(-1, spec.banks).max(axis=1).astype(np.int64)


def _least_accesses(spec: ClusterSpec, batch: WorkBatch) -> tuple[Ints, Ints]:
    """Words of K that are asked for, counted over all tiles and in order, and the fewest accesses that serve all requests for each,
    for each token word in which it is not zero.

    One a request; with multicast one for all, but a crossbar brings one request a unit and cycle, so that those of one
    unit never go together.
    """
    word = np.repeat(batch.word_ptr[:-1], batch.counts) + batch.word
    if not (spec.multicast and spec.combines):
        asked, times = np.unique(word, return_counts=True)
        return asked, np.ones_like(times) if spec.multicast else times
    unit = np.repeat(np.arange(batch.lengths.size) % batch.units, batch.lengths.ravel())
    of_unit, times = np.unique(word * batch.units + unit, return_counts=True)
    word = of_unit // batch.units
    first = np.flatnonzero(np.diff(word, prepend=-1))
    return word[first], np.maximum.reduceat(times, first) if len(first) else times


def least_round_cycles(spec: ClusterSpec, words: Ints, entries: Ints) -> list[int]:
    """[tiles in execution order] cycles that no run of the round goes below, given what `busiest_rounds` says.

    A unit multiplies a word a cycle, and examines `examine_width` entries; before its first operand lies a crossing of the empty
    fabric, after its last one the merge of its row. It asks for a word when fewer than a window are on their way: no sooner than
    the cycle after the operand of one that it asked for a window before, or later.
    """
    windows, more = np.divmod(words - 1, spec.felt_window)
    last_asked = windows * (spec.answer_cycles + 1) + more // spec.issue_width
    computing = np.where(words > 0, np.maximum(words, last_asked + 1) + spec.unloaded_cycles, 0)
    cycles: list[int] = np.maximum(computing, -(-entries // spec.examine_width)).tolist()
    return cycles


def busiest_rounds(units: int, schedule: GatherSchedule, present: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """[tiles in execution order] words that the busiest of the `units` of a group multiplies, and entries that the busiest examines.

    `present` is [token words, K].
    """
    busiest = _Busiest(units, schedule)
    of_list = busiest.entries()
    words, entries = (np.zeros((schedule.rounds, *of_list.shape), dtype=np.int64) for _ in range(2))
    for index in range(schedule.rounds):
        for start, stop in schedule.active_groups(index):
            here = present[start:stop]
            examined = of_list * len(here)
            words[index] = np.maximum(words[index], examined if here.all() else busiest.words(here.sum(axis=0)))
            entries[index] = np.maximum(entries[index], examined)
    m, round_index, k = np.array(schedule.positions()).T
    return words[round_index, k, m], entries[round_index, k, m]


class _Busiest:
    """The busiest unit of each tile."""

    def __init__(self, units: int, schedule: GatherSchedule) -> None:
        self.schedule = schedule
        parts = schedule.parts
        self.shape = len(schedule.k_tiles), len(schedule.m_tiles), units
        m_tile = np.searchsorted([start for start, _ in schedule.m_tiles], parts.row, side="right") - 1
        self.of_part = m_tile * units + parts.unit

    @cached_property
    def _columns(self) -> NDArray[np.int32]:
        return np.asarray(self.schedule.operation.weight.indices)

    @cached_property
    def _place(self) -> Ints:
        """[nonzeros] K tile, M tile and unit of each."""
        k_tiles = self.schedule.k_tiles
        k_tile = np.repeat(np.arange(len(k_tiles)), [stop - start for start, stop in k_tiles])
        place: Ints = k_tile[self._columns] * (self.shape[1] * self.shape[2]) + np.repeat(self.of_part, self.schedule.parts.nnz)
        return place

    def entries(self) -> Ints:
        """[K tiles, M tiles] most entries of any unit."""
        size = self.shape[1] * self.shape[2]
        return self._most(np.stack([np.bincount(self.of_part, weights=of, minlength=size) for of in self.schedule.entries.T]))

    def words(self, times: Ints) -> Ints:
        """[K tiles, M tiles] the same, each entry counted so often as its [K] column says."""
        return self._most(np.bincount(self._place, weights=times[self._columns], minlength=math.prod(self.shape)))

    def _most(self, loads: NDArray[Any]) -> Ints:
        busiest: Ints = loads.reshape(self.shape).max(axis=2).astype(np.int64)
        return busiest
