"""All points by two figures, and the front of those that none beats."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from simulator.report.glossary import term
from simulator.report.numbers import common_scale
from simulator.report.plots.labels import place_labels
from simulator.report.plots.style import styled
from simulator.study.sweep.analysis.pareto import pareto_front
from simulator.study.sweep.plots.scales import plain_ticks
from simulator.study.sweep.row import Row, axis_paths, short, shown, spread
from simulator.study.sweep.study import Study

_FRONT, _REST, _BROKEN = "#c84f00", "#8fb6d8", "#d5d5d5"
_MOST_LABELS = 12
_X, _Y = "fabric_area_mm2", "energy_pj"


def pareto_figure(study: Study) -> Figure | None:
    """Fabric area against energy, or, where one of them does not change, time against it; the front, or all of a few, is labelled."""
    ran = [row for row in study.rows if row.record is not None]
    metrics = [name for name in (_X, _Y, "seconds") if len({row.metric(name) for row in ran}) > 1][:2]
    if len(metrics) < 2:
        return None
    front = pareto_front(ran, {metrics[0]: "min", metrics[1]: "min"}).rows
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
        if front:
            axes.step(*places(front), where="post", color=_FRONT, linewidth=1.2, alpha=0.6)
            axes.scatter(*places(front), s=44, color=_FRONT, edgecolor="white", linewidth=0.8, zorder=3, label=f"front ({len(front)})")
        _draw_bands(axes, front, metrics, [factor for factor, _ in scales])
        plain_ticks(axes, "x", places(ran)[0])
        plain_ticks(axes, "y", places(ran)[1])
        axes.margins(0.12, 0.14)
        axes.set_xlabel(f"{term(metrics[0], 'metric').label} ({scales[0][1]})")
        axes.set_ylabel(f"{term(metrics[1], 'metric').label} ({scales[1][1]})")
        axes.set_title(f"{study.spec.name}: {term(metrics[0], 'metric').label} against {term(metrics[1], 'metric').label}")
        axes.grid(True)
        figure.legend(loc="outside lower center", ncols=3)
        figure.draw_without_rendering()
        named = [*front, *(row for row in ran if row.place not in on_front)] if len(ran) <= _MOST_LABELS else spread(front, _MOST_LABELS)
        others = [row for row in ran if row not in named]
        xs, ys = places([*named, *others])
        place_labels(figure, [*_names(named, study.rows), *[""] * len(others)], xs, ys, [30.0] * len(ran), _steps(*places(front)))
    return figure


def _steps(x: Sequence[float], y: Sequence[float]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Ends of the level and the upright part of each step between neighbours of the front."""
    corners = list(zip(x[1:], y[:-1], strict=True))
    points = list(zip(x, y, strict=True))
    return [*zip(points[:-1], corners, strict=True), *zip(corners, points[1:], strict=True)]


def _draw_bands(axes: Axes, rows: Sequence[Row], metrics: Sequence[str], factors: Sequence[float]) -> None:
    """A cross over the combined bands of each point of the front, where the sweep carries them."""
    if any(row.band(name) for row in rows for name in metrics):
        axes.plot([], [], color=_FRONT, linewidth=0.8, alpha=0.6, label="bands of the constants (all points move together)")
    for row in rows:
        place = [row.metric(name) * factor for name, factor in zip(metrics, factors, strict=True)]
        ends = [[end * factor for end in row.band(name) or ()] for name, factor in zip(metrics, factors, strict=True)]
        if ends[0]:
            axes.plot(ends[0], [place[1]] * 2, color=_FRONT, linewidth=0.8, alpha=0.35, zorder=1)
        if ends[1]:
            axes.plot([place[0]] * 2, ends[1], color=_FRONT, linewidth=0.8, alpha=0.35, zorder=1)


def _names(rows: Sequence[Row], all_rows: Sequence[Row]) -> list[str]:
    """The values that tell the points apart; the names of the axes stand in the first."""
    paths = axis_paths(all_rows)
    names = [" / ".join(shown(row.assignments[path]) for path in paths if path in row.assignments) for row in rows]
    if names:
        names[0] = f"{names[0]}  ({' / '.join(short(path) for path in paths if path in rows[0].assignments)})"
    return names
