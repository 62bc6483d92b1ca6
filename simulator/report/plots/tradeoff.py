"""Time against energy against area."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from simulator.report.numbers import common_scale, significant
from simulator.report.plots.labels import place_labels
from simulator.report.plots.style import styled
from simulator.result import Result

_COLOURS = ("#c84f00", "#f29b30", "#08488a", "#cc79a7", "#00714f", "#2f83c4", "#6a4c93", "#8a6d5a", "#5f5f5f", "#5cc2a0")
_LARGEST = 900.0
_MIDDLE = 30.0
_FAR = 4.0


def tradeoff_figure(results: Sequence[Result]) -> Figure:
    """Each machine a disc at its time and energy (DRAM included), as large as its fabric; lower left and smaller is better."""
    time_factor, time_unit = common_scale([result.seconds for result in results], "s")
    energy_factor, energy_unit = common_scale([result.energy_pj for result in results], "pJ")
    x = [result.seconds * time_factor for result in results]
    y = [result.energy_pj * energy_factor for result in results]
    areas = [result.fabric_area_mm2 for result in results]
    sizes = [_LARGEST * area / max(areas) for area in areas]
    with styled():
        figure = Figure(figsize=(8.5, 5.2), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        for place in np.argsort(sizes)[::-1]:
            colour = _COLOURS[place % len(_COLOURS)]
            axes.scatter(x[place], y[place], s=sizes[place], color=colour, alpha=0.85, edgecolor="white", linewidth=1)
            axes.scatter(x[place], y[place], s=_MIDDLE, color=colour, edgecolor="white", linewidth=1, zorder=3)  # seen on a larger disc too
        axes.set_xscale("log" if _far_apart(x) else "linear")
        axes.set_yscale("log" if _far_apart(y) else "linear")
        axes.set_xlim(_limits(x))
        axes.set_ylim(_limits(y))
        for axis, values in ((axes.xaxis, x), (axes.yaxis, y)):
            if _far_apart(values):
                axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
                axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:,.10g}"))
        axes.set_xlabel(f"time ({time_unit})")
        axes.set_ylabel(f"energy, DRAM included ({energy_unit})")
        axes.set_title(f"Time, energy and fabric area · {results[0].workload.name}")
        axes.grid(True)
        _size_legend(figure, areas)
        figure.draw_without_rendering()
        place_labels(figure, [result.name for result in results], x, y, sizes)
    return figure


def _far_apart(values: Sequence[float]) -> bool:
    """Whether a linear axis would press all but one machine into a corner."""
    return min(values) > 0 and max(values) / min(values) > _FAR


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """Room for discs and names around the points; zero only where it is near, so that close machines stay apart."""
    low, high = min(values), max(values)
    if _far_apart(values):
        room = (high / low) ** 0.18
        return low / room, high * room
    room = max(0.22 * (high - low), 0.12 * high) or 1.0
    return max(low - room, 0.0) if low > room else 0.0, high + room


def _size_legend(figure: Figure, areas: Sequence[float]) -> None:
    largest = max(areas) or 1.0
    steps = [float(significant(largest * share, 1).replace(",", "")) for share in (0.25, 0.5, 1.0)]
    axes = figure.axes[0]
    handles = [axes.scatter([], [], s=_LARGEST * step / largest, color="#bbbbbb", edgecolor="white") for step in steps]
    names = [f"{step:g} mm²" for step in steps]
    figure.legend(handles, names, title="fabric area", loc="outside right upper", labelspacing=2.0, handletextpad=1.4, borderpad=1.2)
