"""The picture of a study: lines over numbers with their bands, or bars over names, measured devices as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, NullLocator

from simulator.report.pictures import PictureStyle, current_style
from simulator.report.plots.fitting import briefs, legend_columns
from simulator.report.plots.looks import LOOKS, Look, looks
from simulator.report.plots.scales import log_ticks, plain, plain_ticks
from simulator.report.plots.style import finish, narrow, paper, render, styled
from simulator.study.questions.estimate import Estimate
from simulator.study.questions.evidence import Evidence
from simulator.study.questions.quantities import Seen
from simulator.study.questions.spec import PictureSpec
from simulator.study.sweep.keys import short, shown
from simulator.study.sweep.spec import Scalar

COLOURS = ("#08488a", "#c84f00", "#00714f", "#6a4c93", "#1a9aa8", "#9a7d00", "#a0005a", "#555555")
_MEASURED = "#222222"
_TITLE = 1.1
"""Size of its letters, in those of all others."""
_ASIDE = 38
"""Of a label beside an axis."""
_JOINED = "\u00a0"
"""A space at which no line ends: a unit stays whole."""
_UPRIGHT = 8
"""Letters under a bar, beyond which they are slanted."""
_FEW = 8
"""Names under bars; more of them are slanted more."""
_TICKS = 9
"""Places along x that all have their number, if these are short."""
_ROOM: dict[PictureStyle, int] = {"screen": 54, "column": 40, "slide": 45}
"""Letters under an axis."""
_FAR = 20.0
"""Bars further apart are drawn by their logarithms."""
_CROWDED = 5
"""Bars at one place, beyond which they are too thin for their bands and hatches."""
_WIDEST = 12.2
"""Inches: a page shrinks what is wider until nobody can read it."""
_BAR = 0.5
"""Inches that a bar with two lines of names takes."""
_DASHES = ("--", ":", "-.")
_EDGED = (withStroke(linewidth=2.2, foreground="#ffffff"),)
"""Of a line that is seen on bars of any colour."""
_LEVEL_DASHES = ("--", "-.", (0, (6, 1, 1, 1, 1, 1)), ":")
_Label = tuple[Scalar | None, ...]
Line = dict[Scalar, dict[str, Estimate]]
"""Value of x → column → estimate."""


def picture(spec: PictureSpec, evidence: Evidence) -> Figure | None:
    """The picture; None where no point has figures."""
    lines = _lines(spec, evidence, [each for each in evidence.points(spec.sweep, spec.at) if spec.x in each.row.assignments])
    if not lines:
        return None
    with styled():
        count = 1 if spec.stacked else len(spec.panels)
        shape = (count, 1) if narrow() else (1, count)
        height = max(4.8 * shape[0], _BAR * sum(map(len, lines.values()))) if spec.stacked else 4.8 * shape[0]
        figure = Figure(figsize=paper(min(4.2 + 4.0 * count, _WIDEST), height), layout="constrained")
        panels = list(figure.subplots(*shape, squeeze=False).flat)
        if spec.stacked:
            _stacked(panels[0], spec, evidence, lines)
        else:
            for axes, column in zip(panels, spec.panels, strict=True):
                (_bars if spec.form == "bars" else _curves)(axes, spec, evidence, column, lines)
        handles = {label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        if handles:
            figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=legend_columns(figure, list(handles)))
        size = _TITLE * float(matplotlib.rcParams["font.size"])
        figure.suptitle(spec.title, fontsize=size, fontweight="bold", x=0.01, ha="left")
    return figure


def picture_png(spec: PictureSpec, evidence: Evidence) -> bytes | None:
    """The picture as a file, in the style that holds here; None where no point has figures."""
    figure = picture(spec, evidence)
    if figure is None:
        return None
    finish(figure)
    return render(figure, "png")


def _lines(spec: PictureSpec, evidence: Evidence, points: Sequence[Seen]) -> dict[_Label, Line]:
    """A line for each combination of values; of points that share a place the best by the first panel."""
    groups: dict[tuple[_Label, Scalar], list[Seen]] = {}
    for each in points:
        label = tuple(each.row.assignments.get(axis) for axis in spec.lines)
        groups.setdefault((label, each.row.assignments[spec.x]), []).append(each)
    lines: dict[_Label, Line] = {}
    for (label, x), own in groups.items():
        best = evidence.best(own, spec.panels[0], spec.best)
        lines.setdefault(label, {})[x] = {column: evidence.estimate(best, column) for column in spec.panels}
    return lines


def _curves(axes: Axes, spec: PictureSpec, evidence: Evidence, column: str, lines: Mapping[_Label, Line]) -> None:
    every: list[float] = []
    own = _own_looks(spec, lines)
    for label, line in lines.items():
        look = own[label]
        xs = sorted(line, key=float)
        estimates = [line[x][column] for x in xs]
        axes.plot(
            [float(x) for x in xs],
            [each.nominal for each in estimates],
            color=look.colour,
            marker=look.marker,
            linestyle=look.dashes,
            markersize=4,
            label=_name(spec, label),
        )
        low, high = [each.band.low for each in estimates], [each.band.high for each in estimates]
        axes.fill_between([float(x) for x in xs], low, high, color=look.colour, alpha=min(0.12, 0.36 / len(lines)), linewidth=0)
        every += [*low, *high]
    xs_all = sorted({float(x) for line in lines.values() for x in line})
    every += _draw_levels(axes, spec, evidence, column)
    every += _draw_measured(axes, spec, evidence, column, xs_all)
    plain_ticks(axes, "x", xs_all)
    plain_ticks(axes, "y", every)
    ticks = [_tick(spec, x) for x in xs_all]
    if axes.get_xscale() == "log" and len(xs_all) <= _TICKS and max(map(len, ticks)) * len(ticks) <= _ROOM[current_style()]:
        axes.set_xticks(xs_all, ticks)
        axes.xaxis.set_minor_locator(NullLocator())  # there are no values between
    axes.set_xlabel(spec.label or short(spec.x))
    _labelled(axes, evidence, column)


def _draw_levels(axes: Axes, spec: PictureSpec, evidence: Evidence, column: str) -> list[float]:
    """Lines across, with their bands, of points that have no place along x."""
    drawn: list[float] = []
    colours = COLOURS[::-1]
    for place, level in enumerate(spec.levels):
        points = evidence.points(level.sweep, level.at)
        if points:
            each = evidence.estimate(evidence.best(points, spec.panels[0], spec.best), column)
            colour, dash = colours[place % len(colours)], _LEVEL_DASHES[place % len(_LEVEL_DASHES)]
            axes.axhline(each.nominal, color=colour, linestyle=dash, linewidth=1.4, label=level.name)
            axes.axhspan(each.band.low, each.band.high, color=colour, alpha=0.05, linewidth=0)
            drawn += [each.nominal, each.band.low, each.band.high]
    return drawn


def _draw_measured(axes: Axes, spec: PictureSpec, evidence: Evidence, column: str, xs: Sequence[float]) -> list[float]:
    """Lines of measured devices, where they were measured."""
    drawn: list[float] = []
    for line, dash in zip((each for each in spec.measured if each.panel == column), _DASHES * len(spec.measured), strict=False):
        curve = line.curve(evidence)
        label = f"{curve.reference.spec.title}: {curve.means} (measured)"
        if spec.form == "lines" and spec.x.endswith("density"):
            at = [x for x in sorted({*xs, *curve.densities}) if curve.covers(x) and xs[0] <= x <= xs[-1]]
            values = [curve.at(x, line.quantity) * line.times for x in at]
            axes.plot(at, values, color=_MEASURED, linestyle=dash, linewidth=1.3, label=label)
        else:
            values = [curve.at(curve.densities[-1], line.quantity) * line.times]
            axes.axhline(values[0], color=_MEASURED, linestyle=dash, linewidth=1.3, label=label)
        drawn += values
    return drawn


def _bars(axes: Axes, spec: PictureSpec, evidence: Evidence, column: str, lines: Mapping[_Label, Line]) -> None:
    """Points, not bars, where they are far apart or many: on an axis of logarithms the length of a bar says nothing."""
    places = list(dict.fromkeys(x for line in lines.values() for x in line))
    heights = [line[x][column].nominal for line in lines.values() for x in line]
    far = min(heights) > 0 and (max(heights) / min(heights) > _FAR or len(lines) > _CROWDED)
    width = 0.8 / len(lines)
    own = _own_looks(spec, lines)
    for index, (label, line) in enumerate(lines.items()):
        offset = (index - (len(lines) - 1) / 2) * width
        known = [(place, line[x][column]) for place, x in enumerate(places) if x in line]
        at, values, look = [place + offset for place, _ in known], [each.nominal for _, each in known], own[label]
        for x, (_, each) in zip(at, known, strict=True):
            whisker = {"color": look.colour} if far else {"color": "#333333", "path_effects": _EDGED}
            axes.plot([x] * 2, [each.band.low, each.band.high], linewidth=1.0, **whisker)
        if far:
            axes.plot(at, values, color=look.colour, marker=look.marker, linestyle="none", markersize=6, label=_name(spec, label))
        else:
            axes.bar(at, values, width, color=look.colour, hatch=look.hatch, edgecolor="white", linewidth=0.5, label=_name(spec, label))
    if far:
        axes.set_yscale("log")
        log_ticks(axes.yaxis, max(heights) / min(heights))
        for place in range(1, len(places)):
            axes.axvline(place - 0.5, color="#cccccc", linewidth=0.8)
    _draw_measured(axes, spec, evidence, column, [])
    short_names = briefs(_called(spec, x) for x in places)
    names = [short_names[_called(spec, x)] for x in places]
    steep = 45 if len(names) > _FEW else 20
    slant: dict[str, Any] = {"rotation": steep, "ha": "right"} if max(map(len, names)) > _UPRIGHT else {}
    axes.set_xticks(range(len(places)), names, **slant)
    if spec.label or not any(isinstance(x, str) for x in places):
        axes.set_xlabel(spec.label or short(spec.x))
    _labelled(axes, evidence, column)


def _stacked(axes: Axes, spec: PictureSpec, evidence: Evidence, lines: Mapping[_Label, Line]) -> None:
    """Bars that lie, the first on top: their names are long."""
    bars = [(label, x) for label, line in lines.items() for x in line]
    base = [0.0] * len(bars)
    for column, colour, look in zip(spec.panels, COLOURS, LOOKS, strict=False):
        values = [lines[label][x][column].nominal for label, x in bars]
        axes.barh(
            range(len(bars)),
            values,
            0.7,
            left=base,
            color=colour,
            hatch=look.hatch,
            edgecolor="white",
            label=evidence.columns[column].label,
        )
        base = [below + value for below, value in zip(base, values, strict=True)]
    above, below = briefs(_name(spec, label) for label in lines), briefs(_called(spec, x) for _, x in bars)
    names = [(above[_name(spec, label)], below[_called(spec, x)]) for label, x in bars]
    axes.set_yticks(range(len(bars)), ["\n".join(filter(None, each)) for each in names])
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(FuncFormatter(plain))
    axes.set_xlabel(spec.label or evidence.columns[spec.panels[0]].unit)
    axes.grid(True, axis="x")


def _labelled(axes: Axes, evidence: Evidence, column: str) -> None:
    of = evidence.columns[column]
    whole = of.unit.replace(" ", _JOINED)
    axes.set_ylabel(fill(f"{of.label} ({whole})" if whole else of.label, _ASIDE).replace(_JOINED, " "))
    axes.grid(True, axis="y")


def _own_looks(spec: PictureSpec, lines: Mapping[_Label, Line]) -> dict[_Label, Look]:
    """Of machines alone the look that each has everywhere; else colours and markers in turn."""
    if spec.lines == ("machine",):
        of_machines = looks(str(machine) for (machine,) in lines)
        return {label: of_machines[str(label[0])] for label in lines}
    return {
        label: Look(COLOURS[place % len(COLOURS)], LOOKS[place % len(LOOKS)].marker, LOOKS[place % len(LOOKS)].hatch, "-")
        for place, label in enumerate(lines)
    }


def _name(spec: PictureSpec, label: _Label) -> str:
    """`partition, slices 1`: names speak for themselves, other values after the name of their axis; or what the file calls them."""
    named = [(axis, value) for axis, value in zip(spec.lines, label, strict=True) if value is not None]
    own = spec.names.get(" ".join(shown(value) for _, value in named))
    return own or ", ".join(
        _called(spec, value) if isinstance(value, str) and value != "auto" else f"{short(axis)} {shown(value)}" for axis, value in named
    )


def _called(spec: PictureSpec, value: Scalar) -> str:
    """A value, or what the file calls it; of a path, its last name."""
    plainly = f"{value:,}" if type(value) is int else shown(value).rpartition("/")[2]
    return spec.names.get(shown(value), plainly)


def _tick(spec: PictureSpec, value: float) -> str:
    """A place along x; a density below one as its reciprocal."""
    if spec.x.endswith("density") and 0 < value < 1:
        return f"1/{1 / value:,.4g}"
    return f"{value:,.6g}"
