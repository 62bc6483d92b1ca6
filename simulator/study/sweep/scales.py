"""Scales of figures: what an axis is called, and its ticks, plain numbers, logarithmic where values lie far apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from simulator.report.glossary import term

_FAR = 8.0
_LOG_STEPS = (1.0, 2.0, 5.0)
"""Ticks of each decade."""


def plain(tick: float, _: int | None = None) -> str:
    """A tick without exponent."""
    return f"{tick:,.10g}"


def plain_ticks(axes: Axes, which: Literal["x", "y"], values: Sequence[float]) -> None:
    """Make the axis logarithmic where its values span more than 8 to 1, and write its ticks without exponents."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    if min(values) > 0 and max(values) / min(values) > _FAR:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        decades = max(values) / min(values) > 200
        axis.set_major_locator(LogLocator(subs=(1.0,) if decades else _LOG_STEPS))
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(plain))


def with_unit(metric: str, unit: str) -> str:
    """What an axis of a metric is called, in that unit; of a metric without one, its name alone."""
    label = term(metric, "metric").label
    return f"{label} ({unit})" if unit else label
