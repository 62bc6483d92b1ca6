"""How far the bands of the constants move a break-even: from ratios at the values that were looked at, interpolated between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.study.sweep.analysis.crossings import Crossing, Scale
from simulator.study.uncertainty import Spread


@dataclass(frozen=True)
class CrossingBand:
    """Where a break-even may lie; None where that is beyond what was looked at."""

    low: float | None
    high: float | None
    """Between them the combined band of the ratio holds both machines for the better one."""
    mover: str
    """The constant that moves it furthest by itself; empty where none moves it."""
    mover_low: float | None
    """The least that this constant's band makes of the break-even, …"""
    mover_high: float | None
    """… and the most."""


def crossing_band(
    crossing: Crossing, values: Sequence[float], ratios: Sequence[Spread], names: Sequence[str], scale: Scale
) -> CrossingBand:
    """The band of one crossing. `ratios` are the first machine's figure over the second's at each of `values`, ascending."""
    places = np.array([scale.place(value) for value in values])
    at = scale.place(crossing.value)
    sign = 1.0 if crossing.below == "first" or crossing.above == "second" else -1.0
    combined = [ratio.combined for ratio in ratios]

    def reach(ends: Sequence[Sequence[float]]) -> tuple[float, float]:
        """Least and most of the break-even itself and of those at two ends of the ratio."""
        moved = [_nearest_rise(places, sign * np.log(end), at) for end in ends]
        return min(at, *moved), max(at, *moved)

    low, high = reach([[band.low for band in combined], [band.high for band in combined]])
    alone = [reach([[ratio.low[index] for ratio in ratios], [ratio.high[index] for ratio in ratios]]) for index in range(len(names))]
    # what is beyond the range counts as its end: two that reach beyond are told apart by their other end
    widths = [np.ptp(np.clip(pair, places[0], places[-1])) for pair in alone]
    index = int(np.argmax(widths)) if widths else 0
    if not widths or widths[index] == 0:
        return CrossingBand(_value(low, scale), _value(high, scale), "", None, None)
    mover_low, mover_high = alone[index]
    return CrossingBand(_value(low, scale), _value(high, scale), names[index], _value(mover_low, scale), _value(mover_high, scale))


def _nearest_rise(places: NDArray[np.float64], heights: NDArray[np.float64], at: float) -> float:
    """The place nearest to `at` where heights rise to 0 or from it; ±inf where they never do, on the side where it would lie."""
    rises = np.flatnonzero((heights[:-1] <= 0) & (heights[1:] >= 0) & (heights[:-1] < heights[1:]))
    if not rises.size:
        return -np.inf if np.interp(at, places, heights) >= 0 else np.inf
    share = heights[rises] / (heights[rises] - heights[rises + 1])
    found = places[rises] + share * (places[rises + 1] - places[rises])
    return float(found[np.argmin(np.abs(found - at))])


def _value(place: float, scale: Scale) -> float | None:
    return scale.value(place) if np.isfinite(place) else None
