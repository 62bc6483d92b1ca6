"""The plot of a sweep's Pareto fronts: objectives against one another, with the names of the points that matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from simulator.report.glossary import term
from simulator.report.numbers import common_scale, listed
from simulator.report.plots.fitting import brief, legend_columns
from simulator.report.plots.labels import place_labels
from simulator.report.plots.looks import LOOKS, Look, looks
from simulator.report.plots.scales import plain_ticks, with_unit
from simulator.report.plots.style import narrow, paper, prepare, styled
from simulator.study.sweep.analysis import by_workload, pareto_front, thinned
from simulator.study.sweep.keys import of_the_workload, short, shown
from simulator.study.sweep.study import Row, Study, axis_paths


def _mark() -> float:
    """Area of a mark of the front, points²."""
    return 4.4 * float(matplotlib.rcParams["font.size"])


_MACHINE = "machine"
"""The axis of machines."""
_FRONT, _REST, _BROKEN, _LINE = "#c84f00", "#8fb6d8", "#d5d5d5", "#888888"
_DOT = 14.0
"""Area of a mark beside the front, points²."""
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
            axes.set_ylabel(with_unit(metrics[0], unit))
        shown_of = f" ({len(drawn)} of {len(groups)} workloads)" if len(drawn) < len(groups) else ""
        what = f"{term(metrics[0], 'metric').label} against {listed([term(name, 'metric').label for name in others])}"
        figure.suptitle(f"{brief(study.spec.name)}: {what}{shown_of}", x=0.01, ha="left")
        handles, labels = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=legend_columns(figure, labels))
        prepare(figure)
        figure.draw_without_rendering()
        for drawing in drawings:
            drawing.name_points()
    return figure


def _scale(metric: str, rows: Sequence[Row]) -> tuple[float, str]:
    return common_scale([row.metric(metric) for row in rows], term(metric, "metric").unit)


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

    @cached_property
    def machines(self) -> dict[str, Look]:
        """Name → look, where machines are an axis of the sweep, on one workload and so few that they can be told apart."""
        names = {name for row in self.ran if (name := _machine(row))}
        return looks(names) if len(self.found) == 1 and 1 < len(names) <= len(LOOKS) else {}

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
        broken = [row for row in self.ran if not row.feasible]
        if broken:
            axes.scatter(*self.places(broken), s=26, color=_BROKEN, marker="x", linewidth=1.0, label=f"breaks a constraint ({len(broken)})")
        beaten = [row for row in self.ran if row.feasible and row.place not in on_front]
        if beaten and self.machines:
            self._draw_machines(beaten, f"beaten in every objective ({len(beaten)})", front=False)
        elif beaten:
            axes.scatter(*self.places(beaten), s=_DOT, color=_REST, label=f"beaten in every objective ({len(beaten)})")
        several = len(self.found) > 1
        for (workload, best), colour, marker in zip(self.found.items(), _FRONTS, _MARKERS, strict=False):
            if not best:
                continue
            name = f"front{f' on {workload}' if several else ''} ({len(best)})"
            if self.flat:
                ordered = sorted(zip(*self.places(best), strict=True))
                stepped = _LINE if self.machines else colour
                axes.step(*zip(*ordered, strict=True), where="post", color=stepped, linewidth=1.2, alpha=0.6)
            if self.machines:
                self._draw_machines(best, name, front=True)
                continue
            axes.scatter(*self.places(best), s=_mark(), color=colour, marker=marker, edgecolor="white", linewidth=0.8, zorder=3, label=name)
        lines = _LINE if several or self.machines else _FRONT
        _draw_bands(axes, self.front, (self.across, self.up), self.factors, lines)
        xs, ys = self.places(self.ran)
        plain_ticks(axes, "x", xs)
        plain_ticks(axes, "y", ys)
        axes.margins(0.12, 0.14)
        axes.set_xlabel(with_unit(self.across, _scale(self.across, self.ran)[1]))
        axes.grid(True)

    def _draw_machines(self, rows: Sequence[Row], text: str, *, front: bool) -> None:
        """Points in the looks that their machines have in every picture: full on the front, hollow elsewhere."""
        told = axis_paths(self.study.rows) != [_MACHINE]  # beside a point its machine stands, where that is all that it has
        for name, look in self.machines.items():
            own = [row for row in rows if _machine(row) == name]
            faces = look.colour if front else "none"
            edges = "white" if front else look.colour
            label = name if told and front else None
            self.axes.scatter(
                *self.places(own), s=_mark() * (1.0 if front else 0.7), facecolors=faces, edgecolors=edges, marker=look.marker,
                linewidth=0.8, zorder=3, label=label,
            )  # fmt: skip
        self.axes.scatter([], [], s=_mark(), facecolors=_LINE if front else "none", edgecolors=_LINE, label=text)

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


def _machine(row: Row) -> str:
    return shown(row.assignments[_MACHINE]).rpartition("/")[2] if _MACHINE in row.assignments else ""


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
