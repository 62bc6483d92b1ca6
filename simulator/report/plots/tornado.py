"""A tornado plot: which constants move the ratio of two runs most, one panel a metric."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from simulator.report.glossary import term
from simulator.report.numbers import significant, times
from simulator.report.plots.fitting import brief
from simulator.report.plots.style import narrow, paper, styled
from simulator.study.uncertainty import Factor, Sensitivity

_LOW, _HIGH, _ALL = "#2f83c4", "#f29b30", "#9b9b9b"
_TURN, _HATCH = "#c84f00", "////"
_BARS = 10
_MARGIN = 0.3
_DECADE = 5.0
"""A range wider than that has logarithmic ticks."""


def tornado_figure(studies: Sequence[Sensitivity]) -> Figure:
    """The ten strongest constants of each study of one pair of runs; bars end at the ratio with the constant at its ends."""
    with styled():
        heights = [min(len(study.influences), _BARS) + 2.6 for study in studies]
        figure = Figure(figsize=paper(11.5, 0.36 * sum(heights) + 1.0), layout="constrained")
        panels = figure.subplots(len(studies), 1, squeeze=False, height_ratios=heights)
        for axes, study in zip(panels[:, 0], studies, strict=True):
            _draw(axes, study)
        handles: list[Artist] = [
            Patch(facecolor=_LOW, hatch=_HATCH, edgecolor="white", label="constant at its low value"),
            Patch(facecolor=_HIGH, label="at its high value"),
            Patch(facecolor=_ALL, label="combined band"),
            Line2D([], [], color=_TURN, linestyle="--", label="here the winner changes"),
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=2 if narrow() else 4)
    return figure


def _draw(axes: Axes, study: Sensitivity) -> None:
    nominal, band = study.ratio.nominal, study.ratio.combined
    shown = study.influences[:_BARS]
    ends = [value for entry in shown for value in (entry.at_low, entry.at_high)]
    low, high = min([band.low, *ends]), max([band.high, *ends])
    room = _MARGIN * math.log(high / low) if high > low else 0.1
    axes.set_xscale("log")
    axes.set_xlim(low * math.exp(-room), high * math.exp(room))
    axes.barh(0, band.high - band.low, left=band.low, height=0.62, color=_ALL)
    _end(axes, 0, band.low, significant(band.low), left=True)
    _end(axes, 0, band.high, significant(band.high), left=False)
    for row, entry in enumerate(shown, start=1):
        for value, colour, hatch in ((entry.at_low, _LOW, _HATCH), (entry.at_high, _HIGH, "")):
            axes.barh(row, value - nominal, left=nominal, height=0.62, color=colour, hatch=hatch, edgecolor="white", linewidth=0)
        # where both ends lie on one side, the one further out is labelled at its end, the other across the nominal line
        low_left = entry.at_low <= entry.at_high
        for value, end, left in ((entry.at_low, entry.factor.low, low_left), (entry.at_high, entry.factor.high, not low_left)):
            _end(axes, row, min(value, nominal) if left else max(value, nominal), _shown(end, entry.factor), left=left)
    axes.axvline(nominal, color="#333333", linewidth=0.9)
    least, most = axes.get_xlim()
    if least < 1 < most:
        axes.axvline(1.0, color=_TURN, linewidth=1.2, linestyle="--")
    names = [f"{entry.factor.name}{'' if entry.factor.unit == '1' else f' ({entry.factor.unit})'}" for entry in shown]
    axes.set_yticks(range(len(shown) + 1), ["all constants" if narrow() else "all constants (combined band)", *names], fontsize="medium")
    axes.set_ylim(len(shown) + 0.6, -0.7)
    axes.tick_params(axis="y", length=0)
    ticks = MaxNLocator(4 if narrow() else 9, steps=[1, 2, 5, 10]).tick_values(least, most)
    wide = most / least > _DECADE
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)) if wide else FixedLocator([tick for tick in ticks if tick > 0]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:.6g}×"))
    axes.grid(axis="x")
    axes.set_xlabel(f"{brief(study.first)} ÷ {brief(study.second)}")
    title = f"{term(study.metric, 'metric').label}: {brief(study.first)} ÷ {brief(study.second)} = {times(nominal)}"
    axes.set_title(title, loc="right" if narrow() else "left")


def _end(axes: Axes, row: int, value: float, text: str, *, left: bool) -> None:
    axes.annotate(
        text,
        (value, row),
        xytext=(-4 if left else 4, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        fontsize="small",
        color="#222222",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
    )


def _shown(value: float, factor: Factor) -> str:
    """What stands at the end of a bar: the constant's value."""
    if factor.discrete:
        return "whole" if value else "in slices"
    return f"{value:g}"
