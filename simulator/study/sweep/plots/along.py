"""Area and energy by component along one axis."""

from __future__ import annotations

from matplotlib.figure import Figure

from simulator.report.glossary import label, term
from simulator.report.numbers import common_scale
from simulator.report.plots.stacked import bar_height, component_stack, draw_stack, stack_legend
from simulator.report.plots.style import COMPONENT_COLOURS, styled
from simulator.study.sweep.analysis.best import along_rows
from simulator.study.sweep.row import Row, axis_paths, short, shown, spread
from simulator.study.sweep.study import Study

_MOST_BARS = 24


def area_along_figure(study: Study) -> Figure | None:
    """Die area by component along the first axis."""
    return _along(study, "area_mm2")


def energy_along_figure(study: Study) -> Figure | None:
    """Energy by component, DRAM included, along the first axis."""
    return _along(study, "energy_pj")


def _along(study: Study, metric: str) -> Figure | None:
    path, all_rows = along_rows(study.rows, study.spec.objectives)
    rows = spread(all_rows, _MOST_BARS)
    if len(rows) < 2:
        return None
    parts = [row.record[f"{metric}_by_component"] for row in rows if row.record is not None]
    stack = component_stack([_name(row, path, rows) for row in rows], parts, [row.metric(metric) for row in rows])
    factor, unit = common_scale(stack.totals, "pJ" if metric == "energy_pj" else "mm²")
    bands = {index: band for index, row in enumerate(rows) if (band := row.band(metric)) is not None}
    with styled():
        figure = Figure(figsize=(10.5, max(bar_height(len(rows)), 4.4)), layout="constrained")
        axes = figure.subplots()
        draw_stack(axes, stack, COMPONENT_COLOURS, factor=factor, unit=unit, totals=True, named=0.07, bands=bands)
        over = "; line: bands of the constants (all bars move together)" if bands else ""
        axes.set_xlabel(f"{term(metric, 'metric').label} ({unit}){over}")
        axes.set_ylabel(short(path))
        objective = term(next(iter(study.spec.objectives)), "metric").label
        others = f", at each the best by {objective}" if len(axis_paths(study.rows)) > 1 else ""
        axes.set_title(f"{study.spec.name}: {term(metric, 'metric').label} along {short(path)}{others}")
        stack_legend(figure, stack.parts, COMPONENT_COLOURS, {part: label(part, "component") for part in stack.parts})
    return figure


def _name(row: Row, path: str, rows: list[Row]) -> str:
    others = [shown(row.assignments[other]) for other in axis_paths(rows) if other != path and other in row.assignments]
    return shown(row.assignments[path]) + (f"  ({', '.join(others)})" if others else "")
