"""Runs of machines on one workload as a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from simulator.cost.types import on_fabric
from simulator.report.measured import measured_sentences
from simulator.report.page.bars import cause_bars, component_bars
from simulator.report.page.page import Page, Point, columns_of
from simulator.report.plots.looks import looks
from simulator.report.write import Report
from simulator.specs import as_yaml

_MOST_OPERATIONS = 40


def page_of_runs(report: Report, made: Mapping[str, Any], files: Mapping[str, str]) -> Page:
    """Verdict, a point a run, energy, area and causes of each, operations where there is one machine.

    `made`: what run.json holds; `files`: more of them, text by name.
    """
    results = sorted(report.all_results, key=lambda result: float(getattr(result, report.objective)))
    look = looks(result.machine.name for result in results)
    figures = [result.metrics() for result in results]
    points = [
        Point(
            result.name,
            {"workload": result.workload.name, "technology": result.technology, "engine": result.engine},
            values,
            colour=look[result.machine.name].colour,
            mark=look[result.machine.name].marker,
        )
        for result, values in zip(results, figures, strict=True)
    ]
    names = [result.name for result in results]
    bars = [
        component_bars("Energy by component", "pJ", names, [result.energy_pj_by_component for result in results]),
        component_bars("Fabric area by component", "mm²", names, [on_fabric(result.area_mm2_by_component) for result in results]),
        cause_bars("Where the time goes: unit-cycles by cause", names, [result.unit_cycles for result in results]),
    ]
    if len(report.results) == 1:
        longest = sorted(report.results[0].operations, key=lambda each: -each.cycles)[:_MOST_OPERATIONS]
        within = [each.unit_cycles for each in longest]
        bars.append(cause_bars("Where the time goes within operations, the longest first", [each.name for each in longest], within))
    machines = [(f"machine {result.machine.name}.yaml", as_it_ran(result.machine.model_dump(mode="json"))) for result in report.results]
    machines = [(name, text) for name, text in machines if name.replace(" ", "-") not in files]
    workload = report.results[0].workload
    return Page(
        title=f"{', '.join(result.machine.name for result in report.results)} on {workload.name}",
        sentences=[*report.sentences, *report.ideal_sentences, *measured_sentences(report.measured)],
        columns=columns_of(figures, [report.objective]),
        points=points,
        axes=("seconds", "energy_pj"),
        bars=bars,
        files=[*files.items(), *machines, (f"workload {workload.name}.yaml", as_it_ran(dict(workload.spec)))],
        made=provenance(made, report.results[0].version),
        command=str(made.get("command", "")),
    )


def provenance(made: Mapping[str, Any], version: str) -> list[tuple[str, str]]:
    """What run.json says, as lines, but the command, which has a place of its own."""
    known = {"sparsim_version": version, **made}
    return [
        (name.replace("_", " "), str(value)) for name, value in known.items() if name != "command" and isinstance(value, str | int | float)
    ]


def as_it_ran(record: dict[str, Any]) -> str:
    """As it ran, what was left out filled in."""
    plain = json.loads(json.dumps(record, default=str))
    return as_yaml(plain)
