"""A whole operation through the cell-by-cell systolic array: its folds, its cycles and its Y.

What is skipped and how weights are packed is decided here from the numbers themselves, apart from the masks by which
the formulas decide it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.kinds.systolic.cells import Operands, run_output, run_stationary
from simulator.kinds.systolic.machine import SystolicFabric
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.system.program import Span

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Steps:
    """One block of an operation as steps of its sums: one a weight, or `kept` for each group of `of`."""

    weights: Matrix
    """[M, K]"""
    picks: NDArray[np.int64]
    """[M, K] which activation of its step a weight meets."""
    activations: Matrix
    """[K, width, N] what a cell can pick from."""


@dataclass(frozen=True, eq=False)
class PlacedFold:
    """One fold, and where its output goes."""

    operands: Operands
    features: slice
    tokens: slice


def run_array(schedule: SystolicSchedule, w: Matrix, x: Matrix) -> tuple[int, Matrix]:
    """Cycles and Y[M, N] of an operation, moved operand by operand; W[M, K] and X[K, N] are dense arrays.

    The rows of W, and so of Y, are those of the operation's output features, in whichever order the schedule puts them on the array.
    """
    fabric, order = schedule.fabric, schedule.product.row_order
    if order is not None:
        w = w[order]
    folds = list(folds_of(fabric, schedule, w, x))
    y = np.zeros((w.shape[0], x.shape[1]))
    if not folds:
        return 0, y
    run = run_output if schedule.dataflow == "os" else run_stationary
    result = run(fabric, [fold.operands for fold in folds])
    for fold, output in zip(folds, result.outputs, strict=True):
        features, tokens = fold.features, fold.tokens
        block = output if schedule.dataflow == "is" else output.T
        places = np.arange(features.start, features.stop) if order is None else order[features]
        held = slice(-(tokens.stop - tokens.start), None) if schedule.dataflow == "os" else slice(tokens.stop - tokens.start)
        y[places, tokens] += block[: features.stop - features.start, held]
    return result.cycles, y


def folds_of(fabric: SystolicFabric, schedule: SystolicSchedule, w: Matrix, x: Matrix) -> Iterator[PlacedFold]:
    """The folds that are run, in order."""
    product = schedule.product
    height, tokens = product.shape[0], product.shape[2]
    blocks = [_steps(rows, columns, product.kept, product.of) for rows, columns in _diagonal(w, x, product.batch)]
    for block, m, n, k in schedule.positions:
        spans = schedule.m_tiles[m], schedule.k_tiles[k], schedule.n_tiles[n]
        for features, columns, operands in _tile(fabric, schedule.dataflow, blocks[block], spans):
            first = features.start + block * height
            rows = slice(first, first + features.stop - features.start)
            wanted = product.sampled is None or product.sampled[rows, columns].any()
            if (wanted or not fabric.skip_zero_tiles) and len(operands.rows):
                yield PlacedFold(operands, rows, slice(columns.start, min(columns.stop, tokens)))


def _diagonal(w: Matrix, x: Matrix, batch: int) -> Iterator[tuple[Matrix, Matrix]]:
    height, width = w.shape[0] // batch, w.shape[1] // batch
    for block in range(batch):
        inputs = slice(block * width, (block + 1) * width)
        yield w[block * height : (block + 1) * height, inputs], x[inputs]


def _steps(w: Matrix, x: Matrix, kept: int, of: int) -> Steps:
    """One step an input feature, or the nonzeros of each group of `of`, at most `kept`, side by side."""
    if of == 1:
        return Steps(w, np.zeros(w.shape, dtype=np.int64), x[:, None, :])
    groups = -(-w.shape[1] // of)
    weights, picks = np.zeros((w.shape[0], groups * kept)), np.zeros((w.shape[0], groups * kept), dtype=np.int64)
    padded = np.zeros((groups * of, x.shape[1]))
    padded[: len(x)] = x
    for row, group in np.ndindex(w.shape[0], groups):
        members = w[row, group * of : (group + 1) * of]
        for place, pick in enumerate(np.flatnonzero(members)):
            weights[row, group * kept + place], picks[row, group * kept + place] = members[pick], pick
    return Steps(weights, picks, np.repeat(padded.reshape(groups, of, -1), kept, axis=0))


def _tile(fabric: SystolicFabric, flow: str, of: Steps, spans: tuple[Span, Span, Span]) -> Iterator[tuple[slice, slice, Operands]]:
    """Features, tokens and operands of a tile's folds; a fold without steps is not run."""
    rows, cols = fabric.rows, fabric.cols
    features, inputs, tokens = (slice(*span) for span in spans)
    if flow == "ws":
        for f in _blocks(features, cols):
            for i in _blocks(inputs, rows):
                held, picks, streamed = of.weights[f, i].T, of.picks[f, i].T, of.activations[i, :, tokens].transpose(2, 0, 1)
                yield f, tokens, _held(fabric, held, picks, streamed)
    elif flow == "is":
        for t in _blocks(tokens, cols):
            for i in _blocks(inputs, rows):
                held, streamed = of.activations[i, 0, t], of.weights[features, i, None]
                yield features, t, _held(fabric, held, np.zeros(held.shape, dtype=np.int64), streamed)
    else:
        for f in _blocks(features, cols):
            for t in _blocks(tokens, rows):
                yield (
                    f,
                    t,
                    _both_streamed(fabric, of.activations[inputs, :, t].transpose(0, 2, 1), of.weights[f, inputs].T, of.picks[f, inputs].T),
                )


def _held(fabric: SystolicFabric, held: Matrix, picks: NDArray[np.int64], streamed: Matrix) -> Operands:
    if fabric.skip_zero_tiles and not held.any():
        streamed = streamed[:0]
    rows, cols = fabric.rows, fabric.cols
    cells = _pad(_pad(held, 0, rows), 1, cols)
    return Operands(_pad(streamed, 1, rows), cols=cells, picks=_picks(picks, (rows, cols)), used=(held.shape[0], held.shape[1]))


def _both_streamed(fabric: SystolicFabric, left: Matrix, top: Matrix, picks: NDArray[np.int64]) -> Operands:
    wanted = np.ones(len(left), dtype=np.bool_)
    if fabric.skip_zero_tiles and not (left.any() and top.any()):
        wanted[:] = False
    if fabric.column_skip:
        wanted &= left.any(axis=(1, 2)) & top.any(axis=1)
    steps = (np.flatnonzero(wanted), len(wanted)) if fabric.column_skip else (None, 0)
    left, top, picks = left[wanted], top[wanted], picks[wanted]
    lines = np.pad(left, ((0, 0), (fabric.rows - left.shape[1], 0), (0, 0)))  # the last rows, from which no sum passes a cell without one
    used = left.shape[1], top.shape[1]
    return Operands(lines, _pad(top, 1, fabric.cols), _picks(picks, (len(picks), fabric.cols)), used, *steps)


def _blocks(span: slice, step: int) -> Iterator[slice]:
    for start in range(span.start, span.stop, step):
        yield slice(start, min(start + step, span.stop))


def _pad(block: Matrix, axis: int, size: int) -> Matrix:
    """Zeros at the end of an axis."""
    room = [(0, 0)] * block.ndim
    room[axis] = (0, size - block.shape[axis])
    return np.pad(block, room)


def _picks(picks: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.int64]:
    padded = np.zeros(shape, dtype=np.int64)
    padded[: picks.shape[0], : picks.shape[1]] = picks
    return padded
