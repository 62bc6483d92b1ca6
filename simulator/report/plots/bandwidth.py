"""Bandwidth used and available at every level."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from simulator.report.glossary import label
from simulator.report.numbers import percent, significant
from simulator.report.pictures import PictureStyle, current_style
from simulator.report.plots.fitting import briefs
from simulator.report.plots.style import narrow, paper, styled
from simulator.result import Result

_USED, _AVAILABLE = "#2f83c4", "#dbe7f1"
_NAME = 18
"""Letters of a machine's name in a column, where figures stand behind the bars."""
_COLUMNS: dict[PictureStyle, int] = {"screen": 2, "column": 1, "slide": 3}


def bandwidth_figure(results: Sequence[Result]) -> Figure:
    """One panel a level, one bar a machine: used inside available, on the level's own scale."""
    levels = list(dict.fromkeys(level for result in results for level in result.bandwidth_gb_per_s))
    columns = _COLUMNS[current_style()]
    rows = math.ceil(len(levels) / columns)
    with styled():
        bar = 0.2 if narrow() else 0.27  # below each other, all levels of six machines fit a page
        figure = Figure(figsize=paper(10.5, rows * (0.4 + bar * max(len(results), 2)) + 0.6), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
        panels = list(grid.flat)
        for axes, level in zip(panels, levels, strict=False):
            _draw_level(axes, level, results)
        for axes in panels[len(levels) :]:
            axes.set_axis_off()
        figure.suptitle(f"Bandwidth used and available · {results[0].workload.name}", fontweight="bold", x=0.01, ha="left")
        handles = [Patch(facecolor=_USED, label="used (mean over the run)"), Patch(facecolor=_AVAILABLE, label="available")]
        figure.legend(handles=handles, loc="outside lower center" if narrow() else "outside upper right", ncols=2)
    return figure


def _draw_level(axes: Axes, level: str, results: Sequence[Result]) -> None:
    values = [result.bandwidth_gb_per_s.get(level) for result in results]
    finite = [v for value in values if value for v in (value.used, value.available) if math.isfinite(v)]
    longest = max(finite, default=0.0) or 1.0
    for row, value in enumerate(values):
        if value is None:
            axes.text(0.01 * longest, row, "none", va="center", fontsize="small", color="#777777")
            continue
        limit = value.available if math.isfinite(value.available) else longest
        axes.barh(row, limit, height=0.66, color=_AVAILABLE)
        axes.barh(row, value.used, height=0.66, color=_USED)
        limited = math.isfinite(value.available)
        used = _rate(value.used)
        of = f"{used} of {_rate(value.available)}" if limited else f"{used}, no limit"
        note = f"{of} ({_joined(value.share)})" if limited and current_style() != "slide" else of
        axes.text(max(limit, value.used) + 0.015 * longest, row, note, va="center", fontsize="small", color="#222222")
    axes.set_xlim(0, longest * (1.85 if current_style() == "slide" else 1.62))
    axes.set_xticks([])  # what each bar is stands beside it
    names = [result.name for result in results]
    short = briefs(names, _NAME if narrow() else None)
    axes.set_yticks(range(len(results)), [short[name] for name in names])
    axes.set_ylim(len(results) - 0.45, -0.55)
    axes.tick_params(axis="y", length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_title(f"{label(level, 'bandwidth')}, GB/s", fontsize="medium")


def _rate(gb_per_s: float) -> str:
    """Three digits, or all of a large number: 2,048 and not 2,050."""
    return f"{gb_per_s:,.0f}" if gb_per_s >= 1000 else significant(gb_per_s)


def _joined(share: float) -> str:
    """As shares are written in all pictures: without a space."""
    return percent(share).replace(" ", "")
