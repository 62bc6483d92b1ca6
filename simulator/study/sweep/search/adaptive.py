"""Searches that learn from the points before: Optuna's NSGA-II and TPE, a population at a time.

A population is told in the order in which it was asked for, so that the same seed walks the same way however many workers
there are, and a sweep that was killed finds its points in the store.
"""

from __future__ import annotations

from typing import Any

from simulator.errors import ConfigError
from simulator.study.sweep.search.types import Generations, Wanted, some
from simulator.study.sweep.space import Place, Space


def nsga2(space: Space, wanted: Wanted) -> Generations:
    """Non-dominated sorting genetic algorithm II."""
    optuna = _optuna("nsga2")
    search = space.spec.search
    sampler = optuna.samplers.NSGAIISampler(population_size=search.population, seed=search.seed)
    return _populations(optuna, sampler, space, wanted)


def tpe(space: Space, wanted: Wanted) -> Generations:
    """Tree-structured Parzen estimator."""
    optuna = _optuna("tpe")
    search = space.spec.search
    sampler = optuna.samplers.TPESampler(seed=search.seed, n_startup_trials=search.population)
    return _populations(optuna, sampler, space, wanted)


def _populations(optuna: Any, sampler: Any, space: Space, wanted: Wanted) -> Generations:
    spec = space.spec
    study = optuna.create_study(
        sampler=sampler, directions=["minimize" if way == "min" else "maximize" for way in spec.objectives.values()]
    )
    left = min(spec.search.points or 0, space.size)
    seen: set[Place] = set()
    idle = 0
    while left > 0 and idle < 20:
        trials = [study.ask() for _ in range(min(left, spec.search.population))]
        places = [_place(trial, space) for trial in trials]
        fresh = list(dict.fromkeys(place for place in places if place not in seen and wanted(place)))
        idle = 0 if fresh else idle + 1
        known = [place for place in dict.fromkeys(places) if place in seen]
        rows = yield [*fresh, *known]
        by_place = dict(zip([*fresh, *known], rows, strict=True))
        for trial, place in zip(trials, places, strict=True):
            row = by_place.get(place)
            if row is None or row.record is None:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
                continue
            for text in spec.constraints:
                trial.set_constraint(text, 1.0 if row.breaks(text) else -1.0)
            study.tell(trial, [row.metric(name) for name in spec.objectives])
        seen.update(fresh)
        left -= len(fresh)
    some(seen, space)


def _place(trial: Any, space: Space) -> Place:
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
