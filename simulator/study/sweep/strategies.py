"""How points of a space are chosen: all, drawn, or by what the points before gave.

Another way is a function and a line of `STRATEGIES`, and its name in `spec.py`.
"""

from __future__ import annotations

import random as stdlib_random
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from typing import Any, TypeVar

import numpy as np

from simulator.errors import ConfigError
from simulator.specs.tree import deepest
from simulator.study.sweep.space import Coordinates, Space
from simulator.study.sweep.study import Row

Accepts = Callable[[Coordinates], bool]
"""Whether the conditions of the sweep let coordinates be a point."""
Generations = Generator[list[Coordinates], list[Row], None]
"""Yields coordinates to run together; is sent their rows, in the same order."""


@dataclass(frozen=True)
class Strategy:
    """A way to choose points."""

    search: Callable[[Space, Accepts], Generations]
    at_once: bool
    """Whether its first generation is its last: how many points there are is known before any is run."""
    everywhere: bool = False
    """Whether it looks at all coordinates."""


def some(chosen: Iterable[Coordinates], space: Space) -> list[Coordinates]:
    """All of them. Raises ConfigError where `where` has left none."""
    found = list(chosen)
    if not found:
        where = deepest(space.root, ("where",))[0].place
        raise ConfigError(f"{where}: where: no combination that was looked at meets its conditions; allowed: conditions that leave a point")
    return found


T = TypeVar("T")
_DRAWS = 50
"""Draws for each point that is wanted, before a search gives up finding one more that is new."""
_LARGEST = sys.maxsize
"""Most numbers that `Random.sample` draws from."""


def grid(space: Space, accepts: Accepts) -> Generations:
    """All combinations."""
    yield some(filter(accepts, space.coordinates()), space)


def random(space: Space, accepts: Accepts) -> Generations:
    """Combinations drawn without replacement, each as likely as another."""
    points = _points(space)
    lengths = [len(dimension) for dimension in space.dimensions]
    draw = stdlib_random.Random(space.spec.search.seed)
    numbers = _sample(draw, space.size, min(space.size, _DRAWS * points))
    yield some(islice(filter(accepts, (_unravelled(number, lengths) for number in numbers)), points), space)


def halton(space: Space, accepts: Accepts) -> Generations:
    """A scrambled Halton sequence: fills the space more evenly than chance. A combination met twice counts once."""
    from scipy.stats import qmc

    lengths = np.array([len(dimension) for dimension in space.dimensions])
    points = _points(space)
    sequence = qmc.Halton(len(lengths), scramble=True, rng=np.random.default_rng(space.spec.search.seed))
    drawn = (tuple(int(index) for index in row) for row in np.minimum(sequence.random(_DRAWS * points) * lengths, lengths - 1))
    yield some(islice(filter(accepts, _distinct(drawn)), points), space)


def _sample(draw: stdlib_random.Random, size: int, count: int) -> Iterable[int]:
    """Distinct numbers from 0 to below `size`; of more than `Random.sample` can take, what it would draw."""
    if size <= _LARGEST:
        return draw.sample(range(size), count)
    return islice(_distinct(draw.randrange(size) for _ in repeat(None)), count)


def _points(space: Space) -> int:
    assert space.spec.search.points is not None
    return space.spec.search.points


def _unravelled(number: int, lengths: Sequence[int]) -> Coordinates:
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


def nsga2(space: Space, accepts: Accepts) -> Generations:
    """Non-dominated sorting genetic algorithm II."""
    optuna = _optuna("nsga2")
    search = space.spec.search
    sampler = optuna.samplers.NSGAIISampler(population_size=search.population, seed=search.seed)
    return _populations(optuna, sampler, space, accepts)


def tpe(space: Space, accepts: Accepts) -> Generations:
    """Tree-structured Parzen estimator."""
    optuna = _optuna("tpe")
    search = space.spec.search
    sampler = optuna.samplers.TPESampler(seed=search.seed, n_startup_trials=search.population)
    return _populations(optuna, sampler, space, accepts)


def _populations(optuna: Any, sampler: Any, space: Space, accepts: Accepts) -> Generations:
    """Learn from the points before, a population at a time.

    A population is told in the order in which it was asked for, so that the same seed walks the same way however many workers
    there are, and a sweep that was killed finds its points in the store.
    """
    spec = space.spec
    study = optuna.create_study(
        sampler=sampler, directions=["minimize" if way == "min" else "maximize" for way in spec.objectives.values()]
    )
    left = min(spec.search.points or 0, space.size)
    seen: set[Coordinates] = set()
    idle = 0
    while left > 0 and idle < 20:
        trials = [study.ask() for _ in range(min(left, spec.search.population))]
        chosen = [_suggested(trial, space) for trial in trials]
        fresh = list(dict.fromkeys(coordinates for coordinates in chosen if coordinates not in seen and accepts(coordinates)))
        idle = 0 if fresh else idle + 1
        known = [coordinates for coordinates in dict.fromkeys(chosen) if coordinates in seen]
        rows = yield [*fresh, *known]
        by_coordinates = dict(zip([*fresh, *known], rows, strict=True))
        for trial, coordinates in zip(trials, chosen, strict=True):
            row = by_coordinates.get(coordinates)
            if row is None or row.record is None:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
                continue
            for text in spec.constraints:
                trial.set_constraint(text, 1.0 if row.breaks(text) else -1.0)
            study.tell(trial, [row.metric(name) for name in spec.objectives])
        seen.update(fresh)
        left -= len(fresh)
    some(seen, space)


def _suggested(trial: Any, space: Space) -> Coordinates:
    """Axes of numbers are ordered, so that near values are near; names are not."""
    indices = []
    for number, dimension in enumerate(space.dimensions):
        last = len(dimension) - 1
        ordered = all(isinstance(value, int | float) and not isinstance(value, bool) for row in dimension.values for value in row)
        name = f"{number}"
        indices.append(trial.suggest_int(name, 0, last) if ordered else trial.suggest_categorical(name, list(range(last + 1))))
    return tuple(indices)


def _optuna(method: str) -> Any:
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise ConfigError(f"search.method: {method} needs Optuna: pip install 'sparsim[explore]'") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


STRATEGIES: dict[str, Strategy] = {
    "grid": Strategy(grid, at_once=True, everywhere=True),
    "random": Strategy(random, at_once=True),
    "halton": Strategy(halton, at_once=True),
    "nsga2": Strategy(nsga2, at_once=False),
    "tpe": Strategy(tpe, at_once=False),
}
