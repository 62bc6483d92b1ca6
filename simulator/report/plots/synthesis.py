"""Model ÷ synthesis of a machine's pieces on one log axis: gates and longest paths, a row a piece."""

from __future__ import annotations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from simulator.report.plots.ratios import draw_axis, draw_label, draw_legend, draw_nothing
from simulator.report.plots.style import paper, styled
from simulator.synthesis.synthesise import Synthesis

_WIDTH = 6.6
_AXIS_WIDTH = 2.6
_LINE = 0.28
_LOOKS = (("o", "#2f83c4", "gates"), ("D", "#c84f00", "longest path"))


def synthesis_figure(synthesis: Synthesis) -> Figure:
    """A row a piece, in the order of the table."""
    rows = synthesis.pieces
    with styled():
        figure = Figure(figsize=paper(_WIDTH, _LINE * max(len(rows), 2) + 1.5), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        shown = [(place, (piece.ratio, piece.depth_ratio)) for place, piece in enumerate(rows)]
        draw_axis(axes, [ratio for _, ratios in shown for ratio in ratios if ratio is not None], _AXIS_WIDTH, "model ÷ synthesis")
        axes.set_ylim(max(len(rows), 2) - 0.4, -0.6)
        for place, ratios in shown:
            draw_label(axes, place, rows[place].name, bold=False)
            for (marker, colour, _), ratio in zip(_LOOKS, ratios, strict=True):
                if ratio is not None:
                    axes.plot([ratio], [place], marker=marker, linestyle="", color=colour, markersize=5.5, zorder=3)
        axes.set_yticks([])
        if not rows:
            draw_nothing(axes, "nothing synthesised")
        axes.set_title(f"{synthesis.machine}, {synthesis.library}")
        draw_legend(figure, [Line2D([], [], marker=mark, linestyle="", color=colour, label=label) for mark, colour, label in _LOOKS])
    return figure
