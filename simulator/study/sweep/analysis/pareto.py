"""Pareto front and hypervolume of two or three objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.study.sweep.row import Row

Way = Literal["min", "max"]


@dataclass(frozen=True)
class Front:
    """Feasible points that no other is better than in every objective."""

    rows: tuple[Row, ...]
    """By the first objective, best first."""
    hypervolume: float
    """Share of the box between the best and the worst figures of all feasible points that the front dominates, in logarithms; 0 to 1."""


def pareto_front(rows: Sequence[Row], objectives: Mapping[str, Way]) -> Front:
    """The front of the feasible rows. Of points with equal figures the first one stays."""
    feasible = [row for row in rows if row.feasible]
    if not feasible:
        return Front((), 0.0)
    figures = costs(feasible, objectives)
    kept = non_dominated(figures)
    ordered = sorted(kept, key=lambda index: (tuple(figures[index]), feasible[index].place))
    return Front(tuple(feasible[index] for index in ordered), hypervolume(_unit_box(figures)[kept]))


def costs(rows: Sequence[Row], objectives: Mapping[str, Way]) -> NDArray[np.float64]:
    """[rows, objectives] figures of which less is better."""
    return np.array([[row.metric(name) * (1 if way == "min" else -1) for name, way in objectives.items()] for row in rows])


def non_dominated(figures: NDArray[np.float64]) -> list[int]:
    """Indices of the rows that no other row equals or beats everywhere; of equal rows the first."""
    order = np.lexsort(figures.T[::-1])
    kept: list[int] = []
    for index in order:
        if not any((figures[other] <= figures[index]).all() for other in kept):
            kept.append(int(index))
    return sorted(kept)


def hypervolume(figures: NDArray[np.float64]) -> float:
    """Volume of the unit box that points dominate: what lies above at least one of them in every objective.

    `figures` [points, 1 to 3 objectives] lie in the unit box and less is better. Exact: slabs along the last objective.
    """
    if figures.shape[0] == 0:
        return 0.0
    if figures.shape[1] == 1:
        return float(1.0 - figures.min())
    ordered = figures[np.argsort(figures[:, -1], kind="stable")]
    levels = np.append(ordered[:, -1], 1.0)
    slabs = ((levels[count] - levels[count - 1], ordered[:count, :-1]) for count in range(1, len(ordered) + 1))
    return float(sum(height * hypervolume(below) for height, below in slabs if height > 0))


def _unit_box(figures: NDArray[np.float64]) -> NDArray[np.float64]:
    """Figures between 0, the best of all points, and 1, the worst; in logarithms where all have one sign."""
    scaled = np.empty_like(figures)
    for column in range(figures.shape[1]):
        values = figures[:, column]
        if (values > 0).all():
            values = np.log(values)
        elif (values < 0).all():
            values = -np.log(-values)
        low, high = values.min(), values.max()
        scaled[:, column] = (values - low) / (high - low) if high > low else 0.0
    return scaled
