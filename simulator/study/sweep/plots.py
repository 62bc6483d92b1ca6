"""The plots of a sweep: each a function from a study to a matplotlib figure, or None where it would show nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from simulator.report.glossary import label, term
from simulator.report.numbers import common_scale, listed, significant
from simulator.report.pictures import current_style
from simulator.report.plots.labels import place_labels
from simulator.report.plots.stacked import bar_height, component_stack, draw_stack, stack_legend, totals
from simulator.report.plots.style import component_colours, ink, narrow, paper, save, styled
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


def _mark() -> float:
    """Area of a mark of the front, points²."""
    return 4.4 * float(matplotlib.rcParams["font.size"])


_FRONT, _REST, _BROKEN = "#c84f00", "#8fb6d8", "#d5d5d5"
_FRONTS = (_FRONT, "#08488a", "#00714f", "#6a4c93", "#1a9aa8", "#9a7d00", "#a0005a", "#555555")
"""Colours of the fronts of several workloads."""
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
_MOST_LABELS = 12
_BESIDES = ("fabric_area_mm2", "energy_pj", "seconds")
"""What one objective is drawn against."""
_PANELS = 3


def pareto_figure(study: Study) -> Figure | None:
    """The first objective against each of the others, the points of the table's front marked; of one objective, against area or energy.

    Each workload has a front of its own, in its colour; of more workloads than there are colours some are shown, evenly spread. A
    front of three objectives has points that two of them alone do not show.
    """
    groups = by_workload([row for row in study.rows if row.record is not None])
    drawn = dict(thinned(list(groups.items()), len(_FRONTS)))
    ran = [row for rows in drawn.values() for row in rows]
    objectives = study.spec.objectives
    candidates = list(objectives) if len(objectives) > 1 else [*objectives, *(name for name in _BESIDES if name not in objectives)][:3]
    metrics = [name for name in candidates if len({row.metric(name) for row in ran}) > 1]
    metrics = metrics if len(objectives) > 1 else metrics[:2]
    if len(metrics) < 2:
        return None
    found = {workload: pareto_front(rows, objectives).rows for workload, rows in drawn.items()}
    others = metrics[1 : 1 + _PANELS]
    with styled():
        count = len(others)
        size = (9.0, 5.6) if count == 1 else (5.2 * count, 5.2)
        figure = Figure(figsize=paper(size[0], size[1] * (count if narrow() else 1)), layout="constrained")
        FigureCanvasAgg(figure)
        shape = (count, 1) if narrow() else (1, count)
        panels = figure.subplots(*shape, squeeze=False, sharey=True)
        drawings = [_Panel(axes, other, metrics[0], study, found, ran) for axes, other in zip(panels.flat, others, strict=True)]
        for place, drawing in enumerate(drawings):
            drawing.draw(labelled=place == 0)
        for axes in panels[:, 0]:
            _, unit = _scale(metrics[0], ran)
            axes.set_ylabel(_with_unit(metrics[0], unit))
        shown_of = f" ({len(drawn)} of {len(groups)} workloads)" if len(drawn) < len(groups) else ""
        what = f"{term(metrics[0], 'metric').label} against {listed([term(name, 'metric').label for name in others])}"
        figure.suptitle(f"{study.spec.name}: {what}{shown_of}", x=0.01, ha="left")
        handles, labels = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols={"column": 1, "slide": 2, "screen": 3}[current_style()])
        figure.draw_without_rendering()
        for drawing in drawings:
            drawing.name_points()
    return figure


def _scale(metric: str, rows: Sequence[Row]) -> tuple[float, str]:
    return common_scale([row.metric(metric) for row in rows], term(metric, "metric").unit)


def _with_unit(metric: str, unit: str) -> str:
    label_ = term(metric, "metric").label
    return f"{label_} ({unit})" if unit else label_


@dataclass(frozen=True)
class _Panel:
    """One objective against another."""

    axes: Axes
    across: str
    up: str
    study: Study
    found: Mapping[str, Sequence[Row]]
    """Workload → its front."""
    ran: Sequence[Row]

    @cached_property
    def factors(self) -> tuple[float, float]:
        """Of the figures across and up, in the units of the axes."""
        return _scale(self.across, self.ran)[0], _scale(self.up, self.ran)[0]

    @cached_property
    def front(self) -> list[Row]:
        """Points of all fronts."""
        return [row for rows in self.found.values() for row in rows]

    @property
    def flat(self) -> bool:
        """Whether the front is one in these two alone, so that steps join its points: two objectives, of both of which less is better."""
        objectives = self.study.spec.objectives
        return list(objectives) == [self.up, self.across] and set(objectives.values()) == {"min"}

    def places(self, rows: Sequence[Row]) -> tuple[list[float], list[float]]:
        """x and y of points."""
        x, y = ([row.metric(name) * factor for row in rows] for name, factor in zip((self.across, self.up), self.factors, strict=True))
        return x, y

    def draw(self, *, labelled: bool) -> None:
        """Points, fronts and their bands; with entries of the legend in one panel alone."""
        axes = self.axes
        on_front = {row.place for row in self.front}
        groups = (
            ([row for row in self.ran if not row.feasible], _BROKEN, "breaks a constraint", "x"),
            ([row for row in self.ran if row.feasible and row.place not in on_front], _REST, "beaten in every objective", "."),
        )
        for rows, colour, text, marker in groups:
            if rows:
                axes.scatter(*self.places(rows), s=26, color=colour, marker=marker, linewidth=1.0, label=f"{text} ({len(rows)})")
        several = len(self.found) > 1
        for (workload, best), colour, marker in zip(self.found.items(), _FRONTS, _MARKERS, strict=False):
            if not best:
                continue
            name = f"front{f' on {workload}' if several else ''} ({len(best)})"
            if self.flat:
                ordered = sorted(zip(*self.places(best), strict=True))
                axes.step(*zip(*ordered, strict=True), where="post", color=colour, linewidth=1.2, alpha=0.6)
            axes.scatter(*self.places(best), s=_mark(), color=colour, marker=marker, edgecolor="white", linewidth=0.8, zorder=3, label=name)
        _draw_bands(axes, self.front, (self.across, self.up), self.factors, "#888888" if several else _FRONT)
        xs, ys = self.places(self.ran)
        plain_ticks(axes, "x", xs)
        plain_ticks(axes, "y", ys)
        axes.margins(0.12, 0.14)
        axes.set_xlabel(_with_unit(self.across, _scale(self.across, self.ran)[1]))
        axes.grid(True)

    def name_points(self) -> None:
        """Names of points of the front, or of all of a few."""
        on_front = {row.place for row in self.front}
        few = len(self.ran) <= _MOST_LABELS
        named = [*self.front, *(row for row in self.ran if row.place not in on_front)] if few else thinned(self.front, _MOST_LABELS)
        named_places = {row.place for row in named}
        others = [row for row in self.ran if row.place not in named_places]
        xs, ys = self.places([*named, *others])
        paths = [path for path in axis_paths(self.study.rows) if not (len(self.found) > 1 and of_the_workload(path))]
        steps = [step for best in self.found.values() for step in _steps(*self.places(best))] if self.flat else []
        names = _joined(_names(named, paths), self.axes.transData.transform(np.column_stack([xs, ys]))[: len(named)])
        place_labels(self.axes, [*names, *[""] * len(others)], xs, ys, [_mark()] * len(self.ran), steps)
        self.axes.set_title(_key(named, paths), loc="right", fontsize="small", fontweight="normal", color="#666666")


def _steps(x: Sequence[float], y: Sequence[float]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Ends of the level and the upright part of each step between neighbours of the front."""
    points = sorted(zip(x, y, strict=True))
    corners = [(right, level) for (_, level), (right, _) in pairwise(points)]
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
    """The values of these axes, which tell the points apart."""
    return [" / ".join(shown(row.assignments[path]) for path in paths if path in row.assignments) for row in rows]


def _key(rows: Sequence[Row], paths: Sequence[str]) -> str:
    """The names of the axes whose values are the names of points."""
    there = [short(path) for path in paths if any(path in row.assignments for row in rows)]
    return f"beside points: {' / '.join(there)}" if there else ""


_TOGETHER = 3.0
"""Pixels between points that are seen as one."""
_MOST_TOGETHER = 3


def _joined(names: Sequence[str], places: NDArray[np.float64]) -> list[str]:
    """Names, those of points in one place together in the first of them."""
    told: list[tuple[int, list[str]]] = []
    for place, name in enumerate(names):
        near = next((own for first, own in told if np.hypot(*(places[first] - places[place])) < _TOGETHER), None)
        if near is None:
            told.append((place, [name]))
        else:
            near.append(name)
    joined = [""] * len(names)
    for first, own in told:
        joined[first] = ", ".join(own[:_MOST_TOGETHER]) + (f", {len(own) - _MOST_TOGETHER} more" if len(own) > _MOST_TOGETHER else "")
    return joined


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
                    axes.text(
                        column, line, text, ha="center", va="center", fontsize="small", color="#888888" if np.isnan(value) else ink(colour)
                    )
            if np.isfinite(cells).any():
                bar = figure.colorbar(image, ax=axes, label=_with_unit(metric, unit))
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
            f"{study.spec.name}: best over all other axes{'; – has no point' if empty else ''}", fontsize="medium", x=0.01, ha="left"
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
        draw_stack(axes, stack, component_colours(), factor=factor, ends=totals(stack, factor, unit), named=0.07, bands=bands)
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
