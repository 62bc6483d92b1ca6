"""Horizontal stacked bars, one a machine: the shape of the area, energy and unit-cycle plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from msgspec import Struct

from simulator.report.glossary import by_role
from simulator.report.numbers import significant
from simulator.report.plots.fitting import Fitting
from simulator.report.plots.style import OTHER_COLOUR, component_colours, crowding, ink, legend_place

OTHER = "other"
NO_BANDS: Mapping[int, tuple[float, float]] = MappingProxyType({})
_SMALL = 0.02
_LETTER = 0.018
"""Of the longest bar, what a letter of a text at its end takes on a screen."""
_NAMED = 0.03
"""Of the longest bar: a smaller part carries no share, wherever it fits."""
HEIGHT = 0.68
"""Of a bar, where bars are 1 apart."""
_MOST_PARTS = 8
"""Colours of one picture, `other` among them: more cannot be told apart."""
_HATCHES = ("", "////", "....", "\\\\\\\\", "", "xxxx", "----", "++++")
"""By place in the stack: neighbours differ without colour too."""


class Stack(Struct, frozen=True):
    """Bars to draw: for each machine, a length for each part; parts in the order in which they are stacked."""

    machines: tuple[str, ...]
    parts: tuple[str, ...]
    lengths: tuple[Mapping[str, float], ...]

    @property
    def totals(self) -> list[float]:
        """Length of each bar."""
        return [sum(bar.values()) for bar in self.lengths]

    def shares(self) -> Stack:
        """The same bars, each of length 1."""
        bars = [{part: value / (total or 1.0) for part, value in bar.items()} for bar, total in zip(self.lengths, self.totals, strict=True)]
        return Stack(self.machines, self.parts, tuple(bars))


def component_stack(machines: Sequence[str], values: Sequence[Mapping[str, float]], small_of: Sequence[float]) -> Stack:
    """Bars by component: roles merged; the seven largest, those below 2 % of `small_of` on every machine left out, the rest as `other`."""
    merged = [by_role(bar) for bar in values]
    return gathered(Stack(tuple(machines), tuple(component_colours()), tuple(merged)), small_of)


def gathered(stack: Stack, small_of: Sequence[float]) -> Stack:
    """The stack with at most eight parts, in its order: small ones together as `other`, by their largest share of `small_of`."""
    share = {
        name: max((bar.get(name, 0.0) / total for bar, total in zip(stack.lengths, small_of, strict=True) if total), default=0.0)
        for name in stack.parts
    }
    largest = sorted(share, key=lambda name: -share[name])[: _MOST_PARTS - 1]
    large = [name for name in stack.parts if name in largest and share[name] > _SMALL]
    bars = [
        {name: bar.get(name, 0.0) for name in large} | {OTHER: sum(value for name, value in bar.items() if name not in large)}
        for bar in stack.lengths
    ]
    parts = (*large, OTHER) if any(bar[OTHER] for bar in bars) else tuple(large)
    return Stack(stack.machines, parts, tuple(bars))


def draw_stack(
    axes: Axes,
    stack: Stack,
    colours: Mapping[str, str],
    *,
    factor: float,
    ends: Sequence[str] = (),
    bands: Mapping[int, tuple[float, float]] = NO_BANDS,
) -> None:
    """Draw the bars, first machine on top; a part carries its share where that fits, a bar's end its text of `ends`.

    `bands` are low and high ends of totals, by the number of the bar: a line below the bar's middle.
    """
    longest = max([*stack.totals, *(high for _, high in bands.values())], default=0.0) * factor or 1.0
    left = np.zeros(len(stack.machines))
    for part, hatch in zip(stack.parts, _HATCHES, strict=False):
        colour = colours.get(part, OTHER_COLOUR)
        width = np.array([bar.get(part, 0.0) * factor for bar in stack.lengths])
        corners = [_corners(start, row, length) for row, (start, length) in enumerate(zip(left, width, strict=True)) if length]
        axes.add_collection(PolyCollection(corners, facecolor=colour, edgecolor="white", linewidth=0.6, hatch=hatch), autolim=False)
        for row in np.flatnonzero(width > _NAMED * longest).tolist():
            share = 100 * width[row] / (stack.totals[row] * factor)
            digits = Fitting(
                left[row] + width[row] / 2,
                row,
                f"{share:.0f}%",
                length=width[row],
                ha="center",
                va="center",
                fontsize="small",
                color=ink(colour),
            )
            if hatch:
                digits.set_bbox(_plain(colour))
            axes.add_artist(digits)
        left += width
    for row, (low, high) in bands.items():
        axes.plot([low * factor, high * factor], [row + 0.26] * 2, color="#222222", linewidth=1.0, marker="|", markersize=5, zorder=3)
        left[row] = max(left[row], high * factor)
    for row, text in enumerate(ends):
        axes.text(left[row] + 0.012 * longest, row, text, va="center", fontsize="medium", color="#222222")
    axes.set_yticks(range(len(stack.machines)), stack.machines)
    axes.set_ylim(len(stack.machines) - 0.45, -0.55)
    axes.set_xlim(0, longest * (1.04 + _LETTER * crowding() * max(map(len, ends)) if ends else 1.0))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")


def _corners(left: float, row: int, width: float) -> list[tuple[float, float]]:
    """Of one part of a bar."""
    right, upper, lower = left + width, row - HEIGHT / 2, row + HEIGHT / 2
    return [(left, upper), (right, upper), (right, lower), (left, lower)]


def totals(stack: Stack, factor: float, unit: str) -> list[str]:
    """What stands at the ends of bars: how long they are."""
    return [f"{significant(total * factor)} {unit}" for total in stack.totals]


def stack_legend(figure: Figure, parts: Sequence[str], colours: Mapping[str, str], labels: Mapping[str, str]) -> None:
    """One legend for the figure, in the order of the stack."""
    figure.legend(handles=stack_handles(parts, colours, labels), **legend_place())


def stack_handles(parts: Sequence[str], colours: Mapping[str, str], labels: Mapping[str, str]) -> list[Patch]:
    """A patch a part, as the bars have it."""
    return [
        Patch(facecolor=colours.get(part, OTHER_COLOUR), edgecolor="white", hatch=hatch, label=labels.get(part, part))
        for part, hatch in zip(parts, _HATCHES, strict=False)
    ]


def _plain(colour: str) -> dict[str, object]:
    """What a share stands on, so that no hatch crosses its digits."""
    return {"facecolor": colour, "edgecolor": "none", "pad": 0.8}


def bar_height(machines: int) -> float:
    """Inches that so many bars need, with axis and title."""
    return 1.15 + 0.42 * max(machines, 2)
