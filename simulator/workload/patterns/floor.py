"""`floor`: the largest of random scores, but no neuron with fewer than so many."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, PositiveInt

from simulator.errors import OperandError
from simulator.workload.generate import uniform_places
from simulator.workload.patterns.base import Counted, Matrix, Oriented, Places
from simulator.workload.patterns.choice import smallest, uniform_keys


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
    order = np.argsort(lines, kind="stable")
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
        _, first = np.unique(drawn, return_index=True)
        new = np.zeros(len(drawn), dtype=np.bool_)
        new[first] = True
        new &= ~np.isin(drawn, known)
        chosen.append(drawn[new])
        known = np.concatenate([known, drawn[new]])
        lines = lines[~new]
    return np.concatenate(chosen)


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
