"""Scales of axes: logarithmic where values are far apart, with plain numbers either way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

_FAR = 8.0
LOG_STEPS = (1.0, 2.0, 5.0)
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
        axis.set_major_locator(LogLocator(subs=(1.0,) if decades else LOG_STEPS))
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(plain))
