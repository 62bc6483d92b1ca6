"""Searches that choose all points beforehand."""

from __future__ import annotations

import random as stdlib_random
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from simulator.explore.search.types import Generations, Wanted
from simulator.explore.space import Place, Space

_DRAWS = 50
"""Draws for each point that is wanted, before a search gives up finding one more that is new."""


def grid(space: Space, wanted: Wanted) -> Generations:
    """All combinations."""
    yield list(filter(wanted, space.places()))


def random(space: Space, wanted: Wanted) -> Generations:
    """Combinations drawn without replacement, each as likely as another."""
    points = _points(space)
    lengths = [len(dimension) for dimension in space.dimensions]
    draw = stdlib_random.Random(space.spec.search.seed)
    numbers = draw.sample(range(space.size), min(space.size, _DRAWS * points))
    yield list(islice(filter(wanted, (_unravelled(number, lengths) for number in numbers)), points))


def halton(space: Space, wanted: Wanted) -> Generations:
    """A scrambled Halton sequence: fills the space more evenly than chance. A combination met twice counts once."""
    from scipy.stats import qmc

    lengths = np.array([len(dimension) for dimension in space.dimensions])
    points = _points(space)
    sequence = qmc.Halton(len(lengths), scramble=True, rng=np.random.default_rng(space.spec.search.seed))
    drawn = (tuple(int(index) for index in row) for row in np.minimum(sequence.random(_DRAWS * points) * lengths, lengths - 1))
    yield list(islice(filter(wanted, _distinct(drawn)), points))


def _points(space: Space) -> int:
    assert space.spec.search.points is not None
    return space.spec.search.points


def _unravelled(number: int, lengths: Sequence[int]) -> Place:
    indices = []
    for length in reversed(lengths):
        number, index = divmod(number, length)
        indices.append(index)
    return tuple(reversed(indices))


def _distinct(places: Iterable[Place]) -> Iterator[Place]:
    seen: set[Place] = set()
    for place in places:
        if place not in seen:
            seen.add(place)
            yield place
