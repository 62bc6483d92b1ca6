"""The best point for each objective, and what each constraint costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.explore.analysis.pareto import Way
from simulator.explore.row import Row


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
