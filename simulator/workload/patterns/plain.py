"""`dense`, `causal` and `uniform`: the patterns without structure, and softmax's triangle."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from simulator.workload.csr import Csr
from simulator.workload.generate import causal, dense, uniform, uniform_places
from simulator.workload.patterns.base import Counted, Matrix, Pattern, Places


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
