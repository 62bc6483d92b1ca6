"""Published accelerators, rebuilt: model ÷ published, a row a part, on one log axis."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from simulator.cost.validation import Rebuilt
from simulator.cost.validation.rebuilds import MEASURES, Measure, RebuiltPart
from simulator.report.plots.ratios import MEMORY_COLOUR, draw_axis, draw_label, draw_legend, draw_nothing, memory_marker
from simulator.report.plots.style import paper, styled

_LOOKS: dict[Measure, tuple[str, str, str]] = {"um2": ("o", "#2f83c4", "area"), "mw": ("D", "#c84f00", "power")}
_WIDTH = 5.6
_AXIS_WIDTH = 2.4
_LINE = 0.2


def rebuilds_figure(rebuilt: Sequence[Rebuilt]) -> Figure:
    """A heading for each accelerator, then its parts and its total; areas and powers, from memory grey, totals larger."""
    rows = [row for each in rebuilt for row in _rows(each)]
    with styled():
        figure = Figure(figsize=paper(_WIDTH, _LINE * max(len(rows), 2) + 1.5), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        ratios = [
            ratio for _, part in rows if part is not None for measure in MEASURES if (ratio := part.beside(measure).ratio) is not None
        ]
        draw_axis(axes, ratios, _AXIS_WIDTH)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        for place, (label, part) in enumerate(rows):
            if part is None:
                axes.axhline(place - 0.5, color="#cccccc", linewidth=0.7)
            else:
                _draw(axes, part, place)
            draw_label(axes, place, label, bold=part is None)
        axes.set_yticks([])
        if not ratios:
            draw_nothing(axes, "nothing to compare")
        draw_legend(figure, _markers(rows))
    return figure


def _rows(each: Rebuilt) -> list[tuple[str, RebuiltPart | None]]:
    """The name of the accelerator, then all with a ratio."""
    parts = [part for part in (*each.parts, each.total) if any(part.beside(measure).ratio is not None for measure in MEASURES)]
    return [(f"{each.name}, {each.technology}", None), *((part.name, part) for part in parts)]


def _draw(axes: Axes, part: RebuiltPart, place: int) -> None:
    total = part.name == "total"
    for measure in MEASURES:
        beside = part.beside(measure)
        marker, colour, _ = _LOOKS[measure]
        if beside.ratio is not None:
            shown = MEMORY_COLOUR if beside.confidence == "memory" else colour
            axes.plot([beside.ratio], [place], marker=marker, linestyle="", color=shown, markersize=7.5 if total else 5, zorder=3)
            if total:
                across = 1.02 if measure == "um2" else 1.17
                axes.text(
                    across,
                    place,
                    f"{beside.ratio:.2f}",
                    transform=axes.get_yaxis_transform(),
                    ha="left",
                    va="center",
                    fontsize="small",
                    color=shown,
                )


def _markers(rows: Sequence[tuple[str, RebuiltPart | None]]) -> list[Line2D]:
    besides = [(measure, part.beside(measure)) for _, part in rows if part is not None for measure in MEASURES]
    used = [measure for measure in MEASURES if any(name == measure and beside.ratio is not None for name, beside in besides)]
    markers = [Line2D([], [], marker=_LOOKS[name][0], linestyle="", color=_LOOKS[name][1], label=_LOOKS[name][2]) for name in used]
    if any(beside.ratio is not None and beside.confidence == "memory" for _, beside in besides):
        markers.append(memory_marker())
    return [*markers, Line2D([], [], marker="o", linestyle="", color="#555555", markersize=7.5, label="total, with its ratio")]
