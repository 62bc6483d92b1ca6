"""Break-evens of many pairs of machines: a panel a metric and second machine, a row a first machine, a mark a workload."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.report.glossary import term
from simulator.report.numbers import significant
from simulator.report.plots.style import styled
from simulator.study.sweep.break_evens import Entry
from simulator.study.sweep.plots.scales import plain_ticks
from simulator.study.sweep.row import short

_COLOURS = ("#08488a", "#c84f00", "#00714f", "#6a4c93")
_APART = 0.24


def break_evens_figure(entries: Sequence[Entry]) -> Figure:
    """Each mark is a break-even, its whisker the combined band of the constants; text alone: none in the range."""
    firsts, seconds, metrics, loads = (list(dict.fromkeys(getattr(entry, name) for entry in entries)) for name in _NAMES)
    with styled():
        figure = Figure(
            figsize=(5.2 * len(metrics) + 1.5, (0.62 * len(firsts) * max(1, len(loads) / 2) + 1.1) * len(seconds)), layout="constrained"
        )
        panels = figure.subplots(len(seconds), len(metrics), squeeze=False, sharex=True, sharey=True)
        for line, second in zip(panels, seconds, strict=True):
            for axes, metric in zip(line, metrics, strict=True):
                shown = [entry for entry in entries if entry.second == second and entry.metric == metric]
                _panel(axes, shown, firsts, loads)
                equal_area = ", at equal area" if shown and all(entry.equal_area for entry in shown) else ""
                axes.set_title(f"{term(metric, 'metric').label}: against {second}{equal_area}")
        for axes in panels[-1]:
            axes.set_xlabel(short(entries[0].axis))
        lowest, highest = _span(entries)
        plain_ticks(panels[0][0], "x", [lowest, highest])
        panels[0][0].set_xlim(lowest, highest)
        panels[0][0].set_ylim(len(firsts) - 0.5, -0.5)
        handles, labels = panels[0][0].get_legend_handles_labels()
        unique = dict(zip(labels, handles, strict=True))
        figure.legend(unique.values(), unique.keys(), loc="outside lower center", ncols=len(unique))
    return figure


def _span(entries: Sequence[Entry]) -> tuple[float, float]:
    """The part of the axis in which anything happens, with half as much again on the left."""
    marks = [value for entry in entries for value in (entry.break_even, entry.band_low, entry.band_high) if value is not None]
    least, most = min(entry.range_low for entry in entries), max(entry.range_high for entry in entries)
    return (max(least, min(marks) / 2) if marks and min(marks) > 0 else least), most


_NAMES = ("first", "second", "metric", "workload")


def _panel(axes: Axes, entries: Sequence[Entry], firsts: Sequence[str], loads: Sequence[str]) -> None:
    axes.set_yticks(range(len(firsts)), firsts)
    axes.grid(True, axis="x")
    for index, load in enumerate(loads):
        colour = _COLOURS[index % len(_COLOURS)]
        axes.plot([], [], color=colour, marker="o", linewidth=2, label=load)
        for entry in (entry for entry in entries if entry.workload == load):
            height = firsts.index(entry.first) + (index - (len(loads) - 1) / 2) * _APART
            if entry.break_even is None:
                wins = entry.better_below == entry.first
                place, side = (entry.range_high, "right") if wins else (entry.range_low, "left")
                text = f" {entry.better_below} always " if entry.better_below else ""
                axes.annotate(text, (place, height), ha=side, va="center", color=colour, fontsize=8)
                continue
            if entry.band_low is not None or entry.band_high is not None:
                ends = entry.band_low or entry.range_low, entry.band_high or entry.range_high
                axes.plot(ends, [height] * 2, color=colour, linewidth=2.2, alpha=0.45, solid_capstyle="butt")
            axes.plot([entry.break_even], [height], color=colour, marker="o", markersize=6)
            above = 2 * index < len(loads)
            axes.annotate(
                significant(entry.break_even, 2),
                (entry.break_even, height),
                xytext=(0, 5 if above else -5),
                textcoords="offset points",
                ha="center",
                va="bottom" if above else "top",
                fontsize=8,
                color=colour,
            )
