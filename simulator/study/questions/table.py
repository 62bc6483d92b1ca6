"""The rivals of a study, a line each: their columns, and what the column that decides is of the best one's in their group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.report.numbers import significant
from simulator.study.questions.estimate import Estimate
from simulator.study.questions.evidence import Evidence
from simulator.study.questions.quantities import Seen
from simulator.study.questions.spec import RivalSpec, TableSpec


@dataclass(frozen=True)
class Rival:
    """A line of the table."""

    group: str
    name: str
    figures: tuple[str, ...]
    """Of the columns, in their units."""
    of_the_best: str
    """The deciding column over that of the group's best, with its band."""


def headings(spec: TableSpec, evidence: Evidence) -> list[tuple[str, str]]:
    """What stands above the figures, and their units; the last is of the ratio."""
    columns = [evidence.columns[name] for name in spec.columns]
    return [*((column.label, column.unit) for column in columns), (evidence.columns[spec.by].label, "of the best")]


def rivals(spec: TableSpec, evidence: Evidence) -> tuple[Rival, ...]:
    """Every row of the file that has a point, in its order. Raises ConfigError where a column has no value."""
    found = [(row, evidence.best(points, spec.by, spec.best)) for row in spec.rows if (points := evidence.points(row.sweep, row.at))]
    best = {row.group: _best(spec, evidence, [seen for other, seen in found if other.group == row.group]) for row, _ in found}
    return tuple(_rival(spec, evidence, row, seen, best[row.group]) for row, seen in found)


def _best(spec: TableSpec, evidence: Evidence, group: Sequence[Seen]) -> Estimate:
    return evidence.estimate(evidence.best(group, spec.by, spec.best), spec.by)


def _rival(spec: TableSpec, evidence: Evidence, row: RivalSpec, seen: Seen, best: Estimate) -> Rival:
    figures = tuple(significant(evidence.estimate(seen, column).nominal) for column in spec.columns)
    ratio = evidence.estimate(seen, spec.by) / best
    return Rival(row.group, row.name, figures, _with_band(ratio))


def _with_band(ratio: Estimate) -> str:
    value, low, high = (significant(each) for each in (ratio.nominal, ratio.band.low, ratio.band.high))
    return f"{value}×" if low == value == high else f"{value}× ({low}–{high})"
