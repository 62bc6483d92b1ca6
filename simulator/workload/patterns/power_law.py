"""`power_law`: R-MAT, whose rows and columns have power-law degrees, as graphs have."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from simulator.workload.patterns.base import Counted, Matrix, Places
from simulator.workload.patterns.choice import weighted


class PowerLaw(Counted):
    """A place is found by halving the matrix again and again, each time into quadrants of probability a, b, c and 1 − a − b − c.

    Chakrabarti, Zhan and Faloutsos, SDM 2004; the defaults are those of Graph500. Sides that are no powers of two are cut
    from the next larger ones.
    """

    pattern: Literal["power_law"] = Field(description="R-MAT: power-law degrees of rows and columns, as of graphs")
    a: float = Field(0.57, ge=0, le=1, description="probability of the upper left quadrant")
    b: float = Field(0.19, ge=0, le=1, description="probability of the upper right quadrant")
    c: float = Field(0.19, ge=0, le=1, description="probability of the lower left quadrant; the rest is the lower right one's")

    @model_validator(mode="after")
    def _rest(self) -> PowerLaw:
        if self.a + self.b + self.c >= 1:
            raise ValueError(f"a + b + c = {self.a + self.b + self.c:g}; allowed: below 1, so that the lower right quadrant has the rest")
        return self

    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return the places of one draw."""
        bits = [(side - 1).bit_length() for side in shape]
        levels = max(*bits, 1)

        def draw(number: int) -> Places:
            row, col = np.zeros(number, dtype=np.int64), np.zeros(number, dtype=np.int64)
            for _ in range(levels):
                quadrant = np.searchsorted([self.a, self.a + self.b, self.a + self.b + self.c], generator.random(number), side="right")
                row, col = 2 * row + quadrant // 2, 2 * col + quadrant % 2
            row, col = row >> (levels - bits[0]), col >> (levels - bits[1])
            inside = (row < shape[0]) & (col < shape[1])
            return np.asarray(row[inside] * shape[1] + col[inside], dtype=np.int64)

        return weighted(shape[0] * shape[1], self.nonzeros(shape), draw, lambda: self._logs(shape, bits), generator)

    def _logs(self, shape: Matrix, bits: list[int]) -> NDArray[np.float64]:
        """Log of every place's probability: one term for each halving."""
        both = np.array([[self.a, self.b], [self.c, 1 - self.a - self.b - self.c]])
        row, col = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :]
        logs = np.zeros(shape)
        shared = min(bits)
        with np.errstate(divide="ignore"):
            for level in range(max(bits)):
                of_row, of_col = row >> max(bits[0] - 1 - level, 0) & 1, col >> max(bits[1] - 1 - level, 0) & 1
                if level < shared:
                    logs += np.log(both[of_row, of_col])
                else:
                    logs += np.log(both.sum(axis=1)[of_row] if bits[0] > bits[1] else both.sum(axis=0)[of_col])
        return logs.ravel()
