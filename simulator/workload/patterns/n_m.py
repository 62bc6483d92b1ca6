"""`n_m`: N:M sparsity, N nonzeros in each group of M neighbours."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from simulator.workload.patterns.base import Matrix, Oriented, Places, fit
from simulator.workload.patterns.choice import smallest, uniform_keys


class NM(Oriented):
    """Each aligned group of `m` places of a row (or column) has exactly `n` nonzeros, every choice equally likely."""

    pattern: Literal["n_m"] = Field(description="exactly n nonzeros in each aligned group of m neighbours of a row (or column)")
    n: PositiveInt = Field(description="nonzeros of a group")
    m: PositiveInt = Field(description="places of a group; must divide the line")

    @model_validator(mode="after")
    def _group(self) -> NM:
        if self.n > self.m:
            raise ValueError(f"n: {self.n} of {self.m} places; allowed: at most m")
        return self

    def nonzeros(self, shape: Matrix) -> int:
        """Return groups × n."""
        lines, length = self.lines(shape)
        return lines * fit("m", self.m, length) * self.n

    def line_places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return `n` random places of every group; groups are lines of length `m` in the same order."""
        groups = shape[0] * shape[1] // self.m
        return smallest(np.full(groups, self.n, dtype=np.int64), self.m, uniform_keys(self.m, generator))
