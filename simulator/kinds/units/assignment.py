"""row → unit: plain functions of the nonzeros of each row."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

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
    return _list_schedule(range(len(row_nnz)), row_nnz, units)


def _list_schedule(order: Iterable[int], row_nnz: NDArray[np.int64], units: int) -> NDArray[np.int32]:
    unit = np.full(len(row_nnz), -1, dtype=np.int32)
    loads = [(0, index) for index in range(units)]
    for row in order:
        nnz = int(row_nnz[row])
        if nnz:
            load, index = loads[0]
            unit[row] = index
            heapq.heapreplace(loads, (load + nnz, index))
    return unit
