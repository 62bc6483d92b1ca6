"""How an operand's nonzeros lie: density and the skew of its rows and columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.workload.types import Activations, Weight


@dataclass(frozen=True)
class PatternStats:
    """Statistics of one pattern; the degree of a row or column is its number of nonzeros."""

    shape: tuple[int, int]
    nnz: int
    density: float
    """nnz / size."""
    row_degree_cv: float
    """Coefficient of variation of row degrees: standard deviation (of all rows, divided by their number) / mean; 0 without nonzeros."""
    col_degree_cv: float
    """The same of column degrees."""
    row_max_over_mean: float
    """Largest row degree / mean row degree; 0 without nonzeros."""
    col_max_over_mean: float
    """Largest column degree / mean column degree."""
    empty_rows: int
    """Rows without a nonzero."""
    empty_cols: int
    """Columns without a nonzero."""


def pattern_stats(operand: Weight | Activations) -> PatternStats:
    """Return the statistics of W[M,K] (rows: output features) or of X[K,N] (rows: input features, columns: tokens)."""
    rows, cols = degrees(operand)
    return PatternStats(
        shape=operand.shape,
        nnz=operand.nnz,
        density=operand.nnz / (operand.shape[0] * operand.shape[1]),
        row_degree_cv=_cv(rows),
        col_degree_cv=_cv(cols),
        row_max_over_mean=_max_over_mean(rows),
        col_max_over_mean=_max_over_mean(cols),
        empty_rows=int(np.count_nonzero(rows == 0)),
        empty_cols=int(np.count_nonzero(cols == 0)),
    )


def degrees(operand: Weight | Activations) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the nonzeros of every row and of every column."""
    if isinstance(operand, Weight):
        return np.diff(operand.indptr), np.bincount(operand.indices, minlength=operand.shape[1]).astype(np.int64)
    if operand.mask is None:
        return operand.row_counts(), np.full(operand.shape[1], operand.shape[0], dtype=np.int64)
    return operand.row_counts(), operand.mask.sum(axis=0, dtype=np.int64)


def _cv(counts: NDArray[np.int64]) -> float:
    mean = float(counts.mean())
    return float(counts.std()) / mean if mean else 0.0


def _max_over_mean(counts: NDArray[np.int64]) -> float:
    mean = float(counts.mean())
    return float(counts.max()) / mean if mean else 0.0
