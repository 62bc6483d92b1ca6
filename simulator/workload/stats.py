"""Statistics of a pattern, before any machine: density, skew of its degrees, and what it would ask of memory banks."""

from __future__ import annotations

from collections.abc import Callable
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
        return np.diff(operand.indptr), operand.column_counts
    if operand.mask is None:
        return operand.row_counts(), np.full(operand.shape[1], operand.shape[0], dtype=np.int64)
    return operand.row_counts(), operand.mask.sum(axis=0, dtype=np.int64)


def _cv(counts: NDArray[np.int64]) -> float:
    mean = float(counts.mean())
    return float(counts.std()) / mean if mean else 0.0


def _max_over_mean(counts: NDArray[np.int64]) -> float:
    mean = float(counts.mean())
    return float(counts.max()) / mean if mean else 0.0


BANKS = 32
WINDOW = 32
TILE = 64
_CHUNK = 2**20


@dataclass(frozen=True)
class BankStats:
    """Estimates for 32 banks of one port; each is a plain count over the pattern, no simulation."""

    conflict32: float
    """Mean over windows of 32 consecutive nonzeros (row after row; the last, partial window is left out) of the most distinct
    columns that one of 32 banks is asked for, where column k lies in bank k mod 32; 1 without conflict, 32 at worst."""
    conflict32_hashed: float
    """The same where k lies in the XOR of its base-32 digits."""
    load32_max_over_mean: float
    """Nonzeros of the busiest of 32 banks ÷ their mean, column k in bank k mod 32."""
    tile64_cv: float
    """Coefficient of variation of the nonzeros of whole 64 × 64 tiles; 0 where there is at most one."""


def bank_stats(weight: Weight) -> BankStats:
    """Return the estimates for W[M,K]; all are 0 without nonzeros."""
    columns = weight.column_counts
    load = np.bincount(np.arange(len(columns)) % BANKS, weights=columns, minlength=BANKS)
    return BankStats(
        conflict32=_conflict(weight, lambda column: column % BANKS),
        conflict32_hashed=_conflict(weight, xor_fold),
        load32_max_over_mean=float(load.max() / load.mean()) if weight.nnz else 0.0,
        tile64_cv=_tile_cv(weight),
    )


def xor_fold(column: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the XOR of the base-32 digits of each column."""
    rest, folded = column.copy(), np.zeros_like(column)
    while rest.any():
        folded ^= rest % BANKS
        rest //= BANKS
    return folded


def _conflict(weight: Weight, bank_of: Callable[[NDArray[np.int64]], NDArray[np.int64]]) -> float:
    windows = weight.nnz // WINDOW
    if weight.dense and weight.shape[1] % WINDOW == 0:
        return 1.0  # every window is an aligned run of columns
    total = 0
    for start in range(0, windows * WINDOW, _CHUNK):
        stop = min(start + _CHUNK, windows * WINDOW)
        columns = np.sort(weight.indices[start:stop].astype(np.int64).reshape(-1, WINDOW), axis=1)
        first = np.ones(columns.shape, dtype=np.bool_)
        first[:, 1:] = columns[:, 1:] != columns[:, :-1]
        asked = np.arange(len(columns))[:, None] * BANKS + bank_of(columns)
        counts = np.bincount(asked[first], minlength=len(columns) * BANKS).reshape(-1, BANKS)
        total += int(counts.max(axis=1).sum())
    return total / windows if windows else 0.0


def _tile_cv(weight: Weight) -> float:
    if weight.dense:
        return 0.0
    down, right = weight.shape[0] // TILE, weight.shape[1] // TILE
    if down * right < 2:
        return 0.0
    rows = np.repeat(np.arange(weight.shape[0]), np.diff(weight.indptr)) // TILE
    cols = np.asarray(weight.indices, dtype=np.int64) // TILE
    whole = (rows < down) & (cols < right)
    counts = np.bincount((rows * right + cols)[whole], minlength=down * right)
    return float(counts.std() / counts.mean()) if counts.any() else 0.0
