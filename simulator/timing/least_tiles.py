"""The fewest cycles of every round of a gathered operation, all of them at once, from its schedule and masks alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from simulator.mapping.gather import GatherSchedule
from simulator.timing.fabric import ClusterSpec

Ints = NDArray[np.int64]
MOST_AT_ONCE = 2_000_000
"""(tiles × units × spans of tokens) that are looked at together; bounds the memory."""


def least_round_cycles(spec: ClusterSpec, units: int, schedule: GatherSchedule, present: NDArray[np.bool_]) -> list[int]:
    """[tiles in execution order] cycles that no run of the round goes below.

    The busiest of the `units` of a group multiplies a word a cycle, and examines `examine_width` entries; before its first
    operand lies a crossing of the empty fabric, after its last one the merge of its row. `present` is [token words, K].
    """
    spans = [schedule.active_groups(index) for index in range(schedule.rounds)]
    groups = [span for round_spans in spans for span in round_spans]
    first_group = np.cumsum([0, *(len(round_spans) for round_spans in spans)])[:-1]
    lengths = np.array([stop - start for start, stop in groups], dtype=np.int64)
    shown = _shown(present, groups)
    least = np.zeros((len(schedule.k_tiles), len(schedule.m_tiles), schedule.rounds), dtype=np.int64)
    for k, (entries, words) in enumerate(_loads(units, schedule, shown, lengths)):
        computing = np.where(words > 0, words + _unloaded_cycles(spec), 0)
        cycles = np.maximum(computing, -(-entries[:, None] * lengths // spec.examine_width))
        least[k] = np.maximum.reduceat(cycles, first_group, axis=1)
    return [int(least[k, m, index]) for m, index, k in schedule.positions()]


def _unloaded_cycles(spec: ClusterSpec) -> int:
    """From the first request to the first operand, and from the last operand to the end of the tile, in an empty fabric."""
    crossing = 0 if spec.network == "none" else 2 * spec.latency
    return crossing + spec.read_latency + spec.merge_cycles + 1


def _shown(present: NDArray[np.bool_], groups: list[tuple[int, int]]) -> Ints | None:
    """[K, spans] words of each column that are not all zero; None where none is."""
    if present.all():
        return None
    starts = [start for start, _ in groups]
    return np.add.reduceat(present, starts, axis=0, dtype=np.int64).T


def _loads(units: int, schedule: GatherSchedule, shown: Ints | None, lengths: Ints) -> list[tuple[Ints, Ints]]:
    """For each K tile, of the busiest unit of each M tile: [M tiles] entries, [M tiles, spans] words."""
    parts, columns = schedule.parts, schedule.operation.weight.indices
    tiles = len(schedule.m_tiles)
    m_of_part = np.searchsorted([start for start, _ in schedule.m_tiles], parts.row, side="right") - 1
    place_of_part = m_of_part * units + parts.unit
    filled = [
        np.bincount(place_of_part, weights=schedule.entries[:, k], minlength=tiles * units).astype(np.int64)
        for k in range(len(schedule.k_tiles))
    ]
    entries = [counts.reshape(tiles, units).max(axis=1) for counts in filled]
    if shown is None:
        return [(most, most[:, None] * lengths) for most in entries]
    place = np.repeat(place_of_part, parts.nnz)
    loads = []
    for most, (start, stop) in zip(entries, schedule.k_tiles, strict=True):
        inside = slice(None) if len(entries) == 1 else (columns >= start) & (columns < stop)
        lists = sparse.csr_matrix(
            (np.ones(len(place[inside]), dtype=np.int64), (place[inside], columns[inside] - start)), shape=(tiles * units, stop - start)
        )
        loads.append((most, _busiest(lists, shown[start:stop], tiles, units)))
    return loads


def _busiest(lists: sparse.csr_matrix, shown: Ints, tiles: int, units: int) -> Ints:
    """[M tiles, spans] words of the busiest unit."""
    at_once = max(1, MOST_AT_ONCE // (units * shown.shape[1]))
    return np.concatenate(
        [
            np.asarray(lists[first * units : (first + at_once) * units] @ shown).reshape(-1, units, shown.shape[1]).max(axis=1)
            for first in range(0, tiles, at_once)
        ]
    )
