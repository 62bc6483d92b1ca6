"""Contiguous ranges of rows (M tiles), each spread over the units anew, so that a range fits their banks and its work is even."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.errors import MappingError
from simulator.kinds.units.rows import Ints, RowParts, part_entries, spread_rows
from simulator.system.program import Span
from simulator.workload.csr import Ramps, runs_of_lines
from simulator.workload.types import Weight

UNLIMITED = 1 << 40
"""More than there ever is."""


class Capacity(Struct, frozen=True):
    """What the units' own banks hold, and how rows are given to them."""

    units: int
    policy: str
    parts: int
    """Most rows, or parts of rows, of a unit."""
    entries: int
    """Most list entries of a unit within any tile of the other dimension."""
    line: str = "row"
    """What a message calls what is given to units."""


class FittedRows(Struct, frozen=True, eq=False):
    """All rows of an operation, range by range."""

    spans: tuple[Span, ...]
    parts: RowParts
    entries: Ints
    """[parts, tiles] nonzeros of each part."""

    def loads(self, units: int) -> Ints:
        """[ranges, tiles, units] entries of each."""
        tiles = self.entries.shape[1]
        within = np.searchsorted([first for first, _ in self.spans], self.parts.row, side="right") - 1
        place = ((within * units + self.parts.unit) * tiles)[:, None] + np.arange(tiles)
        size = len(self.spans) * units * tiles
        loads = np.bincount(place.ravel(), weights=self.entries.ravel(), minlength=size).astype(np.int64)
        return loads.reshape(len(self.spans), units, tiles).transpose(0, 2, 1)

    @property
    def pieces(self) -> int:
        """What it takes to hold it, in KiB."""
        return 1 + int(self.entries.nbytes + 3 * self.parts.row.nbytes) // 1024


def line_entries(indptr: NDArray[np.integer], other: NDArray[np.int32] | Ramps, width: int, tiles: int) -> Ints:
    """[rows, tiles] nonzeros of each row by tile of `width` of the other dimension, given each nonzero's index along it."""
    nnz = np.diff(indptr).astype(np.int64)
    if tiles == 1:
        return nnz[:, None]
    entries = np.empty((len(nnz), tiles), dtype=np.int64)
    for lines in runs_of_lines(indptr):
        place = np.repeat(np.arange(lines.stop - lines.start) * tiles, nnz[lines])
        place += other[int(indptr[lines.start]) : int(indptr[lines.stop])] // width
        counted = entries[lines]
        counted[:] = np.bincount(place, minlength=counted.size).reshape(counted.shape)
    return entries


@lru_cache(maxsize=4)
def row_entries(weight: Weight, width: int, tiles: int) -> Ints:
    """[rows, tiles] nonzeros of each row by tile of `width` columns; worked out once, for the tries that follow one another."""
    return line_entries(weight.indptr, weight.indices, width, tiles)


def fit_rows(row_entries: Ints, capacity: Capacity) -> FittedRows:
    """The longest contiguous ranges of rows that fit the units, one after another.

    `row_entries` is [rows, tiles of the other dimension]. A range may be passed over that is longer than one which does not
    fit. Raises MappingError where a single row does not fit.
    """
    rows, tiles = row_entries.shape
    row_nnz: Ints = row_entries.sum(axis=1)
    bound = _Bound(row_entries, capacity)

    def spread(first: int, last: int) -> FittedRows:
        return _spread_range(row_entries, row_nnz, (first, last), capacity)

    def most(fitted: FittedRows) -> tuple[int, int]:
        """Most parts and most entries of a unit."""
        held = np.bincount(fitted.parts.unit)
        places = fitted.parts.unit[:, None].astype(np.int64) * tiles + np.arange(tiles)
        filled = np.bincount(places.ravel(), weights=fitted.entries.ravel())
        return int(held.max(initial=0)), int(filled.max(initial=0))

    def fits(first: int, last: int) -> bool:
        held, filled = most(spread(first, last))
        return held <= capacity.parts and filled <= capacity.entries

    cuts = [0]
    while cuts[-1] < rows:
        first = cuts[-1]
        last = _longest(lambda last, first=first: fits(first, last), first + 1, bound.last(first))  # type: ignore[misc]
        if last is None:
            held, filled = most(spread(first, first + 1))
            raise MappingError(
                f"{capacity.line} {first} alone gives a unit {held} parts and {filled} entries; "
                f"its banks hold {capacity.parts} parts and {capacity.entries} entries"
                + ("" if capacity.policy == "split" else f"; mapping.assignment: split cuts long {capacity.line}s")
            )
        cuts.append(last)
    return spread_ranges(row_entries, tuple(itertools.pairwise(cuts)), capacity)


def spread_ranges(row_entries: Ints, spans: Sequence[Span], capacity: Capacity) -> FittedRows:
    """Given contiguous ranges of rows, each spread over the units by itself; `row_entries` as above."""
    row_nnz: Ints = row_entries.sum(axis=1)
    ranges = [_spread_range(row_entries, row_nnz, span, capacity) for span in spans or ((0, 0),)]
    joined = RowParts(*(np.concatenate([getattr(each.parts, name) for each in ranges]) for name in ("row", "nnz", "unit")))
    return FittedRows(tuple(each.spans[0] for each in ranges), joined, np.concatenate([each.entries for each in ranges]))


def _spread_range(row_entries: Ints, row_nnz: Ints, span: Span, capacity: Capacity) -> FittedRows:
    rows = slice(*span)
    parts = spread_rows(row_nnz[rows], capacity.units, capacity.policy)
    return FittedRows((span,), RowParts(parts.row + span[0], parts.nnz, parts.unit), part_entries(row_entries[rows], parts))


class _Bound:
    """How far a range can reach at all: no spreading gives units more than all their banks hold."""

    def __init__(self, row_entries: Ints, capacity: Capacity) -> None:
        filled = (row_entries.sum(axis=1, keepdims=True) > 0).astype(np.int64)
        counted = np.cumsum(np.hstack([filled, row_entries]), axis=0)
        self.before = np.vstack([np.zeros_like(counted[:1]), counted]) if len(counted) else counted
        self.most = capacity.units * np.array([capacity.parts, *[capacity.entries] * row_entries.shape[1]])

    def last(self, first: int) -> int:
        """The end of the longest range from a row; never less than that row."""
        full = self.before[first] + self.most
        ends = [np.searchsorted(column, limit, side="right") for column, limit in zip(self.before.T, full, strict=True)]
        return max(first + 1, int(min(ends)) - 1)


def _longest(fits: Callable[[int], bool], least: int, most: int) -> int | None:
    """The largest that fits, sought downwards from `most` by ever longer steps, then by halving; None where `least` does not."""
    above, size, step = most + 1, most, 1
    while not fits(size):
        if size == least:
            return None
        above, size, step = size, max(least, size - step), 2 * step
    while above - size > 1:
        middle = (above + size) // 2
        above, size = (above, middle) if fits(middle) else (middle, size)
    return size
