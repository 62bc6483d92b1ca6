"""Which input features the lists of a tile name: no others are fetched (rule 7)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.system.program import Span
from simulator.workload.csr import AT_ONCE
from simulator.workload.types import Operation, Weight


def named_features(operation: Operation, rows: Span, columns: Span) -> NDArray[np.int64]:
    """Input features, counted from the first of a range, that lists of a range of output features name.

    All of the range where W is made from activations, and its lists when X is on its way.
    """
    weight = operation.weight
    start, stop = columns
    if operation.weight_home == "activation":
        return np.arange(stop - start)
    met = weight.column_counts > 0 if rows == (0, weight.shape[0]) else _met(weight, rows)
    return np.flatnonzero(met[start:stop])


@lru_cache(maxsize=8)
def _met(weight: Weight, rows: Span) -> NDArray[np.bool_]:
    """[columns] whether some rows have a nonzero there; looked for once, for the ranges of columns that follow one another."""
    if weight.dense and rows[0] < rows[1]:
        return np.ones(weight.shape[1], dtype=np.bool_)
    first, last = (int(weight.indptr[row]) for row in rows)
    met = np.zeros(weight.shape[1], dtype=np.bool_)
    for start in range(first, last, AT_ONCE):
        met[weight.indices[start : min(start + AT_ONCE, last)]] = True
    return met
