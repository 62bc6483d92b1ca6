"""Model ÷ published on one log axis: the axis with its bands, and points of a row side by side where one would hide another."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

CLOSE, FAR = 1.2, 2.0
_BANDS = ((FAR, "#f2f2f2", "within ×2"), (CLOSE, "#dedede", "within ×1.2"))
MEMORY_COLOUR = "#a0a0a0"
_TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_WIDEST = 1e3


def draw_axis(axes: Axes, ratios: Sequence[float], width_inches: float, what: str = "model ÷ published") -> None:
    """Set up the axis for these ratios, 0.5 to 2 at least, with as many ticks as can be read on so many inches."""
    low = max(min([0.45, *ratios]) / 1.25, 1 / _WIDEST)
    high = min(max([2.2, *ratios]) * 1.25, _WIDEST)
    for factor, colour, _ in _BANDS:
        axes.axvspan(1 / factor, factor, color=colour, linewidth=0, zorder=0)
    axes.axvline(1, color="#777777", linewidth=0.9, zorder=1)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    shown = [tick for tick in _TICKS if low <= tick <= high]
    if len(shown) > 3 * width_inches:
        shown = [tick for tick in shown if math.log10(tick) == round(math.log10(tick))]
    axes.xaxis.set_major_locator(FixedLocator(shown))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))
    axes.set_xlabel(what)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def draw_label(axes: Axes, place: float, label: str, *, bold: bool) -> None:
    """A label left of the axis, as those of ticks are."""
    weight = "bold" if bold else "normal"
    axes.text(-0.015, place, label, transform=axes.get_yaxis_transform(), ha="right", va="center", weight=weight)


def draw_nothing(axes: Axes, why: str) -> None:
    """What stands in place of points."""
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", color="#666666")


def draw_legend(figure: Figure, markers: Sequence[Line2D]) -> None:
    """These markers, then the bands, below the axis."""
    bands = [Patch(color=colour, label=label) for _, colour, label in reversed(_BANDS)]
    figure.legend(handles=[*markers, *bands], loc="outside lower center", ncols=3, columnspacing=1.2, handletextpad=0.4)


def memory_marker() -> Line2D:
    """Legend entry of figures from memory."""
    return Line2D([], [], marker="o", linestyle="", color=MEMORY_COLOUR, label="from memory")


def side_by_side(ratios: Sequence[float], apart: float) -> list[int]:
    """A level for each ratio: 0, 1, −1, 2, …, so that no two of a level are nearer than the factor `apart`.

    >>> side_by_side([1.0, 2.0, 1.01, 1.02], 1.1)
    [0, 0, 1, -1]
    """
    taken: dict[int, float] = {}
    levels = [0] * len(ratios)
    for place in sorted(range(len(ratios)), key=lambda place: (ratios[place], place)):
        step = 0
        while (level := (step + 1) // 2 * (1 if step % 2 else -1)) in taken and ratios[place] < taken[level] * apart:
            step += 1
        taken[level] = ratios[place]
        levels[place] = level
    return levels
