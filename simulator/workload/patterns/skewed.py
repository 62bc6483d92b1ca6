"""`chung_lu`, `power_law` and `floor`: rows and columns of unlike degrees, as of trained networks and of graphs."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt, model_validator

from simulator.errors import OperandError
from simulator.workload.patterns.base import Counted, Matrix, Oriented, Places
from simulator.workload.patterns.draws import first_of_each, smallest, uniform_keys, uniform_places, weighted


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


class Floor(Counted, Oriented):
    """Weight-sparse training: every place has a random score; a line keeps its best `floor`, the rest goes to the best of all.

    So a line has max(floor, its share of the best), and the best are as many as make the number exact. (circuit_sparsity,
    train.py: at least 4 a neuron, rows of c_attn and c_fc, columns of c_proj.)
    """

    pattern: Literal["floor"] = Field(description="at least floor nonzeros in each row (or column), the rest at random places of all")
    floor: PositiveInt = Field(description="fewest nonzeros of a line")

    def nonzeros(self, shape: Matrix) -> int:
        """Return the number asked for; OperandError where it is below what the floor takes, or the floor above a line."""
        count = super().nonzeros(shape)
        lines, length = self.lines(shape)
        if self.floor > length:
            raise OperandError(f"floor = {self.floor}: a {self.of} has {length} places")
        if count < self.floor * lines:
            raise OperandError(f"floor = {self.floor} takes {self.floor * lines} nonzeros for {lines} {self.of}s, but there are {count}")
        return count

    def line_places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return the best of all, then fill up the lines that have fewer than `floor`."""
        count = self.nonzeros(shape if self.of == "row" else (shape[1], shape[0]))
        ranked = generator.permutation(uniform_places(shape[0] * shape[1], count, generator))
        beyond = np.cumsum(_rank_in_line(ranked // shape[1]) >= self.floor)
        best = np.sort(ranked[beyond <= count - self.floor * shape[0]])
        have = np.bincount(best // shape[1], minlength=shape[0])
        short = np.flatnonzero(have < self.floor)
        fill = _fill if 2 * self.floor <= shape[1] else _fill_crowded
        return np.concatenate([best, fill(short, self.floor - have[short], best, shape[1], generator)])


def _rank_in_line(lines: Places) -> Places:
    """How many earlier entries of the same line there are."""
    # by digits, several times sooner, where numbers have 16 bits
    order = np.argsort(lines.astype(np.min_scalar_type(lines.max(initial=0))), kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(lines))])[:-1]
    rank = np.empty(len(lines), dtype=np.int64)
    rank[order] = np.arange(len(lines)) - starts[lines[order]]
    return rank


def _fill(short: Places, missing: Places, taken: Places, length: int, generator: np.random.Generator) -> Places:
    """Random places of the lines `short`, `missing` of each, none that is `taken` (ascending).

    A line takes the first different ones of a sequence of random places: every choice is equally likely, and memory
    follows what is missing.
    """
    lines, chosen, known = np.repeat(short, missing), [taken[:0]], taken
    while len(lines):
        drawn = lines * length + generator.integers(length, size=len(lines))
        new = np.zeros(len(drawn), dtype=np.bool_)
        new[first_of_each(drawn, (int(short[-1]) + 1) * length)] = True
        new &= ~_among(drawn, known)
        chosen.append(drawn[new])
        known = np.sort(np.concatenate([known, drawn[new]]), kind="stable")  # which merges
        lines = lines[~new]
    return np.concatenate(chosen)


def _among(places: Places, ascending: Places) -> NDArray[np.bool_]:
    """Whether each is one of some ascending places."""
    if not len(ascending):
        return np.zeros(len(places), dtype=np.bool_)
    at = np.minimum(np.searchsorted(ascending, places), len(ascending) - 1)
    return np.asarray(ascending[at] == places)


def _fill_crowded(short: Places, missing: Places, taken: Places, length: int, generator: np.random.Generator) -> Places:
    """The same by a random order of all places of a line: quicker where it takes most of them."""
    fresh = uniform_keys(length, generator)

    def keys(lines: slice) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        drawn = fresh(lines)
        for place, line in enumerate(short[lines]):
            start, stop = np.searchsorted(taken, [line * length, (line + 1) * length])
            drawn[place, taken[start:stop] - line * length] = np.inf
        return drawn

    place = smallest(missing, length, keys)
    return short[place // length] * length + place % length
