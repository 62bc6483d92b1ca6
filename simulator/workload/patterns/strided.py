"""`bank_balanced` and `radix`: nonzeros at regular strides, the best and the worst case of interleaved banks."""

from __future__ import annotations

from math import prod
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from simulator.errors import OperandError
from simulator.workload.patterns.base import Matrix, Pattern, Places, Seeded


class BankBalanced(Seeded):
    """Conflict-free by construction, where word k lies in bank k mod `banks` and row r belongs to unit r mod `units`.

    All rows have the same number of nonzeros. Each unit's list, its rows one after another, walks through the banks in
    cyclic order, so that any `banks` consecutive entries of a list lie in different banks; the units start
    ⌊banks / units⌋ banks apart, so that units in step ask for different banks in every cycle. Within that, the columns
    are drawn: entry t of a row that starts at bank o is column o + t + banks · h_t, with random h_t that never fall
    (modulo banks, where o + t passes the end).
    """

    pattern: Literal["bank_balanced"] = Field(description="conflict-free by construction for interleaved banks and units in step")
    density: float = Field(ge=0, le=1, description="round(density × columns) nonzeros in each row")
    banks: PositiveInt = Field(description="banks of a copy: word k lies in bank k mod banks (placement: interleaved)")
    units: PositiveInt = Field(
        1, description="units of a cluster, at most banks: row r is that of unit r mod units (assignment: round_robin)"
    )

    @model_validator(mode="after")
    def _apart(self) -> BankBalanced:
        if self.units > self.banks:
            raise ValueError(f"units: {self.units} units cannot ask {self.banks} banks without conflict; allowed: at most banks")
        return self

    def nonzeros(self, shape: Matrix) -> int:
        """Return rows × nonzeros of a row; OperandError where a row has no room to choose."""
        each = round(self.density * shape[1])
        room = shape[1] - self.banks + 1
        if each > room:
            raise OperandError(f"{each} nonzeros a row, but {self.banks} banks leave room for {max(room, 0)} of {shape[1]} columns")
        return shape[0] * each

    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return the places, row after row."""
        each = round(self.density * shape[1])
        row = np.arange(shape[0], dtype=np.int64)
        first = (row % self.units * (self.banks // self.units) + row // self.units * each) % self.banks
        start = first[:, None] + np.arange(each)
        turns = (shape[1] - first - each) // self.banks
        jumps = np.sort(generator.integers(0, turns[:, None] + 1, size=(shape[0], each)), axis=1)
        return np.asarray((row[:, None] * shape[1] + start + self.banks * jumps).ravel(), dtype=np.int64)


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
