"""Scales of figures: what an axis is called, and its ticks, plain numbers, logarithmic where values lie far apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from simulator.report.glossary import term

_FAR = 8.0
_LOG_STEPS = (1.0, 2.0, 5.0)
"""Numbered ticks of each decade, where there are few decades."""
_MANY_DECADES = 200.0
"""A wider range has numbers at its powers of ten alone."""
_LONG = 6
"""Decades from one, beyond which a number is written as a power of ten."""
_UP = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def written(tick: float, _: int | None = None) -> str:
    """A tick with all of its digits, and without exponent: ticks of a linear axis are alike.

    >>> written(20_000), written(0.05), written(0.00005)
    ('20,000', '0.05', '0.00005')
    """
    digits = f"{tick:,.10g}"
    return digits if "e" not in digits else f"{tick:,.15f}".rstrip("0").rstrip(".")


def plain(tick: float, _: int | None = None) -> str:
    """A tick without exponent; a very large or small one as a power of ten.

    >>> plain(0.05), plain(20_000), plain(2e9), plain(1e-7)
    ('0.05', '20,000', '2·10⁹', '10⁻⁷')
    """
    if tick <= 0 or abs(decades := math.log10(tick)) < _LONG:
        return written(tick)
    power = math.floor(decades + 1e-9)
    raised = f"10{str(power).translate(_UP)}"
    times = f"{tick / 10.0**power:.4g}"
    return raised if times == "1" else f"{times}·{raised}"


def log_ticks(axis: Axis, wide: float) -> None:
    """Ticks of a logarithmic axis that spans `wide` to 1: numbers at 1, 2 and 5 or at powers of ten, marks between them."""
    axis.set_major_locator(LogLocator(subs=(1.0,) if wide > _MANY_DECADES else _LOG_STEPS))
    axis.set_minor_locator(LogLocator(subs=tuple(map(float, range(2, 10)))))
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(plain))


def plain_ticks(axes: Axes, which: Literal["x", "y"], values: Sequence[float]) -> None:
    """Make the axis logarithmic where its values span more than 8 to 1; ticks of one that is not are written out."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    if min(values) > 0 and (wide := max(values) / min(values)) > _FAR:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        log_ticks(axis, wide)
    else:
        axis.set_major_formatter(FuncFormatter(written))


def with_unit(metric: str, unit: str) -> str:
    """What an axis of a metric is called, in that unit; of a metric without one, its name alone."""
    label = term(metric, "metric").label
    return f"{label} ({unit})" if unit else label
