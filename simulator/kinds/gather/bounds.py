"""The fewest cycles that the busiest part of a cluster allows for a tile."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Bounds
from simulator.engine.cluster import ClusterSpec
from simulator.engine.work import TileWork
from simulator.kinds.gather.schedule import GatherSchedule


def cluster_bounds(spec: ClusterSpec, work: TileWork) -> Bounds:
    """Bounds of one cluster in one tile.

    A unit multiplies one word and examines `examine_width` entries a cycle; a bank port serves one word a cycle, for one
    request or, with multicast, for several; a network moves one flit an input and an output.
    """
    requests = work.by_unit(work.wanted)
    entries = np.diff(work.unit_ptr) * work.token_words
    unit = max(int(requests.max(initial=0)), -(-int(entries.max(initial=0)) // spec.examine_width))
    accesses = (_least_accesses(spec, work) * work.present).ravel()
    word = -(-int(accesses.max(initial=0)) // spec.bank_ports)
    port = -(-int(np.bincount(work.bank, weights=accesses, minlength=spec.banks).max(initial=0)) // spec.bank_ports)
    return Bounds(
        unit_cycles=unit,
        word_cycles=word,
        bank_cycles=port,
        network_cycles=max(int(requests.max(initial=0)), port) if spec.network == "routed" else 0,
    )


def _least_accesses(spec: ClusterSpec, work: TileWork) -> NDArray[np.int64]:
    """[words of K] the fewest accesses that serve all requests for a word, for each token word in which it is not zero.

    One a request; with multicast one for all, but a crossbar brings one request a unit and cycle, so that those of one
    unit never go together.
    """
    if not spec.multicast:
        return np.bincount(work.word, minlength=work.words)
    if not spec.combines:
        return (np.bincount(work.word, minlength=work.words) > 0).astype(np.int64)
    unit = np.repeat(np.arange(work.units, dtype=np.int64), np.diff(work.unit_ptr))
    asked, times = np.unique(unit * work.words + work.word, return_counts=True)
    most = np.zeros(work.words, dtype=np.int64)
    np.maximum.at(most, asked % work.words, times)
    return most


Ints = NDArray[np.int64]


def least_round_cycles(spec: ClusterSpec, units: int, schedule: GatherSchedule, present: NDArray[np.bool_]) -> list[int]:
    """[tiles in execution order] cycles that no run of the round goes below.

    The busiest of the `units` of a group multiplies a word a cycle, and examines `examine_width` entries; before its first
    operand lies a crossing of the empty fabric, after its last one the merge of its row. `present` is [token words, K].
    """
    busiest = _Busiest(units, schedule)
    entries = busiest.of(None)
    least = np.zeros((schedule.rounds, *entries.shape), dtype=np.int64)
    for index in range(schedule.rounds):
        for start, stop in schedule.active_groups(index):
            here = present[start:stop]
            words = entries * len(here) if here.all() else busiest.of(here.sum(axis=0))
            computing = np.where(words > 0, words + spec.unloaded_cycles, 0)
            least[index] = np.maximum.reduce([least[index], computing, -(-entries * len(here) // spec.examine_width)])
    return [int(least[index, k, m]) for m, index, k in schedule.positions()]


class _Busiest:
    """The busiest unit of each tile."""

    def __init__(self, units: int, schedule: GatherSchedule) -> None:
        parts, self.columns = schedule.parts, schedule.operation.weight.indices
        self.shape = len(schedule.k_tiles), len(schedule.m_tiles), units
        m_tile = np.searchsorted([start for start, _ in schedule.m_tiles], parts.row, side="right") - 1
        k_tile = np.repeat(np.arange(len(schedule.k_tiles)), [stop - start for start, stop in schedule.k_tiles])
        self.place = k_tile[self.columns] * (self.shape[1] * units) + np.repeat(m_tile * units + parts.unit, parts.nnz)

    def of(self, times: Ints | None) -> Ints:
        """[K tiles, M tiles] most entries of any unit, each counted so often as its [K] column says; once where told nothing."""
        weights = None if times is None else times[self.columns]
        loads = np.bincount(self.place, weights=weights, minlength=math.prod(self.shape))
        busiest: Ints = loads.reshape(self.shape).max(axis=2).astype(np.int64)
        return busiest
