"""Pruning while importing: which values of trained matrices stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.csr import Csr, flat_csr
from simulator.workload.importing.sources import Source

_SHOWN = 8


@dataclass(frozen=True)
class Pruning:
    """A rule and its numbers. Of equal values the first stay."""

    rule: str
    """magnitude: the largest of each matrix; row: of each row; global: of all matrices together; n_m: of each group of m
    neighbours of a row, whose last group may have fewer; block: the blocks of the largest root mean square, whole, of which
    those of the last rows and columns may have fewer places."""
    density: float = 1.0
    """magnitude, row, global, block: exactly round(density × size) places (of the matrix, a row, all matrices; blocks) at most."""
    n: int = 1
    m: int = 1
    block: int = 1
    """Side of a block."""


def prune_sources(sources: Sequence[Source], pruning: Pruning) -> tuple[list[Source], list[str]]:
    """Return the sources with what the rule keeps of their matrices, and the names of those of which nothing stays.

    Raises OperandError, naming the source, for one without values, or with sizes that do not fit the rule, and where nothing stays.
    """
    matrices = [_valued(source.name, source.matrix) for source in sources]
    if pruning.rule == "global":
        pruned = _globally(matrices, pruning.density)
    else:
        pruned = [_alone(source.name, matrix, pruning) for source, matrix in zip(sources, matrices, strict=True)]
    kept = [replace(source, matrix=matrix) for source, matrix in zip(sources, pruned, strict=True) if matrix.nnz]
    empty = [source.name for source, matrix in zip(sources, pruned, strict=True) if not matrix.nnz]
    if not kept:
        raise OperandError(f"{', '.join(empty[:_SHOWN])}: no nonzero is left")
    return kept, empty


def pruned(name: str, matrix: Csr, pruning: Pruning) -> Csr:
    """Return what a rule of one matrix keeps of it. Raises OperandError as `prune_sources`."""
    kept = _alone(name, _valued(name, matrix), pruning)
    if not kept.nnz:
        raise OperandError(f"{name}: pruning to {pruning.density:g} leaves no nonzero of {matrix.shape[0]} × {matrix.shape[1]} places")
    return kept


def _valued(name: str, matrix: Csr | None) -> Csr:
    if matrix is None or matrix.data is None:
        raise OperandError(f"{name}: has no values, so that it cannot be pruned by magnitude")
    return matrix


def _alone(name: str, matrix: Csr, pruning: Pruning) -> Csr:
    try:
        return _kept(matrix, RULES[pruning.rule](matrix, pruning))
    except OperandError as error:
        raise OperandError(f"{name}: {error}") from error


def _globally(matrices: Sequence[Csr], density: float) -> list[Csr]:
    size = sum(matrix.shape[0] * matrix.shape[1] for matrix in matrices)
    score = np.concatenate([_score(matrix) for matrix in matrices])
    kept = _largest(np.zeros(len(score), dtype=np.int64), score, round(density * size))
    parts = np.split(kept, np.cumsum([matrix.nnz for matrix in matrices])[:-1])
    return [_kept(matrix, part) for matrix, part in zip(matrices, parts, strict=True)]


def _magnitude(matrix: Csr, pruning: Pruning) -> NDArray[np.bool_]:
    count = round(pruning.density * matrix.shape[0] * matrix.shape[1])
    return _largest(np.zeros(matrix.nnz, dtype=np.int64), _score(matrix), count)


def _rows(matrix: Csr, pruning: Pruning) -> NDArray[np.bool_]:
    return _largest(matrix.rows(), _score(matrix), round(pruning.density * matrix.shape[1]))


def _groups(matrix: Csr, pruning: Pruning) -> NDArray[np.bool_]:
    groups = -(-matrix.shape[1] // pruning.m)
    return _largest(matrix.rows() * groups + matrix.indices // pruning.m, _score(matrix), pruning.n)


def _blocks(matrix: Csr, pruning: Pruning) -> NDArray[np.bool_]:
    side = pruning.block
    high, wide = (-(-length // side) for length in matrix.shape)
    with_any, block = np.unique(matrix.rows() // side * wide + matrix.indices // side, return_inverse=True)
    places = np.minimum(side, matrix.shape[0] - with_any // wide * side) * np.minimum(side, matrix.shape[1] - with_any % wide * side)
    mean_square = np.bincount(block, weights=_score(matrix) ** 2) / places
    chosen = _largest(np.zeros(len(places), dtype=np.int64), mean_square, round(pruning.density * high * wide))
    return np.asarray(chosen[block])


RULES: dict[str, Callable[[Csr, Pruning], NDArray[np.bool_]]] = {"magnitude": _magnitude, "row": _rows, "n_m": _groups, "block": _blocks}
"""Rules of one matrix by name; `global` weighs all matrices together."""


def _largest(group: NDArray[np.int64], score: NDArray[np.float64], count: int) -> NDArray[np.bool_]:
    """Whether each entry is among the `count` largest scores of its group."""
    order = np.lexsort((-score, group))
    starts = np.searchsorted(group[order], group[order], side="left")
    kept = np.zeros(len(group), dtype=np.bool_)
    kept[order[np.arange(len(group)) - starts < count]] = True
    return kept


def _kept(matrix: Csr, kept: NDArray[np.bool_]) -> Csr:
    return flat_csr(matrix.shape, _flat(matrix)[kept], None if matrix.data is None else matrix.data[kept])


def _flat(matrix: Csr) -> NDArray[np.int64]:
    return matrix.rows() * matrix.shape[1] + matrix.indices


def _score(matrix: Csr) -> NDArray[np.float64]:
    return np.abs(matrix.data) if matrix.data is not None else np.empty(0)
