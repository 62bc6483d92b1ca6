"""What is spread over units: whole rows, or parts of rows that are too long for one unit."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

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

    def of_rows(self, first: int, last: int) -> slice:
        """The parts of a range of rows."""
        start, stop = np.searchsorted(self.row, (first, last))
        return slice(int(start), int(stop))

    def cut_rows(self, first: int, last: int) -> tuple[int, int]:
        """Of a range of rows: how many are in more than one part, and how many parts these have."""
        _, counts = np.unique(self.row[self.of_rows(first, last)], return_counts=True)
        cut = counts[counts > 1]
        return len(cut), int(cut.sum())


def fitting_ranges(parts: RowParts, entries: Ints, size: int, units: int, most_parts: int, most_entries: int) -> tuple[Span, ...]:
    """The longest contiguous row ranges in which no unit holds more than `most_parts` parts, or entries in any tile.

    `entries` is [parts, tiles] along the other operand dimension; `size` is the number of rows. Raises MappingError
    where a single row does not fit.
    """
    held = np.bincount(parts.unit, minlength=units)
    filled = np.zeros((units, entries.shape[1]), dtype=np.int64)
    np.add.at(filled, parts.unit, entries)
    if not size or _fits(held, filled, most_parts, most_entries):  # mostly so, and much the quickest to see
        return ((0, size),)
    held[:] = 0
    filled[:] = 0
    cuts = [0]
    firsts = np.flatnonzero(np.diff(parts.row, prepend=-1))
    for start, stop in itertools.pairwise([*firsts.tolist(), len(parts.row)]):
        users = parts.unit[start:stop]
        np.add.at(held, users, 1)
        np.add.at(filled, users, entries[start:stop])
        if not _fits(held[users], filled[users], most_parts, most_entries):
            cuts.append(int(parts.row[start]))
            held[:] = 0
            filled[:] = 0
            np.add.at(held, users, 1)
            np.add.at(filled, users, entries[start:stop])
            if not _fits(held[users], filled[users], most_parts, most_entries):
                raise MappingError(
                    f"row {parts.row[start]} alone gives a unit {held[users].max()} parts and {filled[users].max()} entries; "
                    f"its banks hold {most_parts} parts and {most_entries} entries"
                )
    return tuple(itertools.pairwise([*dict.fromkeys(cuts), size]))


def _fits(held: Ints, filled: Ints, most_parts: int, most_entries: int) -> bool:
    return int(held.max()) <= most_parts and int(filled.max()) <= most_entries


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
    cut, assign = POLICIES[policy]
    parts = cut(row_nnz, units)
    row = np.repeat(np.arange(len(row_nnz)), parts)
    place = np.arange(len(row)) - np.repeat(np.cumsum(parts) - parts, parts)
    even, rest = row_nnz[row] // parts[row], row_nnz[row] % parts[row]
    nnz = even + (place < rest)
    return RowParts(row=row, nnz=nnz, unit=assign(nnz, units))
