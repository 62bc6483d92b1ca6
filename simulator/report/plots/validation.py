"""Models against published figures, on log axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from simulator.cost.validation import Row
from simulator.cost.validation.hardware import QUANTITIES
from simulator.cost.validation.memory import PHYSICAL_FROM_NM
from simulator.report.plots.style import OTHER_COLOUR, styled

_COLOURS = {
    "integer_adder": "#5cc2a0",
    "integer_multiplier": "#00714f",
    "float_adder": "#a3c644",
    "float_multiplier": "#5d7a00",
    "datapath_cell": "#1fb6c9",
    "processing_elements": "#0b7285",
    "sram": "#2f83c4",
    "register_file": "#08488a",
    "dram": "#2b2b2b",
    "crossbar": "#c84f00",
    "network": "#f29b30",
    "reduction_switches": "#cc79a7",
    "bank_access": "#8a6d5a",
    "wire": "#6a4c93",
    "voq_scheduler": "#e0b400",
}
"""Greens multiply and add, blues store, oranges route."""
_LABELLED = 6
_NARROW = 300.0
"""Range of an axis below which 2 and 5 are marked too."""
_CLOSE = 0.2
_FAR = 2.0


def validation_figure(rows: Sequence[Row], checks: Sequence[Row]) -> Figure:
    """Area and energy, each a panel: model over published, fitted hollow and predicted filled, the worst by name."""
    with styled():
        figure = Figure(figsize=(13.5, 6.2), layout="constrained")
        FigureCanvasAgg(figure)
        area, energy = figure.subplots(1, 2)
        _panel(area, rows, checks, "area", "area", "mm²", 1e-6)
        _panel(energy, rows, checks, "energy", "energy (pJ, pJ/bit or pJ/bit/mm)", "", 1.0)
        used = [name for name in (*_COLOURS, *{row.component for row in rows}) if any(row.component == name for row in rows)]
        handles = [Line2D([], [], marker="o", linestyle="", color=_colour(name)) for name in dict.fromkeys(used)]
        names = [name.replace("_", " ") for name in dict.fromkeys(used)]
        handles += [
            Line2D([], [], marker="o", linestyle="", markerfacecolor="#666666", markeredgecolor="#666666"),
            Line2D([], [], marker="o", linestyle="", markerfacecolor="none", markeredgecolor="#666666"),
        ]
        names += ["predicted", "fitted"]
        if checks:
            handles.append(Line2D([], [], marker=".", linestyle="", color="#b5b5b5"))
            names.append("CACTI, not silicon")
        figure.legend([*handles, Patch(color="#dcdcdc"), Patch(color="#f0f0f0")], [*names, "±20 %", "×2"], loc="outside right upper")
    return figure


def _panel(axes: Axes, rows: Sequence[Row], checks: Sequence[Row], group: str, label: str, unit: str, factor: float) -> None:
    """One group; `factor` brings the unit in which models answer to `unit`."""
    chosen = [row for row in rows if row.group == group and row.model > 0]
    others = [row for row in checks if row.group == group and (group != "area" or _node_nm(row) >= PHYSICAL_FROM_NM)]
    named = f"{label} ({unit})" if unit else label
    axes.set_title({"area": "Area", "energy": "Energy"}[group])
    axes.set_xlabel(f"published {named}" if unit else f"published {label}")
    axes.set_ylabel(f"model ({unit})" if unit else "model, in the same unit")
    if not chosen:
        axes.text(0.5, 0.5, "no figure", transform=axes.transAxes, ha="center", color="#666666")
        axes.set_xticks([])
        axes.set_yticks([])
        return
    x, y = _values(chosen, factor)
    cx, cy = _values(others, factor)
    low, high = min([*x, *y, *cx, *cy]) / 3, max([*x, *y, *cx, *cy]) * 3
    line = np.array([low, high])
    axes.fill_between(line, line / _FAR, line * _FAR, color="#f0f0f0", linewidth=0)
    axes.fill_between(line, line * (1 - _CLOSE), line * (1 + _CLOSE), color="#dcdcdc", linewidth=0)
    axes.plot(line, line, color="#888888", linewidth=0.8)
    axes.scatter(cx, cy, s=5, color="#b5b5b5", linewidth=0)
    for row, published, model in zip(chosen, x, y, strict=True):
        colour = _colour(row.component)
        axes.scatter([published], [model], s=38, facecolor=colour if row.role == "predicted" else "none", edgecolor=colour, linewidth=1.3)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        if high / low < _NARROW:
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:,.10g}"))
        axis.set_minor_formatter(NullFormatter())
    _name_worst(axes, chosen, x, y)


def _name_worst(axes: Axes, rows: Sequence[Row], x: Sequence[float], y: Sequence[float]) -> None:
    """A number at each of the figures farthest from the line, and their names in the corner that such a plot leaves empty."""
    distance = [abs(np.log(model / published)) for published, model in zip(x, y, strict=True)]
    worst = [place for place in sorted(range(len(rows)), key=lambda place: -distance[place])[:_LABELLED] if distance[place] > _CLOSE]
    for number, place in enumerate(worst, start=1):
        side = 1 if y[place] > x[place] else -1
        # neighbours in rank are often neighbours in the plot: their numbers take turns between beside and above or below
        beside, off = (10, 2) if number % 2 == 0 else (3, 10)
        offset = (-beside * side, off * side)
        axes.annotate(str(number), (x[place], y[place]), xytext=offset, textcoords="offset points", ha="center", va="center", fontsize=8.5)
    names = [f"{number}  {rows[place].id}  {rows[place].error:+.0%}" for number, place in enumerate(worst, start=1)]
    axes.text(0.98, 0.03, "\n".join(names), transform=axes.transAxes, ha="right", va="bottom", fontsize=8.5, linespacing=1.4)


def _values(rows: Sequence[Row], factor: float) -> tuple[list[float], list[float]]:
    scale = [QUANTITIES[row.quantity].units[row.unit] * factor for row in rows]
    pairs = list(zip(rows, scale, strict=True))
    return [row.published * size for row, size in pairs], [row.model * size for row, size in pairs]


def _node_nm(row: Row) -> float:
    return float(row.technology.removesuffix("nm"))


def _colour(component: str) -> str:
    return _COLOURS.get(component, OTHER_COLOUR)
