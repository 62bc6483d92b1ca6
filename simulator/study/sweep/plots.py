"""The plots of a sweep: each a function from a study to a matplotlib figure, or None where it would show nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from simulator.report.glossary import label, term
from simulator.report.numbers import common_scale, significant
from simulator.report.plots.fitting import Fitting, brief
from simulator.report.plots.scales import with_unit
from simulator.report.plots.stacked import bar_height, component_stack, draw_stack, stack_legend, totals
from simulator.report.plots.style import component_colours, ink, narrow, paper, save, styled
from simulator.study.sweep.analysis import along_rows, best_row, thinned
from simulator.study.sweep.fronts import pareto_figure
from simulator.study.sweep.keys import short, shown
from simulator.study.sweep.spec import Scalar
from simulator.study.sweep.study import Row, Study, axis_paths

_MOST_CELLS = 144


def heat_figure(study: Study) -> Figure | None:
    """One panel an objective, over the first two axes of several values; a cell is the best over all other axes."""
    objectives = study.spec.objectives
    paths = axis_paths([row for row in study.rows if row.feasible])
    if len(paths) < 2:
        return None
    across, down = paths[1], paths[0]
    columns, lines = _values(study.rows, across), _values(study.rows, down)
    rows_of: dict[tuple[Scalar, Scalar], list[Row]] = defaultdict(list)
    for row in study.rows:
        if row.feasible and across in row.assignments and down in row.assignments:
            rows_of[row.assignments[down], row.assignments[across]].append(row)
    with styled():
        width = 3.0 + max(0.62 * len(columns), 2.6)
        height = 1.7 + max(0.42 * len(lines), 1.8)
        size = paper(width, height * len(objectives)) if narrow() else paper(width * len(objectives), height)
        figure = Figure(figsize=size, layout="constrained")
        shape = (len(objectives), 1) if narrow() else (1, len(objectives))
        panels = list(figure.subplots(*shape, squeeze=False, sharey=True).flat)
        empty = False
        for axes, (metric, way) in zip(panels, objectives.items(), strict=True):
            best = [[best_row(rows_of.get((line, column), ()), metric, way) for column in columns] for line in lines]
            cells = np.array([[np.nan if row is None else row.metric(metric) for row in line] for line in best])
            factor, unit = common_scale(cells[np.isfinite(cells)].tolist(), term(metric, "metric").unit)
            positive = bool((cells[np.isfinite(cells)] > 0).all()) and np.isfinite(cells).any()
            map_name = "viridis_r" if way == "min" else "viridis"
            image = axes.imshow(cells * factor, aspect="auto", cmap=map_name, norm=LogNorm() if positive else None)
            if cells.size <= _MOST_CELLS:
                for (line, column), value in np.ndenumerate(cells):
                    colour = "#" + "".join(f"{round(255 * part):02x}" for part in image.to_rgba([value * factor])[0][:3])
                    text = "–" if np.isnan(value) else significant(value * factor)
                    shade = "#888888" if np.isnan(value) else ink(colour)
                    axes.add_artist(Fitting(column, line, text, length=1.0, ha="center", va="center", fontsize="small", color=shade))
            if np.isfinite(cells).any():
                bar = figure.colorbar(image, ax=axes, label=with_unit(metric, unit))
                low, high = float(np.nanmin(cells)) * factor, float(np.nanmax(cells)) * factor
                ticks = [low, float(np.sqrt(low * high)) if positive else (low + high) / 2, high] if high > low else [low]
                bar.set_ticks(ticks, labels=[significant(tick) for tick in ticks])
                bar.minorticks_off()
            empty = empty or bool(np.isnan(cells).any())
            axes.set_xticks(range(len(columns)), [shown(value) for value in columns], rotation=45 if len(columns) > 8 else 0)
            axes.set_yticks(range(len(lines)), [shown(value) for value in lines])
            axes.set_xlabel(short(across))
            axes.set_title(term(metric, "metric").label)
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
        for axes in panels if narrow() else panels[:1]:
            axes.set_ylabel(short(down))
        figure.suptitle(
            f"{brief(study.spec.name)}: best over all other axes{'; – has no point' if empty else ''}", fontsize="medium", x=0.01, ha="left"
        )
    return figure


def _values(rows: Sequence[Row], path: str) -> list[Scalar]:
    values = list(dict.fromkeys(row.assignments[path] for row in rows if path in row.assignments))
    return values if any(isinstance(value, str) for value in values) else sorted(values, key=float)


_MOST_BARS = 24


def area_along_figure(study: Study) -> Figure | None:
    """Die area by component along the first axis."""
    return _along(study, "area_mm2")


def energy_along_figure(study: Study) -> Figure | None:
    """Energy by component, DRAM included, along the first axis."""
    return _along(study, "energy_pj")


def _along(study: Study, metric: str) -> Figure | None:
    path, all_rows = along_rows(study.rows, study.spec.objectives)
    rows = thinned(all_rows, _MOST_BARS)
    if len(rows) < 2:
        return None
    parts = [row.record[f"{metric}_by_component"] for row in rows if row.record is not None]
    stack = component_stack([_name(row, path, rows) for row in rows], parts, [row.metric(metric) for row in rows])
    factor, unit = common_scale(stack.totals, "pJ" if metric == "energy_pj" else "mm²")
    bands = {index: band for index, row in enumerate(rows) if (band := row.band(metric)) is not None}
    with styled():
        figure = Figure(figsize=paper(10.5, max(bar_height(len(rows)), 4.4)), layout="constrained")
        axes = figure.subplots()
        draw_stack(axes, stack, component_colours(), factor=factor, ends=totals(stack, factor, unit), bands=bands)
        over = "; line: bands of the constants (all bars move together)" if bands else ""
        axes.set_xlabel(f"{term(metric, 'metric').label} ({unit}){over}")
        axes.set_ylabel(short(path))
        objective = term(next(iter(study.spec.objectives)), "metric").label
        others = f", at each the best by {objective}" if len(axis_paths(study.rows)) > 1 else ""
        axes.set_title(f"{brief(study.spec.name)}: {term(metric, 'metric').label} along {short(path)}{others}")
        stack_legend(figure, stack.parts, component_colours(), {part: label(part, "component") for part in stack.parts})
    return figure


def _name(row: Row, path: str, rows: list[Row]) -> str:
    others = [shown(row.assignments[other]) for other in axis_paths(rows) if other != path and other in row.assignments]
    return shown(row.assignments[path]) + (f"  ({', '.join(others)})" if others else "")


FIGURES: dict[str, Callable[[Study], Figure | None]] = {
    "pareto": pareto_figure,
    "heat": heat_figure,
    "area_along": area_along_figure,
    "energy_along": energy_along_figure,
}
"""Plots by the name of their file."""


def save_sweep_plots(study: Study, folder: Path) -> None:
    """Write every plot that shows something as PNG."""
    for name, draw in FIGURES.items():
        figure = draw(study)
        if figure is not None:
            save(figure, folder, name)
