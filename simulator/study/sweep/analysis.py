"""What a sweep shows: the best points and what constraints cost them, the Pareto front and its hypervolume, main effects of the axes.

And what the bands of the constants leave of the best points, each against its runner-up and against other kinds of points.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, TypeVar

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.errors import OutputError
from simulator.machine import Elaborated
from simulator.pricing import counted
from simulator.report.robustness import on_what
from simulator.result.saved import SavedRun
from simulator.study.design import design_key
from simulator.study.sweep.keys import labelled, of_the_workload
from simulator.study.sweep.point import Point, activity_from_text
from simulator.study.sweep.spec import Scalar, SweepSpec
from simulator.study.sweep.store import Store
from simulator.study.sweep.study import Robustness, Row, axis_paths
from simulator.study.uncertainty import METRICS, Assessment, Claim, Probe, assess_in, claim

T = TypeVar("T")
Way = Literal["min", "max"]


@dataclass(frozen=True)
class Front:
    """Feasible points that no other is better than in every objective, of those that do the same work."""

    rows: tuple[Row, ...]
    """By the first objective, best first."""
    hypervolume: float
    """Share of the box between the best and the worst figures of all feasible points that the front dominates, in logarithms; 0 to 1."""
    workload: str = ""
    """Values of the axes that make the workload, where there are such axes."""


def fronts(rows: Sequence[Row], objectives: Mapping[str, Way]) -> tuple[Front, ...]:
    """A front for each workload that has feasible points: those on another workload do other work, and beat nothing here."""
    found = [dataclasses.replace(pareto_front(own, objectives), workload=workload) for workload, own in by_workload(rows).items()]
    return tuple(front for front in found if front.rows)


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


@dataclass(frozen=True)
class Best:
    """The best point for one objective."""

    objective: str
    row: Row
    without: Mapping[str, Row]
    """Constraint → the better point that it alone keeps out."""


def best_points(rows: Sequence[Row], objectives: Mapping[str, Way], constraints: Sequence[str]) -> list[Best]:
    """The best feasible point for each objective; none where no point is feasible."""
    found = []
    for name, way in objectives.items():
        best = best_row([row for row in rows if row.feasible], name, way)
        if best is None:
            continue
        without = {}
        for constraint in constraints:
            freed = [row for row in rows if row.record is not None and set(row.broken) <= {constraint}]
            other = best_row(freed, name, way)
            if other is not None and other is not best and other.broken:
                without[constraint] = other
        found.append(Best(name, best, without))
    return found


def best_row(rows: Sequence[Row], objective: str, way: Way) -> Row | None:
    """The row with the best figure; the first of several."""
    sign = 1 if way == "min" else -1
    return min(rows, key=lambda row: (sign * row.metric(objective), row.place), default=None)


def along_rows(rows: Sequence[Row], objectives: Mapping[str, Way]) -> tuple[str, list[Row]]:
    """The first axis of several values, and for each of its values the feasible point that is best by the first objective."""
    objective, way = next(iter(objectives.items()))
    path = next(iter(axis_paths(rows)), "")
    rows_of: dict[Scalar, list[Row]] = {row.assignments[path]: [] for row in rows if path in row.assignments}
    for row in rows:
        if row.feasible and path in row.assignments:
            rows_of[row.assignments[path]].append(row)
    best = [best_row(own, objective, way) for own in rows_of.values()]
    found = [row for row in best if row is not None]
    if not any(isinstance(row.assignments[path], str) for row in found):
        found.sort(key=lambda row: float(row.assignments[path]))
    return path, found


@dataclass(frozen=True)
class Effect:
    """The main effect of an axis on a metric."""

    path: str
    metric: str
    means: Mapping[Scalar, float]
    """Value of the axis → geometric mean of the metric over the points that have it."""
    share: float
    """Share of the variance of the metric's logarithm that the axis alone explains (η²), 0 to 1."""

    @property
    def ratio(self) -> float:
        """Largest mean over smallest."""
        return max(self.means.values()) / min(self.means.values())


def main_effects(rows: Sequence[Row], metrics: Sequence[str]) -> list[Effect]:
    """Effects of every axis on every metric, the largest share first; of the points that ran and whose metric is above 0."""
    effects = []
    for metric in metrics:
        used = [row for row in rows if row.record is not None and row.metric(metric) > 0]
        for path in axis_paths(used):
            own = [row for row in used if path in row.assignments]
            logs = np.log([row.metric(metric) for row in own])
            groups: dict[Scalar, list[float]] = {}
            for row, value in zip(own, logs.tolist(), strict=True):
                groups.setdefault(row.assignments[path], []).append(value)
            spread = float(((logs - logs.mean()) ** 2).sum())
            between = sum(len(group) * (float(np.mean(group)) - float(logs.mean())) ** 2 for group in groups.values())
            means = {value: float(np.exp(np.mean(group))) for value, group in groups.items()}
            effects.append(Effect(path, metric, means, min(1.0, between / spread) if spread else 0.0))
    order = {metric: index for index, metric in enumerate(metrics)}
    return sorted(effects, key=lambda effect: (order[effect.metric], -effect.share))


def thinned(items: Sequence[T], most: int) -> list[T]:
    """At most so many of the items, evenly spread, first and last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(index * (len(items) - 1) / (most - 1))] for index in range(most)]


_MOST_RIVALS = 12
"""The closest ones by the nominal figure."""
_MOST_TURNS = 3
"""Constants that are named of those that alone change the better one."""
_MOST_WORKLOADS = 24
"""Evenly spread over those of the sweep."""


def assess_points(points: Sequence[Point], names: Sequence[str], store: Store) -> Assessment:
    """Assess points whose timings the store has, as runs of these names, which differ. Nothing is simulated.

    Raises OutputError where a timing has gone: another command may prune the store at any time.
    """
    texts = store.activities(point.timing_key for point in points)
    if any(point.timing_key not in texts for point in points):
        raise OutputError(f"{store.path}: was pruned while this ran; run it again, and what is missing is computed anew")
    machines: dict[str, Elaborated] = {}
    runs = []
    for point in points:
        # points of equal machines share one, which is then priced once: along an axis of the workload all do
        machine = machines.setdefault(design_key(point.elaborated, technology=point.technology.key), point.elaborated)
        activity = activity_from_text(texts[point.timing_key])
        workload = point.recipe.document.model.name
        did = counted(machine.machine, activity)
        runs.append(SavedRun(machine, did, workload, point.ideal, point.technology.technology.name))
    return assess_in(runs, [point.technology.technology for point in points], names)


def best_against_rivals(spec: SweepSpec, rows: Sequence[Row], points: Mapping[str, Point], store: Store) -> tuple[Robustness, ...]:
    """For each objective that has a band and of which less is better, and for each workload."""
    objectives: list[str] = [name for name, way in spec.objectives.items() if name in METRICS and way == "min"]
    groups = thinned(list(by_workload([row for row in rows if row.feasible]).items()), _MOST_WORKLOADS)
    found: list[Robustness] = []
    for objective, (workload, own) in product(objectives, groups):
        chosen = _contest(own, objective, runner_up_only=len(groups) > 1)
        if len(chosen) == 1:
            continue
        names = [str(row.place) for row in chosen]
        probe = Probe(assess_points([points[row.key] for row in chosen], names, store))
        found += [_robustness(probe, objective, chosen[0], rival, workload) for rival in chosen[1:]]
    return tuple(found)


def by_workload(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by the values of the axes that make their workload; all of them under no words where there is no such axis."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        of_workload = {path: value for path, value in row.assignments.items() if of_the_workload(path)}
        groups.setdefault(labelled(of_workload), []).append(row)
    return groups


def _contest(rows: Sequence[Row], objective: str, *, runner_up_only: bool) -> list[Row]:
    """The best row, then its rivals, the closest first: the runner-up and the best at each other value of the first axis."""
    ordered = sorted(rows, key=lambda row: (row.metric(objective), row.place))
    behind = [row for row in ordered if row.metric(objective) != ordered[0].metric(objective)]
    rivals = {row.place for row in behind[:1]}
    if not runner_up_only:
        rivals |= {row.place for row in along_rows(rows, {objective: "min"})[1]}
    return [ordered[0], *[row for row in behind if row.place in rivals][:_MOST_RIVALS]]


def _robustness(probe: Probe, objective: str, best: Row, rival: Row, workload: str) -> Robustness:
    held = claim(probe, str(best.place), str(rival.place), objective)
    first, second = ((label_within(row) if workload else labelled(row.assignments)) for row in (best, rival))
    band, turns_on = held.ratio.combined, "" if held.robust else _turns_on(held)
    return Robustness(objective, first, second, held.ratio.nominal, band.low, band.high, held.robust, turns_on, workload)


def _turns_on(held: Claim) -> str:
    """The constants that decide, those first that go furthest."""
    more = len(held.turns) - _MOST_TURNS
    return on_what(replace(held, turns=held.turns[:_MOST_TURNS])) + (f" and {more} more" if more > 0 else "")


def label_within(row: Row) -> str:
    """Its values without those that make its workload."""
    return labelled({path: value for path, value in row.assignments.items() if not of_the_workload(path)})
