"""What is spread over units: whole rows, or parts of rows that are too long for one unit."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.kinds.units.machine import UnitsMachine
from simulator.recall import Recall

Assignment = Callable[[NDArray[np.int64], int], NDArray[np.int32]]
"""([rows] nonzeros of each row, units) → [rows] unit of each row, −1 for a row without nonzeros.

An empty row costs no unit anything: its zeros are supplied when the outputs are drained.
"""


def round_robin(row_nnz: NDArray[np.int64], units: int) -> NDArray[np.int32]:
    """Rows by turns, the empty ones passed over."""
    unit = np.full(len(row_nnz), -1, dtype=np.int32)
    filled = np.flatnonzero(row_nnz)
    unit[filled] = np.arange(len(filled)) % units
    return unit


def balanced(row_nnz: NDArray[np.int64], units: int) -> NDArray[np.int32]:
    """Longest processing time first: the longest row to the least loaded unit; ties to the lowest row, then unit."""
    return _list_schedule(np.argsort(-row_nnz, kind="stable"), row_nnz, units)


def dynamic(row_nnz: NDArray[np.int64], units: int) -> NDArray[np.int32]:
    """List scheduling: rows in order, each to the least loaded unit."""
    return _list_schedule(np.arange(len(row_nnz)), row_nnz, units)


def _list_schedule(order: NDArray[np.int64], row_nnz: NDArray[np.int64], units: int) -> NDArray[np.int32]:
    order = order[row_nnz[order] > 0]
    loads = list(range(units))  # load × units + unit: one number is compared sooner than two
    least = [heapq.heapreplace(loads, loads[0] + more) for more in (row_nnz[order] * units).tolist()]
    unit = np.full(len(row_nnz), -1, dtype=np.int32)
    unit[order] = np.array(least, dtype=np.int64) % units
    return unit


Ints = NDArray[np.int64]
Cut = Callable[[Ints, int], Ints]
"""([rows] nonzeros of each row, units) → [rows] parts that each row is cut into, 0 for an empty one."""


class RowParts(Struct, frozen=True, eq=False, dict=True):
    """Parts in row order; an uncut row is one part, an empty row none."""

    row: Ints
    """[parts] row that a part belongs to."""
    nnz: Ints
    """[parts] its nonzeros, taken in column order."""
    unit: NDArray[np.int32]
    """[parts] unit that it is given to."""

    @cached_property
    def most_parts(self) -> int:
        """Of a unit."""
        return int(np.bincount(self.unit, minlength=1).max())

    @cached_property
    def most_entries(self) -> int:
        """Nonzeros of the busiest unit."""
        return int(np.bincount(self.unit, weights=self.nnz, minlength=1).max())

    def of_rows(self, first: int, last: int) -> slice:
        """The parts of a range of rows."""
        start, stop = np.searchsorted(self.row, (first, last))
        return slice(int(start), int(stop))


def part_entries(row_entries: Ints, parts: RowParts) -> Ints:
    """[parts, tiles] nonzeros of each part by tile of the other dimension, given those of each row, [rows, tiles]."""
    end = np.cumsum(row_entries, axis=1)[parts.row]
    last = np.cumsum(parts.nnz)
    first = last - parts.nnz
    before = first[np.searchsorted(parts.row, parts.row)]
    start, stop = (first - before)[:, None], (last - before)[:, None]
    # in place: these are the largest arrays that cutting an operation makes
    begin: Ints = end - row_entries[parts.row]
    inside: Ints = np.minimum(stop, end, out=end)
    inside -= np.maximum(start, begin, out=begin)
    return np.maximum(inside, 0, out=inside)


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
    key = row_nnz.astype(np.int64).tobytes(), units, policy
    return _SPREAD.of_key(key, lambda: _spread(row_nnz, units, policy), lambda parts: 1 + len(parts.row))


_SPREAD = Recall(1 << 20)
"""Made once, as machines that are tried one after another mostly differ in other things: parts of rows, in 40 MB at most."""


def _spread(row_nnz: Ints, units: int, policy: str) -> RowParts:
    cut, assign = POLICIES[policy]
    parts = cut(row_nnz, units)
    row = np.repeat(np.arange(len(row_nnz)), parts)
    place = np.arange(len(row)) - np.repeat(np.cumsum(parts) - parts, parts)
    even, rest = row_nnz[row] // parts[row], row_nnz[row] % parts[row]
    nnz = even + (place < rest)
    return RowParts(row=row, nnz=nnz, unit=assign(nnz, units))


def spread_over(machine: UnitsMachine, row_nnz: Ints) -> RowParts:
    """Rows, or columns, of so many nonzeros over the units of a token group, as the machine assigns them."""
    return spread_rows(row_nnz, machine.fabric.units_per_group, machine.mapping.assignment)
