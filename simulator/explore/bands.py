"""What the bands of the constants leave of a sweep's best points: each against the best at every other value of the first axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from simulator.explore.analysis.best import along_rows, best_row
from simulator.explore.point import Point
from simulator.explore.record import activity_from_text
from simulator.explore.row import Row
from simulator.explore.spec import SweepSpec
from simulator.explore.store import Store
from simulator.report.robustness import on_what
from simulator.result.saved import SavedRun
from simulator.uncertainty import METRICS, Assessment, Probe, assess_in, claim

_MOST_RIVALS = 12
"""The closest ones by the nominal figure."""


@dataclass(frozen=True)
class Standing:
    """The best point for an objective against one rival."""

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


def assess_points(points: Sequence[Point], names: Sequence[str], store: Store) -> Assessment:
    """Assess points whose timings the store has, as runs of these names. Nothing is simulated."""
    texts = store.activities(point.timing_key for point in points)
    runs = []
    for point, name in zip(points, names, strict=True):
        activity = activity_from_text(texts[point.timing_key])
        named = replace(point.elaborated, machine=point.elaborated.machine.model_copy(update={"name": name}))
        workload = point.recipe.document.model.name
        runs.append(SavedRun(named, activity.cycles, activity.counts, workload, "none", point.technology.technology.name))
    return assess_in(runs, [point.technology.technology for point in points])


def standings(spec: SweepSpec, rows: Sequence[Row], points: Mapping[str, Point], store: Store) -> tuple[Standing, ...]:
    """For each objective that has a band and of which less is better."""
    found: list[Standing] = []
    for objective, way in spec.objectives.items():
        best = best_row([row for row in rows if row.feasible], objective, way)
        if best is None or objective not in METRICS or way == "max":
            continue
        level = best.metric(objective)
        rivals = [row for row in along_rows(rows, {objective: way})[1] if row is not best and row.metric(objective) != level]
        rivals = sorted(rivals, key=lambda row: row.metric(objective))[:_MOST_RIVALS]
        chosen = [best, *rivals]
        probe = Probe(assess_points([points[row.key] for row in chosen], [row.label for row in chosen], store))
        found += [_standing(probe, objective, best.label, rival.label) for rival in rivals]
    return tuple(found)


def _standing(probe: Probe, objective: str, best: str, rival: str) -> Standing:
    held = claim(probe, best, rival, objective)
    band = held.ratio.combined
    return Standing(objective, best, rival, held.ratio.nominal, band.low, band.high, held.robust, "" if held.robust else on_what(held))
