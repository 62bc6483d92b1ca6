"""Random choices without repetition: so many places of a line, or of a matrix whose places may have weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.csr import MAX_NONZEROS
from simulator.workload.patterns.base import Places

_DRAWN_AT_ONCE = 2**20
"""Numbers that are drawn, or looked through, at once."""
_CHUNK = 2**23
"""Keys that are held at once while lines are chosen from: 64 MiB."""
_BITS = 63
"""Of a number that has no sign."""
_LEAST_NEW = 1 / 16
"""Share of a draw that must be new; below it, keys for every place are the quicker way to the same law."""

Keys = Callable[[slice], NDArray[np.float64]]
"""A run of lines → [lines, length] keys; a line takes the places of its smallest ones."""

Draw = Callable[[int], Places]
"""So many → places by their weights, with repetition, fewer where some fall outside."""
Logs = Callable[[], NDArray[np.float64]]
"""→ [size] logs of all weights."""


def uniform_places(size: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return `count` distinct numbers below `size`, ascending, every set of them equally likely."""
    if 2 * count <= size:
        return _distinct(size, count, generator)
    zeros = _distinct(size, size - count, generator)
    present = np.ones(size, dtype=np.bool_)
    present[zeros] = False
    return np.flatnonzero(present).astype(np.int64, copy=False)


def smallest(counts: NDArray[np.int64], length: int, keys: Keys) -> Places:
    """Return the flat places of the `counts[i]` smallest keys of each line i, in no order; `counts` are at most `length`."""
    step = max(1, _CHUNK // length)
    chosen = [np.empty(0, dtype=np.int64)]
    for start in range(0, len(counts), step):
        lines = slice(start, min(start + step, len(counts)))
        most = int(counts[lines].max())
        if most:
            taken = _lowest(keys(lines), most)
            kept = np.arange(most) < counts[lines, None]
            chosen.append((np.arange(lines.start, lines.stop)[:, None] * length + taken)[kept])
    return np.concatenate(chosen)


def uniform_keys(length: int, generator: np.random.Generator) -> Keys:
    """Return keys by which every set of places of a line is equally likely."""
    return lambda lines: generator.random((lines.stop - lines.start, length))


def weighted(size: int, count: int, draw: Draw, log_weights: Logs, generator: np.random.Generator) -> Places:
    """Return `count` distinct places below `size`, drawn one after another with probabilities as their weights, ascending.

    `draw(n)` returns n places with repetition. Repeated ones are passed over, so memory follows the nonzeros; where most of
    a draw repeats, the rest is taken by exponential keys (Efraimidis and Spirakis, Inf. Process. Lett. 97, 2006), which
    need a number for every place and give the same law.
    """
    chosen = np.empty(0, dtype=np.int64)
    while len(chosen) < count:
        missing = count - len(chosen)
        sequence = np.concatenate([chosen, draw(max(missing, 1024))])
        first = first_of_each(sequence, size)
        new = len(first) - len(chosen)
        chosen = sequence[first[:count]]
        if len(chosen) < count and new < _LEAST_NEW * max(missing, 1024):
            chosen = np.concatenate([chosen, _by_keys(size, count - len(chosen), chosen, log_weights, generator)])
    return np.sort(chosen)


def first_of_each(sequence: Places, size: int) -> NDArray[np.int64]:
    """Where each different place (below `size`) of a sequence is for the first time, ascending."""
    bits = len(sequence).bit_length()
    if size.bit_length() + bits > _BITS:
        return np.sort(np.unique(sequence, return_index=True)[1])
    # a place and where it stands in one number: these sort several times sooner than places by which indices are ordered
    keys = sequence << bits
    keys |= np.arange(len(sequence), dtype=np.int64)
    keys.sort()
    first = np.ones(len(keys), dtype=np.bool_)
    places = keys >> bits
    np.not_equal(places[1:], places[:-1], out=first[1:])
    found = keys[first] & ((1 << bits) - 1)
    found.sort()
    return found


def _distinct(size: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """`count` distinct numbers below `size`, ascending, every set of them equally likely.

    Each turn draws only as many as are still missing, so none has to be thrown away again: throwing away the
    largest would favour small ones. All of it is done in the memory of what is returned: of a hundred million that is a lot.
    """
    chosen = np.empty(count, dtype=np.int64)
    known = 0
    while known < count:
        for start in range(known, count, _DRAWN_AT_ONCE):
            part = chosen[start : start + _DRAWN_AT_ONCE]
            part[:] = generator.integers(0, size, size=len(part), dtype=np.int64)
        new = chosen[known:]
        new.sort()  # np.unique hashes, which is several times slower here
        new = new[: _without_repetition(new)]
        if known:
            place = np.searchsorted(chosen[:known], new)
            new = new[chosen[np.minimum(place, known - 1)] != new]
            chosen[known : known + len(new)] = new
        known += len(new)
        if known > len(new):
            chosen[:known].sort(kind="stable")  # two ascending runs, which this kind merges
    return chosen


def _without_repetition(ascending: Places) -> int:
    """Move the different ones to the front, and return how many they are."""
    kept = min(1, len(ascending))
    for start in range(1, len(ascending), _DRAWN_AT_ONCE):
        part = ascending[start : start + _DRAWN_AT_ONCE]
        different = part[part != ascending[start - 1 : start - 1 + len(part)]]
        ascending[kept : kept + len(different)] = different
        kept += len(different)
    return kept


def _by_keys(size: int, count: int, taken: Places, log_weights: Logs, generator: np.random.Generator) -> Places:
    if size > MAX_NONZEROS:
        raise OperandError(f"{size} places are too many for so much skew and density; allowed: at most {MAX_NONZEROS}, or less of both")
    keys = -log_weights() - generator.gumbel(size=size)
    keys[taken] = np.inf
    return np.asarray(np.argpartition(keys, count - 1)[:count], dtype=np.int64)


def _lowest(keys: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """[lines, most] places of the smallest keys, smallest first."""
    if most < keys.shape[1]:
        part = np.argpartition(keys, most - 1, axis=1)[:, :most]
        order = np.argsort(np.take_along_axis(keys, part, axis=1), axis=1)
        return np.take_along_axis(part, order, axis=1)
    return np.argsort(keys, axis=1)
