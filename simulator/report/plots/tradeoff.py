"""Energy against time and against area."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from simulator.report.numbers import common_scale
from simulator.report.plots.labels import place_labels
from simulator.report.plots.looks import looks
from simulator.report.plots.scales import log_ticks, written
from simulator.report.plots.style import narrow, paper, styled
from simulator.result import Result

_FAR = 4.0
_MARK = 4.6
"""Area of a mark, points² a point of the letters' size."""


def tradeoff_figure(results: Sequence[Result]) -> Figure:
    """Energy (DRAM included) against time, and against the fabric's area, each machine with its own mark; lower left is better."""
    energies = [result.energy_pj for result in results]
    panels: tuple[tuple[str, str, list[float]], ...] = (
        ("time", "s", [result.seconds for result in results]),
        ("fabric area", "mm²", [result.fabric_area_mm2 for result in results]),
    )
    energy_factor, energy_unit = common_scale(energies, "pJ")
    y = [energy * energy_factor for energy in energies]
    names = [result.name for result in results]
    own = looks(names)
    with styled():
        mark = _MARK * float(matplotlib.rcParams["font.size"])
        figure = Figure(figsize=paper(10.0, 4.6 if not narrow() else 7.6), layout="constrained")
        shape = (2, 1) if narrow() else (1, 2)
        grid = figure.subplots(*shape, squeeze=False, sharey=True)
        for axes, (noun, base, values) in zip(grid.flat, panels, strict=True):
            factor, unit = common_scale(values, base)
            x = [value * factor for value in values]
            for name, across, up in zip(names, x, y, strict=True):
                look = own[name]
                axes.scatter(across, up, s=mark, color=look.colour, marker=look.marker, edgecolor="white", linewidth=0.6, zorder=3)
            _scale(axes, x, "x")
            _scale(axes, y, "y")
            axes.set_xlabel(f"{noun} ({unit})")
            axes.grid(True)
            place_labels(axes, names, x, y, [mark] * len(names))
        for axes in grid[:, 0]:
            axes.set_ylabel(f"energy, DRAM included ({energy_unit})")
        figure.suptitle(f"Energy against time and fabric area · {results[0].workload.name}", x=0.01, ha="left")
    return figure


def _scale(axes: Axes, values: Sequence[float], which: Literal["x", "y"]) -> None:
    """Logarithmic where values lie far apart, with room for names around the points."""
    far = _far_apart(values)
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log" if far else "linear")
    (axes.set_xlim if which == "x" else axes.set_ylim)(_limits(values))
    if far:
        low, high = _limits(values)
        log_ticks(axis, high / low)
    else:
        axis.set_major_formatter(FuncFormatter(written))


def _far_apart(values: Sequence[float]) -> bool:
    """Whether a linear axis would press all but one machine into a corner."""
    return min(values) > 0 and max(values) / min(values) > _FAR


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """Room for names around the points; zero only where it is near, so that close machines stay apart."""
    low, high = min(values), max(values)
    if _far_apart(values):
        room = (high / low) ** 0.18
        return low / room, high * room
    room = max((0.34 if narrow() else 0.26) * (high - low), 0.12 * high) or 1.0
    return max(low - room, 0.0) if low > room else 0.0, high + room
