"""`chung_lu`: lognormal expected degrees of rows and columns, as in masks of trained and of pruned networks."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from simulator.workload.patterns.base import Counted, Matrix, Places
from simulator.workload.patterns.choice import smallest, weighted


class ChungLu(Counted):
    """A place is drawn with probability ∝ weight of its row × weight of its column (Chung and Lu, Ann. Comb. 6, 2002).

    The weights are lognormal. Degrees vary by them and, where `exact` does not take it away, by the noise of the draw: the
    CV of the mask is about √(row_cv² + the CV of the uniform twin²), less where rows fill up.
    """

    pattern: Literal["chung_lu"] = Field(description="probability of a place ∝ weight of its row × weight of its column, both lognormal")
    row_cv: float = Field(0.0, ge=0, le=100, description="coefficient of variation of the rows' latent weights")
    col_cv: float = Field(0.0, ge=0, le=100, description="coefficient of variation of the columns' latent weights")
    exact: Literal["none", "rows", "columns"] = Field(
        "none", description="rows, columns: their degrees are their weights' shares, rounded, without the noise of a draw"
    )

    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return the places of one draw."""
        rows, cols = lognormal(shape[0], self.row_cv, generator), lognormal(shape[1], self.col_cv, generator)
        count = self.nonzeros(shape)
        if self.exact == "none":
            return _free(rows, cols, count, generator)
        if self.exact == "rows":
            return np.sort(_lines(rows, cols, count, generator))
        column, row = np.divmod(_lines(cols, rows, count, generator), shape[0])
        return np.sort(row * shape[1] + column)


def lognormal(count: int, cv: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return [count] lognormal weights of mean 1 and coefficient of variation `cv`."""
    variance = np.log1p(cv * cv)
    return np.asarray(np.exp(generator.normal(-variance / 2, np.sqrt(variance), count)))


def _free(rows: NDArray[np.float64], cols: NDArray[np.float64], count: int, generator: np.random.Generator) -> Places:
    """Places one after another, each by its weight."""
    of_row, of_col = np.cumsum(rows), np.cumsum(cols)

    def draw(number: int) -> Places:
        row = np.searchsorted(of_row, generator.random(number) * of_row[-1], side="right")
        col = np.searchsorted(of_col, generator.random(number) * of_col[-1], side="right")
        return np.asarray(np.minimum(row, len(rows) - 1) * len(cols) + np.minimum(col, len(cols) - 1), dtype=np.int64)

    return weighted(len(rows) * len(cols), count, draw, lambda: np.add.outer(np.log(rows), np.log(cols)).ravel(), generator)


def _lines(lines: NDArray[np.float64], across: NDArray[np.float64], count: int, generator: np.random.Generator) -> Places:
    """Lines of rounded degrees, their places drawn by the weights across."""
    logs = np.log(across)

    def keys(run: slice) -> NDArray[np.float64]:
        return np.asarray(-logs - generator.gumbel(size=(run.stop - run.start, len(across))))

    return smallest(shares(lines, count, len(across)), len(across), keys)


def shares(weights: NDArray[np.float64], count: int, most: int) -> NDArray[np.int64]:
    """Return whole numbers that sum to `count`, as near ∝ weights as may be, none above `most` (`count` ≤ most × weights)."""
    low, high = 0.0, 1.0
    while np.minimum(weights * high, most).sum() < count:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if np.minimum(weights * middle, most).sum() < count else (low, middle)
    ideal = np.minimum(weights * high, most)
    whole: NDArray[np.int64] = np.floor(ideal).astype(np.int64)
    order = np.argsort(-(ideal - whole), kind="stable")
    order = order[whole[order] < most]
    whole[order[: count - whole.sum()]] += 1
    return whole
