"""A whole operation through the cell-by-cell systolic array: its folds, its cycles and its Y."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.machine.model import SystolicFabric
from simulator.mapping.loops import Span
from simulator.mapping.systolic import SystolicSchedule
from simulator.timing.reference.systolic import run_output, run_stationary

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FoldOperands:
    """Operands of one fold, padded to the array, and where its output goes."""

    first: Matrix
    """Stationary: the held [R, C]. Output-stationary: what enters from the left, [stream, R]."""
    second: Matrix
    """Stationary: what streams in from the left, [stream, R]. Output-stationary: what enters from above, [stream, C]."""
    features: slice
    tokens: slice


def run_array(fabric: SystolicFabric, schedule: SystolicSchedule, w: Matrix, x: Matrix) -> tuple[int, Matrix]:
    """Cycles and Y[M, N] of an operation, moved operand by operand; W[M, K] and X[K, N] are dense arrays."""
    folds = list(_folds(fabric, schedule, w, x))
    run = run_output if schedule.dataflow == "os" else run_stationary
    result = run(fabric, [fold.first for fold in folds], [fold.second for fold in folds])
    y = np.zeros((w.shape[0], x.shape[1]))
    for fold, output in zip(folds, result.outputs, strict=True):
        features, tokens = fold.features, fold.tokens
        block = output if schedule.dataflow == "is" else output.T
        y[features, tokens] += block[: features.stop - features.start, : tokens.stop - tokens.start]
    return result.cycles, y


def _folds(fabric: SystolicFabric, schedule: SystolicSchedule, w: Matrix, x: Matrix) -> Iterator[FoldOperands]:
    rows, cols = fabric.rows, fabric.cols
    height, width, _ = schedule.operation.block_shape
    for block, m, n, k in schedule.positions():
        features, inputs = _shift(schedule.m_tiles[m], block * height), _shift(schedule.k_tiles[k], block * width)
        tokens = slice(*schedule.n_tiles[n])
        if schedule.dataflow == "ws":
            for f in _blocks(features, cols):
                for i in _blocks(inputs, rows):
                    yield FoldOperands(_pad(w[f, i].T, rows, cols), _pad(x[i, tokens].T, None, rows), f, tokens)
        elif schedule.dataflow == "is":
            for t in _blocks(tokens, cols):
                for i in _blocks(inputs, rows):
                    yield FoldOperands(_pad(x[i, t], rows, cols), _pad(w[features, i], None, rows), features, t)
        else:
            for f in _blocks(features, cols):
                for t in _blocks(tokens, rows):
                    yield FoldOperands(_pad(x[inputs, t], None, rows), _pad(w[f, inputs].T, None, cols), f, t)


def _shift(span: Span, start: int) -> slice:
    return slice(span[0] + start, span[1] + start)


def _blocks(span: slice, step: int) -> Iterator[slice]:
    for start in range(span.start, span.stop, step):
        yield slice(start, min(start + step, span.stop))


def _pad(block: Matrix, rows: int | None, cols: int) -> Matrix:
    padded = np.zeros((block.shape[0] if rows is None else rows, cols))
    padded[: block.shape[0], : block.shape[1]] = block
    return padded
