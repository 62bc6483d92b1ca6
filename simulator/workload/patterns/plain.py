"""`dense`, `causal`, `uniform` and `per_row`: the patterns without structure, softmax's triangle, and regular lines."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, PositiveInt

from simulator.errors import OperandError
from simulator.workload.csr import Csr, check_size, flat_csr
from simulator.workload.patterns.base import Counted, Matrix, Oriented, Pattern, Places
from simulator.workload.patterns.draws import smallest, uniform_keys, uniform_places


class Dense(Pattern):
    """No zero at all."""

    pattern: Literal["dense"] = Field(description="no zero at all")

    def nonzeros(self, shape: Matrix) -> int:
        """Return the size."""
        return shape[0] * shape[1]

    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return every place."""
        return np.arange(shape[0] * shape[1], dtype=np.int64)

    def stack(self, batch: int, shape: Matrix, seed: int) -> Csr:
        """Return all blocks at once."""
        return dense((batch * shape[0], shape[1]))


class Causal(Pattern):
    """Softmax's output [keys, queries] under a causal mask."""

    pattern: Literal["causal"] = Field(description="X[key, query] is nonzero where key ≤ query; as many keys as queries")

    def nonzeros(self, shape: Matrix) -> int:
        """Return queries · (queries + 1) / 2."""
        return shape[1] * (shape[1] + 1) // 2

    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return the upper triangle."""
        matrix = causal(shape)
        return matrix.rows() * shape[1] + matrix.indices

    def stack(self, batch: int, shape: Matrix, seed: int) -> Csr:
        """Return all blocks at once."""
        return causal((batch * shape[0], shape[1]))


class Uniform(Counted):
    """Every set of places equally likely."""

    pattern: Literal["uniform"] = Field(description="nonzeros at random places, every set of places equally likely")

    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return distinct random places."""
        return uniform_places(shape[0] * shape[1], self.nonzeros(shape), generator)

    def stack(self, batch: int, shape: Matrix, seed: int) -> Csr:
        """Draw all blocks together: `density` and `nnz` are those of the whole, and blocks need not have the same number."""
        whole = (batch * shape[0], shape[1])
        return uniform(whole, self.nonzeros(whole), self.seed if self.seed is not None else seed)


class PerRow(Oriented):
    """Exactly `count` nonzeros a line: its own degree is regular, that of the other side is binomial."""

    pattern: Literal["per_row"] = Field(description="exactly count nonzeros in each row (or column), at random places")
    count: PositiveInt = Field(description="nonzeros of each line")

    def nonzeros(self, shape: Matrix) -> int:
        """Return lines × count."""
        lines, length = self.lines(shape)
        if self.count > length:
            raise OperandError(f"count = {self.count}: a {self.of} has {length} places")
        return lines * self.count

    def line_places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return `count` random places of every line."""
        return smallest(np.full(shape[0], self.count, dtype=np.int64), shape[1], uniform_keys(shape[1], generator))


def uniform(shape: tuple[int, int], nnz: int, seed: int) -> Csr:
    """Return exactly `nnz` nonzeros at uniformly random places, none twice; pattern only.

    Memory is of the order of the nonzeros, not of the matrix. Raises OperandError where they do not fit.
    """
    check_size(shape, nnz)
    return flat_csr(shape, uniform_places(shape[0] * shape[1], nnz, np.random.default_rng(seed)), None)


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
    block = np.triu_indices(queries)[1].astype(np.int32)
    return Csr(shape, indptr, np.tile(block, shape[0] // queries), None)
