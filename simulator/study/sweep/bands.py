"""What the bands of the constants leave of a sweep's best points: each against its runner-up, and against other kinds of points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from simulator.errors import OutputError
from simulator.machine import Elaborated
from simulator.pricing import counted
from simulator.report.robustness import on_what
from simulator.result.saved import SavedRun
from simulator.study.design import design_key
from simulator.study.sweep.analysis import along_rows
from simulator.study.sweep.job import activity_from_text
from simulator.study.sweep.point import Point
from simulator.study.sweep.row import Row, labelled, of_the_workload, thinned
from simulator.study.sweep.spec import SweepSpec
from simulator.study.sweep.store import Store
from simulator.study.uncertainty import METRICS, Assessment, Claim, Probe, assess_in, claim

_MOST_RIVALS = 12
"""The closest ones by the nominal figure."""
_MOST_TURNS = 3
"""Constants that are named of those that alone change the better one."""
_MOST_WORKLOADS = 24
"""Evenly spread over those of the sweep."""


@dataclass(frozen=True)
class Robustness:
    """Whether the best point for an objective stays better than one rival over the bands of the constants."""

    objective: str
    best: str
    rival: str
    ratio: float
    """Rival over best, at the nominal constants."""
    low: float
    """The same over the combined band, every constant at one value in both."""
    high: float
    robust: bool
    """Holds at both ends of every constant, and in the combined band."""
    turns_on: str
    """What changes the better one; empty where it is robust."""
    workload: str = ""
    """Values of the axes that make the workload, where the sweep has several: only points that do the same work are rivals."""


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
    groups = thinned(list(_by_workload([row for row in rows if row.feasible]).items()), _MOST_WORKLOADS)
    found: list[Robustness] = []
    for objective, (workload, own) in product(objectives, groups):
        chosen = _contest(own, objective, runner_up_only=len(groups) > 1)
        if len(chosen) == 1:
            continue
        names = [str(row.place) for row in chosen]
        probe = Probe(assess_points([points[row.key] for row in chosen], names, store))
        found += [_robustness(probe, objective, chosen[0], rival, workload) for rival in chosen[1:]]
    return tuple(found)


def _by_workload(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by the values of the axes that make their workload."""
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
    first, second = (_label(row, without_workload=bool(workload)) for row in (best, rival))
    band, turns_on = held.ratio.combined, "" if held.robust else _turns_on(held)
    return Robustness(objective, first, second, held.ratio.nominal, band.low, band.high, held.robust, turns_on, workload)


def _turns_on(held: Claim) -> str:
    """The constants that decide, those first that go furthest."""
    more = len(held.turns) - _MOST_TURNS
    return on_what(replace(held, turns=held.turns[:_MOST_TURNS])) + (f" and {more} more" if more > 0 else "")


def _label(row: Row, *, without_workload: bool) -> str:
    return labelled({path: value for path, value in row.assignments.items() if not (without_workload and of_the_workload(path))})
