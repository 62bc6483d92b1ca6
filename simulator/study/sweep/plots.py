"""The plots of a sweep: each a function from a study to a matplotlib figure, or None where it would show nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from simulator.report.glossary import label, term
from simulator.report.numbers import common_scale, significant
from simulator.report.plots.labels import place_labels
from simulator.report.plots.stacked import bar_height, component_stack, draw_stack, stack_legend
from simulator.report.plots.style import component_colours, ink, save, styled
from simulator.study.sweep.analysis import along_rows, best_row, by_workload, pareto_front, thinned
from simulator.study.sweep.keys import of_the_workload, short, shown
from simulator.study.sweep.spec import Scalar
from simulator.study.sweep.study import Row, Study, axis_paths

_FAR = 8.0
LOG_STEPS = (1.0, 2.0, 5.0)
"""Ticks of each decade."""


def plain(tick: float, _: int | None = None) -> str:
    """A tick without exponent."""
    return f"{tick:,.10g}"


def plain_ticks(axes: Axes, which: Literal["x", "y"], values: Sequence[float]) -> None:
    """Make the axis logarithmic where its values span more than 8 to 1, and write its ticks without exponents."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    if min(values) > 0 and max(values) / min(values) > _FAR:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        decades = max(values) / min(values) > 200
        axis.set_major_locator(LogLocator(subs=(1.0,) if decades else LOG_STEPS))
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(plain))


_FRONT, _REST, _BROKEN = "#c84f00", "#8fb6d8", "#d5d5d5"
_FRONTS = (_FRONT, "#08488a", "#00714f", "#6a4c93", "#1a9aa8", "#9a7d00", "#a0005a", "#555555")
"""Colours of the fronts of several workloads."""
_MOST_LABELS = 12
_X, _Y = "fabric_area_mm2", "energy_pj"


def pareto_figure(study: Study) -> Figure | None:
    """Fabric area against energy, or, where one of them does not change, time against it; fronts, or all of a few points, are labelled.

    Each workload has a front of its own, in its colour; of more workloads than there are colours some are shown, evenly spread.
    """
    groups = by_workload([row for row in study.rows if row.record is not None])
    drawn = dict(thinned(list(groups.items()), len(_FRONTS)))
    several = len(drawn) > 1
    ran = [row for rows in drawn.values() for row in rows]
    metrics = [name for name in (_X, _Y, "seconds") if len({row.metric(name) for row in ran}) > 1][:2]
    if len(metrics) < 2:
        return None
    found = {workload: pareto_front(rows, {metrics[0]: "min", metrics[1]: "min"}).rows for workload, rows in drawn.items()}
    front = [row for rows in found.values() for row in rows]
    scales = [common_scale([row.metric(name) for row in ran], term(name, "metric").unit) for name in metrics]

    def places(rows: Sequence[Row]) -> tuple[list[float], list[float]]:
        x, y = ([row.metric(name) * factor for row in rows] for name, (factor, _) in zip(metrics, scales, strict=True))
        return x, y

    with styled():
        figure = Figure(figsize=(9, 5.6), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        on_front = {row.place for row in front}
        rest = [row for row in ran if row.feasible and row.place not in on_front]
        for rows, colour, text in (
            ([row for row in ran if not row.feasible], _BROKEN, "breaks a constraint"),
            (rest, _REST, "beaten in both"),
        ):
            if rows:
                axes.scatter(*places(rows), s=26, color=colour, edgecolor="white", linewidth=0.5, label=f"{text} ({len(rows)})")
        for (workload, best), colour in zip(found.items(), _FRONTS, strict=False):
            if best:
                name = f"front{f' on {workload}' if several else ''} ({len(best)})"
                axes.step(*places(best), where="post", color=colour, linewidth=1.2, alpha=0.6)
                axes.scatter(*places(best), s=44, color=colour, edgecolor="white", linewidth=0.8, zorder=3, label=name)
        _draw_bands(axes, front, metrics, [factor for factor, _ in scales], "#888888" if several else _FRONT)
        plain_ticks(axes, "x", places(ran)[0])
        plain_ticks(axes, "y", places(ran)[1])
        axes.margins(0.12, 0.14)
        axes.set_xlabel(f"{term(metrics[0], 'metric').label} ({scales[0][1]})")
        axes.set_ylabel(f"{term(metrics[1], 'metric').label} ({scales[1][1]})")
        shown_of = f" ({len(drawn)} of {len(groups)} workloads)" if len(drawn) < len(groups) else ""
        axes.set_title(f"{study.spec.name}: {term(metrics[0], 'metric').label} against {term(metrics[1], 'metric').label}{shown_of}")
        axes.grid(True)
        figure.legend(loc="outside lower center", ncols=3)
        figure.draw_without_rendering()
        named = [*front, *(row for row in ran if row.place not in on_front)] if len(ran) <= _MOST_LABELS else thinned(front, _MOST_LABELS)
        named_places = {row.place for row in named}
        others = [row for row in ran if row.place not in named_places]
        xs, ys = places([*named, *others])
        paths = [path for path in axis_paths(study.rows) if not (several and of_the_workload(path))]
        steps = [step for best in found.values() for step in _steps(*places(best))]
        place_labels(figure, [*_names(named, paths), *[""] * len(others)], xs, ys, [30.0] * len(ran), steps)
    return figure


def _steps(x: Sequence[float], y: Sequence[float]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Ends of the level and the upright part of each step between neighbours of the front."""
    corners = list(zip(x[1:], y[:-1], strict=True))
    points = list(zip(x, y, strict=True))
    return [*zip(points[:-1], corners, strict=True), *zip(corners, points[1:], strict=True)]


def _draw_bands(axes: Axes, rows: Sequence[Row], metrics: Sequence[str], factors: Sequence[float], colour: str) -> None:
    """A cross over the combined bands of each point of the front, where the sweep carries them."""
    if any(row.band(name) for row in rows for name in metrics):
        axes.plot([], [], color=colour, linewidth=0.8, alpha=0.6, label="bands of the constants (all points move together)")
    for row in rows:
        place = [row.metric(name) * factor for name, factor in zip(metrics, factors, strict=True)]
        ends = [[end * factor for end in row.band(name) or ()] for name, factor in zip(metrics, factors, strict=True)]
        if ends[0]:
            axes.plot(ends[0], [place[1]] * 2, color=colour, linewidth=0.8, alpha=0.35, zorder=1)
        if ends[1]:
            axes.plot([place[0]] * 2, ends[1], color=colour, linewidth=0.8, alpha=0.35, zorder=1)


def _names(rows: Sequence[Row], paths: Sequence[str]) -> list[str]:
    """The values of these axes, which tell the points apart; the names of the axes stand in the first."""
    names = [" / ".join(shown(row.assignments[path]) for path in paths if path in row.assignments) for row in rows]
    if names and paths:
        names[0] = f"{names[0]}  ({' / '.join(short(path) for path in paths if path in rows[0].assignments)})"
    return names


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
        width = 2.2 + max(0.62 * len(columns), 2.6)
        figure = Figure(figsize=(width * len(objectives), 1.7 + max(0.42 * len(lines), 1.8)), layout="constrained")
        panels = figure.subplots(1, len(objectives), squeeze=False, sharey=True)[0]
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
                    axes.text(column, line, text, ha="center", va="center", fontsize=8, color="#888888" if np.isnan(value) else ink(colour))
            else:
                bar = figure.colorbar(image, ax=axes, label=unit, format=FuncFormatter(plain))
                if positive:
                    bar.locator = LogLocator(subs=LOG_STEPS)
                bar.minorticks_off()
            axes.set_xticks(range(len(columns)), [shown(value) for value in columns], rotation=45 if len(columns) > 8 else 0)
            axes.set_yticks(range(len(lines)), [shown(value) for value in lines])
            axes.set_xlabel(short(across))
            axes.set_title(f"{term(metric, 'metric').label} ({unit or 'number'})")
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
        panels[0].set_ylabel(short(down))
        figure.suptitle(f"{study.spec.name}: best over all other axes; – has no point", fontsize=10, x=0.01, ha="left")
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
        figure = Figure(figsize=(10.5, max(bar_height(len(rows)), 4.4)), layout="constrained")
        axes = figure.subplots()
        draw_stack(axes, stack, component_colours(), factor=factor, unit=unit, totals=True, named=0.07, bands=bands)
        over = "; line: bands of the constants (all bars move together)" if bands else ""
        axes.set_xlabel(f"{term(metric, 'metric').label} ({unit}){over}")
        axes.set_ylabel(short(path))
        objective = term(next(iter(study.spec.objectives)), "metric").label
        others = f", at each the best by {objective}" if len(axis_paths(study.rows)) > 1 else ""
        axes.set_title(f"{study.spec.name}: {term(metric, 'metric').label} along {short(path)}{others}")
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
