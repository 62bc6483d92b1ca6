"""Searches that choose all points beforehand."""

from __future__ import annotations

import random as stdlib_random
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat
from typing import TypeVar

import numpy as np

from simulator.study.sweep.search.types import Generations, Wanted, some
from simulator.study.sweep.space import Place, Space

T = TypeVar("T")
_DRAWS = 50
"""Draws for each point that is wanted, before a search gives up finding one more that is new."""
_LARGEST = sys.maxsize
"""Most numbers that `Random.sample` draws from."""


def grid(space: Space, wanted: Wanted) -> Generations:
    """All combinations."""
    yield some(filter(wanted, space.places()), space)


def random(space: Space, wanted: Wanted) -> Generations:
    """Combinations drawn without replacement, each as likely as another."""
    points = _points(space)
    lengths = [len(dimension) for dimension in space.dimensions]
    draw = stdlib_random.Random(space.spec.search.seed)
    numbers = _sample(draw, space.size, min(space.size, _DRAWS * points))
    yield some(islice(filter(wanted, (_unravelled(number, lengths) for number in numbers)), points), space)


def halton(space: Space, wanted: Wanted) -> Generations:
    """A scrambled Halton sequence: fills the space more evenly than chance. A combination met twice counts once."""
    from scipy.stats import qmc

    lengths = np.array([len(dimension) for dimension in space.dimensions])
    points = _points(space)
    sequence = qmc.Halton(len(lengths), scramble=True, rng=np.random.default_rng(space.spec.search.seed))
    drawn = (tuple(int(index) for index in row) for row in np.minimum(sequence.random(_DRAWS * points) * lengths, lengths - 1))
    yield some(islice(filter(wanted, _distinct(drawn)), points), space)


def _sample(draw: stdlib_random.Random, size: int, count: int) -> Iterable[int]:
    """Distinct numbers from 0 to below `size`; of more than `Random.sample` can take, what it would draw."""
    if size <= _LARGEST:
        return draw.sample(range(size), count)
    return islice(_distinct(draw.randrange(size) for _ in repeat(None)), count)


def _points(space: Space) -> int:
    assert space.spec.search.points is not None
    return space.spec.search.points


def _unravelled(number: int, lengths: Sequence[int]) -> Place:
    indices = []
    for length in reversed(lengths):
        number, index = divmod(number, length)
        indices.append(index)
    return tuple(reversed(indices))


def _distinct(items: Iterable[T]) -> Iterator[T]:
    seen: set[T] = set()
    for item in items:
        if item not in seen:
            seen.add(item)
            yield item
