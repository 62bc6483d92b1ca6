"""Outlines of an array's schedules by the compiled kernels: what they move, and what no run of them goes below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.engine.compiled.system.plan import MOST, MOST_CYCLES, dram_rate
from simulator.kinds.systolic.compiled import (
    BOUND_KERNEL,
    GROUP_KERNEL,
    OUTLINE_KERNEL,
    TILES_KERNEL,
    TURNS_KERNEL,
    WEIGHTS_KERNEL,
    WHOLE_KERNEL,
    layout,
)
from simulator.kinds.systolic.compiled.layout import HOMES, Cut, Rates
from simulator.kinds.systolic.fold_tables import FoldTables
from simulator.kinds.systolic.least import Homes, bytes_moved, least_cycles
from simulator.machine.model import DMA_CHUNK_BYTES
from simulator.system.spec import SystemSpec

Ints = NDArray[np.int64]


class Outline(Struct, frozen=True, eq=False):
    """A schedule as the system level sees it: the same as its `ArrayProgram`, in rows of numbers."""

    table: Ints
    """[rows, tiles + 1] as `layout.OUTLINE` names them."""
    totals: Ints
    """As `layout.TOTALS` names them."""
    homes: Homes

    @property
    def tiles(self) -> int:
        """How many it has."""
        return len(self.table[0]) - 1

    @property
    def bytes_moved(self) -> tuple[int, int]:
        """Bytes to and from DRAM, and to and from the activation buffer, before they are rounded to bursts."""
        return bytes_moved(self.homes, self.totals[layout.X_MOVED : layout.Y_MOVED + 1].tolist())

    @property
    def _sizes(self) -> tuple[Ints, Ints, Ints]:
        """[contents] bytes of X and of W, [outputs] of Y."""
        x, w, y = self.totals[layout.X_CONTENTS : layout.OUTPUTS + 1].tolist()
        return self.table[layout.X_BYTES, :x], self.table[layout.W_BYTES, :w], self.table[layout.Y_BYTES, :y]

    def least_cycles(self, spec: SystemSpec) -> int:
        """Cycles that it takes at least by itself on a system."""
        banks = int(self.table[layout.X_BANKS, 0]), int(self.table[layout.W_BANKS, 0])
        delay = int(self.table[layout.DELAYS, self.tiles - 1])
        return least_cycles(spec, self.homes, self._sizes, banks, int(self.totals[layout.TOTAL_CYCLES]), delay)

    def earliest_end(self, spec: SystemSpec) -> int:
        """Cycles that no run of it by itself goes below (`simulator.system.relaxed`)."""
        rates = _rates(spec, self.homes)
        assert self.fits(spec), "numbers are larger than the kernel's"
        room = rates.staged // math.gcd(rates.burst, DMA_CHUNK_BYTES) + 2
        times = np.empty((len(layout.TIMES), self.tiles + 1), dtype=np.int64)
        lanes = np.empty((3, layout.RING + 2 * room), dtype=np.int64)
        found = np.array([room])
        BOUND_KERNEL(np.array(rates), self.table, times, lanes, found, self.tiles)
        return int(found[0])

    def fits(self, spec: SystemSpec) -> bool:
        """Whether no number on the way to its bound is larger than the kernel's."""
        largest = int(self.table[layout.X_BYTES :].max()) + spec.dram_burst_bytes
        return largest < MOST and 3 * largest * self.tiles < MOST_CYCLES * min(1.0, spec.dram_bytes_per_cycle)


def _rates(spec: SystemSpec, homes: Homes) -> Rates:
    x_home, w_home, y_home = (HOMES[home] for home in homes)
    rate_bytes, byte_cycles, byte_rest = dram_rate(spec)
    return Rates(
        x_home,
        w_home,
        y_home,
        x_rate=spec.x_bytes_per_cycle,
        w_rate=spec.w_bytes_per_cycle,
        drain_rate=spec.drain_bytes_per_cycle,
        latency=spec.dram_latency_cycles,
        burst=spec.dram_burst_bytes,
        staged=spec.staged_bytes,
        rate_bytes=rate_bytes,
        byte_cycles=byte_cycles,
        byte_rest=byte_rest,
    )


def _given(cut: Cut, folds: FoldTables) -> tuple[NDArray[Any], ...]:
    return np.array(cut, dtype=np.int64), folds.left, folds.right, folds.wanted, folds.common


def outlined(cut: Cut, tiles: int, folds: FoldTables, parts: tuple[Ints, Ints, Ints], homes: Homes) -> Outline:
    """A schedule of so many tiles.

    `parts`: [2, parts] of X and of W bytes of each part and cycles of its fullest bank, and [parts] bytes of Y.
    """
    table = np.zeros((len(layout.OUTLINE), tiles + 1), dtype=np.int64)
    totals = np.empty(len(layout.TOTALS), dtype=np.int64)
    work = np.empty((len(layout.WORK), tiles + 1), dtype=np.int64)
    OUTLINE_KERNEL(*_given(cut, folds), *parts, table, totals, work, tiles)
    return Outline(table, totals, homes)


def whole_folds(cut: Cut, folds: FoldTables) -> tuple[int, int]:
    """Folds of a product of which no dimension is cut, and cycles that they add up to."""
    found = np.empty(2, dtype=np.int64)
    WHOLE_KERNEL(*_given(cut, folds), found, cut.batch)
    return int(found[0]), int(found[1])


def chain_cycles(operations: Sequence[tuple[Cut, FoldTables]], turns: Ints, *, ahead: bool) -> int:
    """Cycles of fused operations on one part of the array, K and M whole, with what of the way from one to the next no tile hides.

    `turns`: [2, tiles of all] operation and tile, in execution order; `ahead`: whether the first is a tile ahead of the other.
    """
    tiles = turns.shape[1] // len(operations)
    rows = np.empty((len(operations), len(layout.TILE), tiles), dtype=np.int64)
    for (cut, folds), of_tiles in zip(operations, rows, strict=True):
        TILES_KERNEL(*_given(cut, folds), of_tiles, tiles)
    found = np.array([len(operations), ahead], dtype=np.int64)
    TURNS_KERNEL(np.array(operations[0][0], dtype=np.int64), rows, turns, np.empty((2, turns.shape[1]), dtype=np.int64), found, tiles)
    return int(found[0])


def tiles_of_weights(rows: Ints, cols: Ints, block: tuple[int, int], tile: tuple[int, int], batch: int, banks: int, word: int) -> Ints:
    """[3, batch · M tiles · K tiles] nonzeros, words with any in the bank that has most of them, and such words.

    `rows`, `cols`: of the nonzeros of W, row by row; `block`, `tile`: rows and columns of each.
    """
    k_tiles = -(-block[1] // tile[1])
    tiles = batch * -(-block[0] // tile[0]) * k_tiles
    found = np.zeros((3, tiles), dtype=np.int64)
    given = np.array((*block, *tile, banks, word, tiles), dtype=np.int64)
    WEIGHTS_KERNEL(given, rows, cols, np.zeros(k_tiles * banks, dtype=np.int64), found, len(rows))
    return found


def in_groups(rows: Ints, places: Ints, height: int, width: int, size: int) -> Ints:
    """[rows] an order of rows in groups of so many (`row_order.in_groups`)."""
    work = np.zeros(3 * height + 2 * width + 2, dtype=np.int64)
    work[height] = len(rows)
    order = np.empty(height, dtype=np.int64)
    GROUP_KERNEL(np.array((width, size), dtype=np.int64), rows, places, work, np.empty_like(rows), order, height)
    return order
