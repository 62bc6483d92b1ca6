"""`radix`: RadiX-Net, regular and strided: the same degree everywhere, and the worst case of interleaved banks."""

from __future__ import annotations

from math import prod
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from simulator.errors import OperandError
from simulator.workload.patterns.base import Matrix, Pattern, Places

Digits = Annotated[tuple[PositiveInt, ...], Field(min_length=1, max_length=16)]


class Radix(Pattern):
    """Row r is joined to columns (⌊r · columns / rows⌋ + Σ dᵢ · strideᵢ) mod columns, for all digits dᵢ < radixᵢ.

    A layer of RadiX-Net (Robinett and Kepner, HPEC 2019) is one radix and the product of those before it as its stride.
    """

    pattern: Literal["radix"] = Field(description="RadiX-Net: every row is joined to columns at regular strides")
    radices: Digits = Field(description="how many values each digit takes; their product is the nonzeros of a row")
    strides: Digits = Field(description="columns that a step of each digit moves")

    @model_validator(mode="after")
    def _pairs(self) -> Radix:
        if len(self.radices) != len(self.strides):
            raise ValueError(f"strides: {len(self.strides)} strides for {len(self.radices)} radices; allowed: one a radix")
        return self

    def nonzeros(self, shape: Matrix) -> int:
        """Return rows × product of the radices; OperandError where two paths meet in a column."""
        each = prod(self.radices)
        if each > shape[1] or len(np.unique(self._steps(shape[1]))) != each:
            raise OperandError(f"radices: {each} columns a row meet among {shape[1]}; allowed: radices and strides without repetition")
        return shape[0] * each

    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return the places; nothing is drawn."""
        row = np.arange(shape[0], dtype=np.int64)
        columns = np.sort((row[:, None] * shape[1] // shape[0] + self._steps(shape[1])) % shape[1], axis=1)
        return np.asarray((row[:, None] * shape[1] + columns).ravel(), dtype=np.int64)

    def _steps(self, columns: int) -> Places:
        steps = np.zeros(1, dtype=np.int64)
        for radix, stride in zip(self.radices, self.strides, strict=True):
            steps = np.add.outer(steps, np.arange(radix, dtype=np.int64) * stride).ravel() % columns
        return steps
