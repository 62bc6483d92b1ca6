"""A sweep as a page: every point, its front, what the points of the front are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.cost.types import on_fabric
from simulator.report.page.bars import cause_bars, component_bars
from simulator.report.page.page import Page, Point, columns_of
from simulator.report.page.runs import as_it_ran, provenance
from simulator.report.plots.looks import Look, looks
from simulator.result import METRICS
from simulator.study.sweep.analysis import by_workload, fronts, thinned
from simulator.study.sweep.keys import short, shown
from simulator.study.sweep.study import Row, Study
from simulator.study.sweep.verdict import sweep_sentences
from simulator.version import package_version

_MOST_BARS = 24


def page_of_sweep(study: Study, made: Mapping[str, Any]) -> Page:
    """Verdict, a point a row, parts of the front's points. `made`: what run.json holds."""
    objectives = list(study.spec.objectives)
    points = points_of_rows(study.rows)
    front = thinned([row for front in fronts(study.rows, study.spec.objectives) for row in front.rows], _MOST_BARS)
    names, records = [row.label for row in front], [row.record or {} for row in front]
    area = [on_fabric(each["area_mm2_by_component"]) for each in records]
    bars = [
        component_bars("Energy by component, points of the front", "pJ", names, [each["energy_pj_by_component"] for each in records]),
        component_bars("Fabric area by component, points of the front", "mm²", names, area),
        cause_bars("Where the time goes, points of the front: unit-cycles by cause", names, [each["unit_cycles"] for each in records]),
    ]
    x, y = (*objectives, *[name for name in ("seconds", "energy_pj") if name not in objectives])[:2]
    return Page(
        title=f"sweep {study.spec.name}",
        sentences=sweep_sentences(study),
        columns=columns_of([point.figures for point in points], objectives),
        points=points,
        axes=(x, y),
        bars=bars if front else (),
        files=[(f"sweep {study.spec.name}.yaml", as_it_ran(study.spec.model_dump(mode="json")))],
        made=provenance(made, package_version()),
        command=str(made.get("command", "")),
    )


def points_of_rows(rows: Sequence[Row]) -> list[Point]:
    """A point a row, in order; those of one workload are rivals."""
    works, called = by_workload(rows), _called(rows)
    work_of = {row.place: work if len(works) > 1 else "" for work, of_work in works.items() for row in of_work}
    own = looks(str(row.assignments["machine"]) for row in rows if "machine" in row.assignments)
    return [_point(row, called, work_of[row.place], own.get(str(row.assignments.get("machine")))) for row in rows]


def _called(rows: Sequence[Row]) -> dict[str, str]:
    """Keys of axes and sizes by short names, where these differ."""
    paths = dict.fromkeys(path for row in rows for path in (*row.assignments, *row.sizes))
    names = Counter(map(short, paths))
    return {path: short(path) if names[short(path)] == 1 else path for path in paths}


def _point(row: Row, called: Mapping[str, str], work: str, look: Look | None) -> Point:
    record = row.record or {}
    return Point(
        row.label,
        {called[path]: shown(value) for path, value in (*row.assignments.items(), *row.sizes.items())},
        {name: float(record[name]) for name in METRICS if name in record},
        work=work,
        colour=look.colour if look is not None else "",
        mark=look.marker if look is not None else "",
        note=row.reason if row.record is None else f"breaks {'; '.join(row.broken)}" if row.broken else "",
    )
