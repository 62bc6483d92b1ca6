"""Seeded patterns for operands that no file gives."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from simulator.workload.csr import Csr, check_size, flat_csr


def uniform(shape: tuple[int, int], nnz: int, seed: int) -> Csr:
    """Return exactly `nnz` nonzeros at uniformly random places, none twice; pattern only.

    Memory is of the order of the nonzeros, not of the matrix. Raises OperandError where they do not fit.
    """
    check_size(shape, nnz)
    return flat_csr(shape, uniform_places(shape[0] * shape[1], nnz, np.random.default_rng(seed)), None)


def uniform_places(size: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return `count` distinct numbers below `size`, ascending, every set of them equally likely."""
    if 2 * count <= size:
        return _distinct(size, count, generator)
    zeros = _distinct(size, size - count, generator)
    present = np.ones(size, dtype=np.bool_)
    present[zeros] = False
    return np.flatnonzero(present).astype(np.int64, copy=False)


def dense(shape: tuple[int, int]) -> Csr:
    """Return a pattern without any zero."""
    check_size(shape, shape[0] * shape[1])
    indptr = np.arange(shape[0] + 1, dtype=np.int64) * shape[1]
    return Csr(shape, indptr, np.tile(np.arange(shape[1], dtype=np.int32), shape[0]), None)


def causal(shape: tuple[int, int]) -> Csr:
    """Return blocks of [keys, queries], as many keys as queries, one below another: nonzero where key ≤ query.

    `shape` is that of all blocks together. Raises OperandError where it is too large.
    """
    queries = shape[1]
    check_size(shape, shape[0] // queries * (queries * (queries + 1) // 2))
    key = np.arange(shape[0], dtype=np.int64) % queries
    indptr = np.concatenate([[0], np.cumsum(queries - key)])
    start = np.repeat(indptr[1:] - queries, queries - key)
    return Csr(shape, indptr, (np.arange(indptr[-1]) - start).astype(np.int32), None)


def derived_seed(base: int, operation: str, operand: str) -> int:
    """Return the seed of an operand that names none: its own for every operation and operand."""
    return int.from_bytes(hashlib.sha256(f"{base}/{operation}/{operand}".encode()).digest()[:8], "big")


def _distinct(size: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """`count` distinct numbers below `size`, ascending, every set of them equally likely.

    Each turn draws only as many as are still missing, so none has to be thrown away again: throwing away the
    largest would favour small ones.
    """
    chosen = np.empty(0, dtype=np.int64)
    while len(chosen) < count:
        drawn = generator.integers(0, size, size=count - len(chosen), dtype=np.int64)
        chosen = np.sort(np.concatenate([chosen, drawn]))  # np.unique hashes, which is several times slower here
        chosen = chosen[np.concatenate([[True], chosen[1:] != chosen[:-1]])]
    return chosen
