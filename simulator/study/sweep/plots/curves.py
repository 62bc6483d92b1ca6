"""Both machines along the axis, and where the better one changes."""

from __future__ import annotations

from matplotlib.figure import Figure

from simulator.report.glossary import term
from simulator.report.numbers import common_scale, significant
from simulator.report.plots.style import styled
from simulator.study.sweep.analysis.crossings import Crossing
from simulator.study.sweep.breakeven import BreakEven
from simulator.study.sweep.plots.scales import plain_ticks
from simulator.study.sweep.row import short

_FIRST, _SECOND, _CROSSING = "#08488a", "#c84f00", "#444444"
_BAND = "#e3e3e3"


def break_even_figure(answer: BreakEven) -> Figure | None:
    """A panel a metric: its curves above, the ratio of the two below, a line at every crossing."""
    curves = [curve for curve in answer.curves if len(curve.values) > 1]
    if not curves:
        return None
    with styled():
        figure = Figure(figsize=(max(6.8 * len(curves), 7.5), 6.2), layout="constrained")
        panels = figure.subplots(2, len(curves), squeeze=False, sharex=True, height_ratios=(2, 1))
        for curve, (above, below) in zip(curves, panels.T, strict=True):
            factor, unit = common_scale([*curve.first, *curve.second], term(curve.metric, "metric").unit)
            for name, figures, colour in zip(answer.names, (curve.first, curve.second), (_FIRST, _SECOND), strict=True):
                above.plot(curve.values, [figure_ * factor for figure_ in figures], color=colour, marker="o", markersize=3.5, label=name)
            ratios = [first / second for first, second in zip(curve.first, curve.second, strict=True)]
            below.plot(curve.values, ratios, color=_CROSSING, marker="o", markersize=3)
            if curve.low:
                below.fill_between(curve.values, curve.low, curve.high, color=_BAND, linewidth=0, label="bands of the constants")
                below.legend()
            below.axhline(1.0, color="#999999", linewidth=0.8)
            for band in curve.bands:
                left, right = band.low or curve.values[0], band.high or curve.values[-1]
                above.axvspan(left, right, color=_BAND, alpha=0.6, linewidth=0, zorder=0)
            for crossing in curve.crossings:
                for axes in (above, below):
                    axes.axvline(crossing.value, color=_CROSSING, linewidth=0.9, linestyle="--")
                place = (crossing.value, 1.0)
                above.annotate(f" {_shown(crossing, answer)}", place, xycoords=("data", "axes fraction"), va="top", color=_CROSSING)
            plain_ticks(above, "x", curve.values)
            plain_ticks(above, "y", [value * factor for value in (*curve.first, *curve.second)])
            plain_ticks(below, "y", [*ratios, *curve.low, *curve.high])
            below.tick_params(axis="x", labelrotation=0)
            label = term(curve.metric, "metric").label
            above.set_ylabel(f"{label} ({unit})" if unit else label)
            below.set_ylabel(f"{answer.names[0]} ÷ {answer.names[1]}")
            below.set_xlabel(short(answer.axis))
            above.set_title(f"{label} on {answer.workload}{', at equal area' if answer.equal_area else ''}")
            above.legend()
            above.grid(True)
            below.grid(True)
    return figure


def _shown(crossing: Crossing, answer: BreakEven) -> str:
    """Where it lies: a number, or between which two integers."""
    between = answer.integers and not crossing.exact
    return f"{crossing.low:.0f}–{crossing.high:.0f}" if between else significant(crossing.value)
