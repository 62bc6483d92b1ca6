"""Break-evens shown: both machines along the axis, and many pairs of machines side by side, as a plot and as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.report.folder import csv_text
from simulator.report.glossary import term
from simulator.report.numbers import common_scale, significant
from simulator.report.plots.fitting import brief, briefs, legend_columns
from simulator.report.plots.looks import LOOKS, looks
from simulator.report.plots.scales import plain_ticks
from simulator.report.plots.style import narrow, paper, styled
from simulator.study.breakeven.answer import FILE, BreakEven, Curve
from simulator.study.breakeven.crossings import Crossing
from simulator.study.sweep.keys import short

_CROSSING = "#444444"
_BAND = "#e3e3e3"
_DASHES = ("--", ":", "-.")
_LINE = 1.3
"""Of text, in sizes of its letters."""


def break_even_figure(answer: BreakEven) -> Figure | None:
    """A panel a metric: its curves above, the ratio of the two below, a line at every crossing."""
    curves = [curve for curve in answer.curves if len(curve.values) > 1]
    if not curves:
        return None
    with styled():
        figure = Figure(figsize=paper(max(6.8 * len(curves), 7.5), 6.2 * (len(curves) if narrow() else 1)), layout="constrained")
        rows = (2, 1) * len(curves) if narrow() else (2, 1)
        panels = figure.subplots(len(rows), 1 if narrow() else len(curves), squeeze=False, sharex=True, height_ratios=rows)
        pairs = panels.reshape(-1, 2) if narrow() else panels.T
        short_names = briefs(answer.names)
        own = looks(answer.names)
        for curve, (above, below) in zip(curves, pairs, strict=True):
            factor, unit = common_scale([*curve.first, *curve.second], term(curve.metric, "metric").unit)
            for name, figures in zip(answer.names, (curve.first, curve.second), strict=True):
                look, shown = own[name], [figure_ * factor for figure_ in figures]
                above.plot(curve.values, shown, color=look.colour, linestyle=look.dashes, marker=look.marker, markersize=4, label=name)
            for line, dash in zip(curve.measured, _DASHES * len(curve.measured), strict=False):
                heights = [figure_ * factor for figure_ in line.figures]
                above.plot(line.values, heights, color=_CROSSING, linestyle=dash, linewidth=1.2, label=f"{line.label} (measured)")
            ratios = [first / second for first, second in zip(curve.first, curve.second, strict=True)]
            below.plot(curve.values, ratios, color=_CROSSING, marker="o", markersize=3)
            if curve.low:
                below.fill_between(curve.values, curve.low, curve.high, color=_BAND, linewidth=0, label="bands of the constants")
            below.axhline(1.0, color="#999999", linewidth=0.8)
            for band in curve.bands:
                left, right = band.low or curve.values[0], band.high or curve.values[-1]
                above.axvspan(left, right, color=_BAND, alpha=0.6, linewidth=0, zorder=0)
                _arrows(above, 0.03, left=band.low is None and curve.values[0], right=band.high is None and curve.values[-1])
            for number, crossing in enumerate(curve.crossings):
                for axes in (above, below):
                    axes.axvline(crossing.value, color=_CROSSING, linewidth=0.9, linestyle="--")
                # one below another, which may be near
                place, lower = (crossing.value, 1.0), {"xytext": (0.0, -_LINE * number), "textcoords": "offset fontsize"}
                text = f" {_shown(crossing, answer)}"
                above.annotate(text, place, xycoords=("data", "axes fraction"), va="top", color=_CROSSING, **lower)
            plain_ticks(above, "x", curve.values)
            plain_ticks(
                above,
                "y",
                [value * factor for value in (*curve.first, *curve.second, *(each for line in curve.measured for each in line.figures))],
            )
            plain_ticks(below, "y", [*ratios, *curve.low, *curve.high])
            below.tick_params(axis="x", labelrotation=0, labelbottom=True)
            label = term(curve.metric, "metric").label
            above.set_ylabel(f"{label} ({unit})" if unit else label)
            below.set_ylabel(" ÷ ".join(short_names[name] for name in answer.names))
            below.set_xlabel(short(answer.axis))
            above.set_title(f"{label} on {answer.workload}{', at equal area' if answer.equal_area else ''}")
            above.grid(True)
            below.grid(True)
        handles = {label: handle for axes in panels.flat for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=legend_columns(figure, list(handles)))
    return figure


def _arrows(axes: Axes, height: float, *, left: float | bool, right: float | bool, colour: str = _CROSSING) -> None:
    """Arrows at the ends of an axis that a band leaves: `left` and `right` are where it does; False: it ends within."""
    for place, marker in ((left, "<"), (right, ">")):
        if place is not False:
            transform = axes.get_xaxis_transform()
            axes.plot([place], [height], marker=marker, color=colour, markersize=6, linestyle="", transform=transform, clip_on=False)


def _shown(crossing: Crossing, answer: BreakEven) -> str:
    """Where it lies: a number, or between which two integers."""
    between = answer.integers and not crossing.exact
    return f"{crossing.low:.0f}–{crossing.high:.0f}" if between else significant(crossing.value)


@dataclass(frozen=True)
class Entry:
    """One crossing, or none where the better one is the same at every value that has figures."""

    workload: str
    first: str
    second: str
    axis: str
    metric: str
    better_below: str
    """Name of a machine, or `equal`; where there is no break-even, at every value that has figures."""
    better_above: str
    break_even: float | None
    band_low: float | None
    """None where the band has no end within the range, or the metric no band."""
    band_high: float | None
    moved_most_by: str
    range_low: float
    range_high: float
    equal_area: bool


def break_even_files(folder: Path) -> list[Path]:
    """The break-evens of the folders within a folder, sorted."""
    return sorted(folder.glob(f"*/{FILE}"))


def load_break_evens(files: Sequence[Path]) -> list[Entry]:
    """All entries of some files. Raises OutputError where one is no break-even."""
    return [entry for file in files for entry in _entries(BreakEven.load(file))]


def _entries(answer: BreakEven) -> Iterator[Entry]:
    for curve in answer.curves:
        if curve.values:
            yield from _of_curve(answer, curve)


def _of_curve(answer: BreakEven, curve: Curve) -> Iterator[Entry]:
    first, second = answer.names
    known = (answer.workload, first, second, answer.axis, curve.metric)
    ends = min(curve.values), max(curve.values)
    if not curve.crossings:
        better = answer.called(curve.throughout) if curve.throughout else ""
        yield Entry(*known, better, better, None, None, None, "", *ends, answer.equal_area)
    for index, crossing in enumerate(curve.crossings):
        band = curve.bands[index] if curve.bands else None
        below, above = answer.called(crossing.below), answer.called(crossing.above)
        low, high, mover = (band.low, band.high, band.mover) if band else (None, None, "")
        yield Entry(*known, below, above, crossing.value, low, high, mover, *ends, answer.equal_area)


def break_evens_csv(entries: Sequence[Entry]) -> str:
    """A row an entry."""
    return csv_text([asdict(entry) for entry in entries], columns=[field.name for field in fields(Entry)])


_APART = 0.24


def break_evens_figure(entries: Sequence[Entry]) -> Figure:
    """Each mark is a break-even, its whisker the combined band of the constants; text alone: none in the range."""
    firsts, seconds, metrics, loads = (list(dict.fromkeys(getattr(entry, name) for entry in entries)) for name in _NAMES)
    grid = [(second, metric) for second in seconds for metric in metrics]
    shape = (len(grid), 1) if narrow() else (len(seconds), len(metrics))
    with styled():
        height = 0.62 * len(firsts) * max(1, len(loads) / 2) + 1.1
        figure = Figure(figsize=paper(5.2 * len(metrics) + 1.5, height * shape[0]), layout="constrained")
        panels = figure.subplots(*shape, squeeze=False, sharex=True, sharey=True)
        for axes, (second, metric) in zip(panels.flat, grid, strict=True):
            shown = [entry for entry in entries if entry.second == second and entry.metric == metric]
            _panel(axes, shown, firsts, loads, _span(entries))
            equal_area = ", at equal area" if shown and all(entry.equal_area for entry in shown) else ""
            axes.set_title(f"{term(metric, 'metric').label}: against {brief(second)}{equal_area}")
        for axes in panels[-1]:
            axes.set_xlabel(short(entries[0].axis))
        lowest, highest = _span(entries)
        plain_ticks(panels[0][0], "x", [lowest, highest])
        panels[0][0].set_xlim(lowest, highest)
        panels[0][0].set_ylim(len(firsts) - 0.5, -0.5)
        handles, labels = panels[0][0].get_legend_handles_labels()
        unique = dict(zip(labels, handles, strict=True))
        columns = legend_columns(figure, list(unique), most=len(unique))
        figure.legend(unique.values(), unique.keys(), loc="outside lower center", ncols=columns)
    return figure


def _span(entries: Sequence[Entry]) -> tuple[float, float]:
    """The part of the axis in which anything happens, with half as much again on the left."""
    marks = [value for entry in entries for value in (entry.break_even, entry.band_low, entry.band_high) if value is not None]
    least, most = min(entry.range_low for entry in entries), max(entry.range_high for entry in entries)
    return (max(least, min(marks) / 2) if marks and min(marks) > 0 else least), most


_NAMES = ("first", "second", "metric", "workload")


_LOADS = tuple(LOOKS[place] for place in (5, 1, 0, 4, 7, 6, 3, 2))
"""Looks of workloads, which no machine of these pictures has: its name stands at the side."""


def _panel(axes: Axes, entries: Sequence[Entry], firsts: Sequence[str], loads: Sequence[str], span: tuple[float, float]) -> None:
    axes.set_yticks(range(len(firsts)), firsts)
    axes.grid(True, axis="x")
    for index, load in enumerate(loads):
        colour, marker = _LOADS[index % len(_LOADS)].colour, _LOADS[index % len(_LOADS)].marker
        axes.plot([], [], color=colour, marker=marker, linewidth=2, label=load)
        for entry in (entry for entry in entries if entry.workload == load):
            height = firsts.index(entry.first) + (index - (len(loads) - 1) / 2) * _APART
            if entry.break_even is None:
                wins = entry.better_below == entry.first
                place, side = (entry.range_high, "right") if wins else (entry.range_low, "left")
                text = f" {entry.better_below} always " if entry.better_below else ""
                axes.annotate(text, (place, height), ha=side, va="center", color=colour, fontsize="small")
                continue
            if entry.band_low is not None or entry.band_high is not None:
                ends = entry.band_low or entry.range_low, entry.band_high or entry.range_high
                least, most = span
                shown = max(ends[0], least), min(ends[1], most)
                axes.plot(shown, [height] * 2, color=colour, linewidth=2.2, alpha=0.45, solid_capstyle="butt")
                for end, arrow, leaves in (
                    (shown[0], "<", entry.band_low is None or entry.band_low < least),
                    (shown[1], ">", entry.band_high is None or entry.band_high > most),
                ):
                    if leaves:
                        axes.plot([end], [height], color=colour, marker=arrow, markersize=5, alpha=0.7, clip_on=False)
            axes.plot([entry.break_even], [height], color=colour, marker=marker, markersize=6)
            above = 2 * index < len(loads)
            axes.annotate(
                significant(entry.break_even, 2),
                (entry.break_even, height),
                xytext=(0, 5 if above else -5),
                textcoords="offset points",
                ha="center",
                va="bottom" if above else "top",
                fontsize="small",
                color=colour,
            )
