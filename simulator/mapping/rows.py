"""What is spread over units: whole rows, or parts of rows that are too long for one unit."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.errors import MappingError
from simulator.mapping.assignment import Assignment, balanced, dynamic, round_robin
from simulator.mapping.loops import Span

Ints = NDArray[np.int64]
Cut = Callable[[Ints, int], Ints]
"""([rows] nonzeros of each row, units) → [rows] parts that each row is cut into, 0 for an empty one."""


@dataclass(frozen=True, eq=False)
class RowParts:
    """Parts in row order; an uncut row is one part, an empty row none."""

    row: Ints
    """[parts] row that a part belongs to."""
    nnz: Ints
    """[parts] its nonzeros, taken in column order."""
    unit: NDArray[np.int32]
    """[parts] unit that it is given to."""

    @cached_property
    def none_cut(self) -> bool:
        """Whether every row is in one part."""
        return bool((np.diff(self.row) > 0).all())

    def of_rows(self, first: int, last: int) -> slice:
        """The parts of a range of rows."""
        start, stop = np.searchsorted(self.row, (first, last))
        return slice(int(start), int(stop))

    def cut_rows(self, first: int, last: int) -> tuple[int, int]:
        """Of a range of rows: how many are in more than one part, and how many parts these have."""
        if self.none_cut:
            return 0, 0
        _, counts = np.unique(self.row[self.of_rows(first, last)], return_counts=True)
        cut = counts[counts > 1]
        return len(cut), int(cut.sum())


def fitting_ranges(parts: RowParts, entries: Ints, size: int, units: int, most_parts: int, most_entries: int) -> tuple[Span, ...]:
    """The longest contiguous row ranges in which no unit holds more than `most_parts` parts, or entries in any tile.

    `entries` is [parts, tiles] along the other operand dimension; `size` is the number of rows. Raises MappingError
    where a single row does not fit.
    """
    tiles = entries.shape[1]
    places = (parts.unit[:, None].astype(np.int64) * tiles + np.arange(tiles)).ravel()
    weights = entries.ravel()
    firsts = [*np.flatnonzero(np.diff(parts.row, prepend=-1)).tolist(), len(parts.row)]
    rows = len(firsts) - 1

    def most(first: int, last: int) -> tuple[int, int]:
        """Most parts and most entries of a unit, of the rows of these places among those that are not empty."""
        start, stop = firsts[first], firsts[last]
        held = np.bincount(parts.unit[start:stop])
        filled = np.bincount(places[start * tiles : stop * tiles], weights=weights[start * tiles : stop * tiles])
        return int(held.max(initial=0)), int(filled.max(initial=0))

    def fits(first: int, last: int) -> bool:
        held, filled = most(first, last)
        return held <= most_parts and filled <= most_entries

    if fits(0, rows):  # mostly so, and much the quickest to see
        return ((0, size),)
    cuts, first = [0], 0
    while first < rows:
        if not fits(first, first + 1):
            held, filled = most(first, first + 1)
            raise MappingError(
                f"row {parts.row[firsts[first]]} alone gives a unit {held} parts and {filled} entries; "
                f"its banks hold {most_parts} parts and {most_entries} entries"
            )
        first = _last_within(lambda last, first=first: fits(first, last), first + 1, rows + 1)  # type: ignore[misc]
        if first < rows:
            cuts.append(int(parts.row[firsts[first]]))
    return tuple(itertools.pairwise([*cuts, size]))


def _last_within(within: Callable[[int], bool], low: int, high: int) -> int:
    """The largest number that is within, of those from `low`, which is, to `high`, which is not, once beyond it always beyond."""
    step = 1
    while low + step < high and within(low + step):
        low, step = low + step, 2 * step
    high = min(high, low + step)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if within(middle) else (low, middle)
    return low


def part_entries(parts: RowParts, other: NDArray[np.int32], width: int, tiles: int) -> Ints:
    """[parts, tiles] nonzeros of each part by tile of the other dimension, given each nonzero's index along it."""
    part = np.repeat(np.arange(len(parts.row)), parts.nnz)
    counted = np.bincount(part * tiles + other // width, minlength=len(parts.row) * tiles)
    return counted.reshape(len(parts.row), tiles).astype(np.int64)


def whole_rows(row_nnz: Ints, units: int) -> Ints:
    """Every row that is not empty is one part."""
    return (row_nnz > 0).astype(np.int64)


def cut_long_rows(row_nnz: Ints, units: int) -> Ints:
    """Rows longer than an even share of all nonzeros are cut into as few parts as are no longer than it."""
    share = max(1, -(-int(row_nnz.sum()) // units))
    return -(-row_nnz // share)


POLICIES: dict[str, tuple[Cut, Assignment]] = {
    "round_robin": (whole_rows, round_robin),
    "balanced": (whole_rows, balanced),
    "dynamic": (whole_rows, dynamic),
    "split": (cut_long_rows, balanced),
}
"""How rows are cut, and how the parts are given to units."""


def spread_rows(row_nnz: Ints, units: int, policy: str) -> RowParts:
    """Cut rows into parts, as even as can be, and give them to units."""
    return _spread(row_nnz.astype(np.int64).tobytes(), units, policy)


@lru_cache(maxsize=256)
def _spread(row_nnz_bytes: bytes, units: int, policy: str) -> RowParts:
    """Made once: machines that are tried one after another mostly differ in other things."""
    row_nnz = np.frombuffer(row_nnz_bytes, dtype=np.int64)
    cut, assign = POLICIES[policy]
    parts = cut(row_nnz, units)
    row = np.repeat(np.arange(len(row_nnz)), parts)
    place = np.arange(len(row)) - np.repeat(np.cumsum(parts) - parts, parts)
    even, rest = row_nnz[row] // parts[row], row_nnz[row] % parts[row]
    nnz = even + (place < rest)
    return RowParts(row=row, nnz=nnz, unit=assign(nnz, units))
