"""Some of the products of a batch as an operation of its own: what a machine runs at a time where operations are fused."""

from __future__ import annotations

import hashlib

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.workload.types import Activations, Operation, Weight

Values = NDArray[np.float64]


def slices(operation: Operation, blocks: int, *, values: bool) -> tuple[Operation, ...]:
    """A batched operation as several of at most so many of its blocks each, in order.

    With `values` each has the numbers that the whole has; without, its patterns alone.
    """
    numbers = (operation.weight.values(), operation.activations.values()) if values else (None, None)
    starts = range(0, operation.batch, blocks)
    return tuple(_slice(operation, first, min(first + blocks, operation.batch), *numbers) for first in starts)


def first_blocks(operation: Operation, blocks: int) -> Operation:
    """The first so many blocks of a batched operation; patterns alone."""
    return _slice(operation, 0, blocks, None, None)


def _slice(operation: Operation, first: int, last: int, w: Values | None, x: Values | None) -> Operation:
    m, k, _ = operation.block_shape
    return replace(
        operation,
        weight=_diagonal(operation.weight, (first * m, last * m), (first * k, last * k), w),
        activations=_rows(operation.activations, (first * k, last * k), x),
        batch=last - first,
    )


def _diagonal(weight: Weight, rows: tuple[int, int], columns: tuple[int, int], values: Values | None) -> Weight:
    """Blocks on the diagonal: rows that have no nonzero outside of some columns."""
    inside = slice(weight.indptr[rows[0]], weight.indptr[rows[1]])
    return Weight(
        shape=(rows[1] - rows[0], columns[1] - columns[0]),
        indptr=weight.indptr[rows[0] : rows[1] + 1] - weight.indptr[rows[0]],
        indices=weight.indices[inside] - np.int32(columns[0]),
        data=None if values is None else values[inside],
        sha256=_hash(weight.sha256, rows),
    )


def _rows(x: Activations, rows: tuple[int, int], values: Values | None) -> Activations:
    """Some input features."""
    span = slice(*rows)
    return Activations(
        shape=(rows[1] - rows[0], x.shape[1]),
        mask=None if x.mask is None else x.mask[span],
        data=None if values is None else values[span],
        sha256=_hash(x.sha256, rows),
    )


def _hash(whole: str, rows: tuple[int, int]) -> str:
    """Of some rows of an operand, known by the whole."""
    return hashlib.sha256(f"{whole} {rows}".encode()).hexdigest()
