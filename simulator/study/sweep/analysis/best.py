"""The best point for each objective, and what each constraint costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.study.sweep.analysis.pareto import Way
from simulator.study.sweep.row import Row, axis_paths


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
    values = dict.fromkeys(row.assignments[path] for row in rows if path in row.assignments)
    best = [best_row([row for row in rows if row.feasible and row.assignments.get(path) == value], objective, way) for value in values]
    found = [row for row in best if row is not None]
    if not any(isinstance(row.assignments[path], str) for row in found):
        found.sort(key=lambda row: float(row.assignments[path]))
    return path, found
