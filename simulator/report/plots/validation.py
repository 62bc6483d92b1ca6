"""Models against published figures, on log axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from simulator.report.plots.style import OTHER_COLOUR, styled
from simulator.validation import Row
from simulator.validation.cacti import PHYSICAL_FROM_NM
from simulator.validation.quantities import QUANTITIES

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
}
"""Greens multiply and add, blues store, oranges route."""
_LABELLED = 6
_NAME_SIZE = 8.5
_PANEL_POINTS = 400.0
"""Side of a panel in points, roughly: what names are laid out in."""
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
    chosen = [row for row in rows if row.group == group]
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
    _name_worst(axes, chosen, x, y)


def _name_worst(axes: Axes, rows: Sequence[Row], x: Sequence[float], y: Sequence[float]) -> None:
    """Names of the figures farthest from the line, each off the line on its own side, as near as other names let it be."""
    distance = [abs(np.log(model / published)) for published, model in zip(x, y, strict=True)]
    worst = [place for place in sorted(range(len(rows)), key=lambda place: -distance[place])[:_LABELLED] if distance[place] > _CLOSE]
    pixels = axes.transAxes.inverted().transform(axes.transData.transform(np.column_stack([x, y]))) * _PANEL_POINTS
    taken: list[Bbox] = []
    for place in sorted(worst, key=lambda place: x[place] * y[place]):
        text, side = f"{rows[place].id} {rows[place].error:+.0%}", 1 if y[place] > x[place] else -1
        boxes = (_name_box(pixels[place], side, reach, len(text)) for reach in range(12, 300, 4))
        inside = Bbox.from_extents(4, 4, _PANEL_POINTS - 4, _PANEL_POINTS - 4)
        free = (box for box in boxes if _within(box, inside) and not any(box.overlaps(other) for other in taken))
        box = next(free, None)
        if box is None:
            continue
        taken.append(box)
        axes.annotate(
            text,
            (x[place], y[place]),
            xytext=((box.x1 if side > 0 else box.x0) / _PANEL_POINTS, (box.y0 + box.y1) / 2 / _PANEL_POINTS),
            textcoords="axes fraction",
            ha="right" if side > 0 else "left",
            va="center",
            fontsize=_NAME_SIZE,
            color="#222222",
            arrowprops={"arrowstyle": "-", "color": "#999999", "linewidth": 0.7, "shrinkB": 3, "relpos": ((1 + side) / 2, 0.5)},
        )


def _name_box(point: NDArray[np.float64], side: int, reach: float, characters: int) -> Bbox:
    """The room of a name whose near end stands `reach` off a point, up and left (side 1) or down and right (side −1)."""
    width, height = 0.6 * _NAME_SIZE * characters, 1.5 * _NAME_SIZE
    near, middle = float(point[0]) - side * reach, float(point[1]) + side * reach
    return Bbox.from_extents(min(near, near - side * width), middle - height / 2, max(near, near - side * width), middle + height / 2)


def _within(box: Bbox, frame: Bbox) -> bool:
    return bool(box.x0 >= frame.x0 and box.x1 <= frame.x1 and box.y0 >= frame.y0 and box.y1 <= frame.y1)


def _values(rows: Sequence[Row], factor: float) -> tuple[list[float], list[float]]:
    scale = [QUANTITIES[row.quantity].units[row.unit] * factor for row in rows]
    pairs = list(zip(rows, scale, strict=True))
    return [row.published * size for row, size in pairs], [row.model * size for row, size in pairs]


def _node_nm(row: Row) -> float:
    return float(row.technology.removesuffix("nm"))


def _colour(component: str) -> str:
    return _COLOURS.get(component, OTHER_COLOUR)
