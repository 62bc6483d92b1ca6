"""Where one machine's figure becomes less than another's along an axis, and how far the bands of the constants move that.

Nothing is assumed to be monotonic: a coarse scan finds everywhere that the better one changes between neighbours, and each
such bracket is halved until it is as narrow as the tolerance. That both are equal is a state of its own, beside either being the
better one. Values without figures are passed over. What crosses twice between two neighbours of the scan is missed. Bands follow
from ratios at the values that were looked at, interpolated between them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.study.uncertainty import Spread

Ratios = Mapping[float, float | None]
"""Value of the axis → logarithm of the first machine's figure over the second's; None where one of them has none."""
Better = Literal["first", "equal", "second"]
"""Which machine's figure is less."""
_EQUAL = 1e-9
"""Figures whose ratio is less than this from one are equal: sums of the same parts differ by rounding."""


def better_of(ratio: float) -> Better:
    """Which one is better, by the logarithm of the first figure over the second."""
    return "equal" if abs(ratio) < _EQUAL else "first" if ratio < 0 else "second"


@dataclass(frozen=True)
class Scale:
    """How the axis is divided: by ratios, or evenly."""

    low: float
    high: float
    logarithmic: bool
    integers: bool = False
    """Whether only integers are values; `low` and `high` are some then."""

    def of_integers(self) -> Scale:
        """The same range, of its integers alone; `low` is above `high` where it has none."""
        return replace(self, low=float(math.ceil(self.low)), high=float(math.floor(self.high)), integers=True)

    def spaced(self, count: int) -> list[float]:
        """So many values from low to high; of integers each once, and all where there are no more than so many."""
        if self.integers and self.high - self.low < count:
            return [float(value) for value in range(int(self.low), int(self.high) + 1)]
        positions = [self.position(self.low) + index / (count - 1) * self.length for index in range(count)]
        return list(dict.fromkeys(self._allowed(self.value(position)) for position in positions))

    def middle(self, low: float, high: float) -> float:
        """Half way between."""
        return self.value((self.position(low) + self.position(high)) / 2)

    def divided(self, low: float, high: float) -> float | None:
        """The value nearest to the middle; None between neighbouring integers."""
        return None if self.integers and high - low <= 1 else self._allowed(self.middle(low, high))

    def _allowed(self, value: float) -> float:
        return float(round(value)) if self.integers else value

    def apart(self, low: float, high: float) -> float:
        """How far: as a ratio less one, or as a share of the whole range."""
        return high / low - 1 if self.logarithmic else (high - low) / (self.high - self.low)

    @property
    def length(self) -> float:
        """Of the whole range."""
        return self.position(self.high) - self.position(self.low)

    def position(self, value: float) -> float:
        """Where a value lies: evenly spaced positions are values that `spaced` would give."""
        return math.log(value) if self.logarithmic else value

    def value(self, position: float) -> float:
        """Inverse of `position`; twelve digits, so that the ends are what was typed."""
        return float(f"{math.exp(position) if self.logarithmic else position:.12g}")


@dataclass(frozen=True)
class Crossing:
    """A change of the better one: it lies between `low` and `high`."""

    low: float
    high: float
    below: Better
    """At `low`."""
    above: Better
    """At `high`."""
    value: float
    """The middle of both, or where the machines are equal."""
    exact: bool = False
    """Whether the machines are equal at `value`, alone of all that was looked at from `low` to `high`."""


@dataclass(frozen=True)
class Scan:
    """All that was looked at."""

    ratios: Mapping[float, float]
    """Value of the axis → logarithm of the ratio, in order."""
    missing: tuple[float, ...]
    """Values at which a machine has no figure; a crossing may have some between its ends."""
    crossings: tuple[Crossing, ...]


@dataclass(frozen=True)
class Look:
    """What a search wants to know next."""

    values: tuple[float, ...]
    later: int
    """Values that it will want after these, at the most, unless a halved bracket turns out to hold two crossings."""
    crossings: int
    """That it knows of and halves; 0 while it scans."""


Search = Generator[Look, Ratios, Scan]
"""Yields what it wants to know, is sent the ratio at each of the values, and returns all that it found."""


def search_crossings(scale: Scale, *, points: int, tolerance: float) -> Search:
    """Scan at `points` values, then halve every bracket until its ends are less than `tolerance` apart; all brackets together.

    A bracket of neighbouring integers, or one whose middle has no figure, stays as it is.
    """
    known = dict((yield Look(tuple(scale.spaced(points)), later=0, crossings=0)))
    while True:
        brackets = _brackets(known)
        middles = {bracket: _halved(scale, *bracket, tolerance) for bracket in brackets}
        halved = {bracket: middle for bracket, middle in middles.items() if middle is not None and middle not in known}
        if not halved:
            break
        later = sum(_halvings(scale, *bracket, tolerance) for bracket in halved) - len(halved)
        known |= yield Look(tuple(halved.values()), later, len(halved))
    there = {value: ratio for value, ratio in sorted(known.items()) if ratio is not None}
    crossings = [Crossing(low, high, better_of(there[low]), better_of(there[high]), scale.middle(low, high)) for low, high in brackets]
    return Scan(there, tuple(value for value, ratio in sorted(known.items()) if ratio is None), tuple(_joined(crossings)))


def searched_together(searches: Mapping[str, Search], ratios: Callable[[Mapping[str, Look]], Mapping[str, Ratios]]) -> dict[str, Scan]:
    """What each search finds; `ratios` tells all that go on together what they want to know."""
    looks, found = {name: next(search) for name, search in searches.items()}, dict[str, Scan]()
    while looks:
        told = ratios(looks)
        for name in list(looks):
            try:
                looks[name] = searches[name].send(told[name])
            except StopIteration as end:
                found[name] = end.value
                del looks[name]
    return {name: found[name] for name in searches}


def _halved(scale: Scale, low: float, high: float, tolerance: float) -> float | None:
    """The value that halves a bracket; None where it is narrow enough, or cannot be halved."""
    return scale.divided(low, high) if scale.apart(low, high) > tolerance else None


def _halvings(scale: Scale, low: float, high: float, tolerance: float) -> int:
    """How often a bracket is halved at the most: going on with the half of more values."""
    count = 0
    while (middle := _halved(scale, low, high, tolerance)) is not None:
        low, high = max((low, middle), (middle, high), key=lambda half: half[1] - half[0])
        count += 1
    return count


def _brackets(known: Mapping[float, float | None]) -> list[tuple[float, float]]:
    """Neighbours, of the values that have figures, between which the better one changes."""
    states = [(value, better_of(ratio)) for value, ratio in sorted(known.items()) if ratio is not None]
    return [(low, high) for (low, below), (high, above) in pairwise(states) if below != above]


def _joined(crossings: Sequence[Crossing]) -> list[Crossing]:
    """Two crossings on both sides of the one value at which the machines are equal as one, where the better one changes there."""
    found: list[Crossing] = []
    for crossing in crossings:
        before = found[-1] if found else None
        if before and before.above == "equal" and before.high == crossing.low and before.below != crossing.above:
            found[-1] = Crossing(before.low, crossing.high, before.below, crossing.above, crossing.low, exact=True)
        else:
            found.append(crossing)
    return found


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
    positions = np.array([scale.position(value) for value in values])
    at = scale.position(crossing.value)
    sign = 1.0 if crossing.below == "first" or crossing.above == "second" else -1.0
    combined = [ratio.combined for ratio in ratios]

    def reach(ends: Sequence[Sequence[float]]) -> tuple[float, float]:
        """Least and most of the break-even itself and of those at two ends of the ratio."""
        moved = [_nearest_rise(positions, sign * np.log(end), at) for end in ends]
        return min(at, *moved), max(at, *moved)

    low, high = reach([[band.low for band in combined], [band.high for band in combined]])
    alone = [reach([[ratio.low[index] for ratio in ratios], [ratio.high[index] for ratio in ratios]]) for index in range(len(names))]
    # what is beyond the range counts as its end: two that reach beyond are told apart by their other end
    widths = [np.ptp(np.clip(pair, positions[0], positions[-1])) for pair in alone]
    index = int(np.argmax(widths)) if widths else 0
    if not widths or widths[index] == 0:
        return CrossingBand(_value(low, scale), _value(high, scale), "", None, None)
    mover_low, mover_high = alone[index]
    return CrossingBand(_value(low, scale), _value(high, scale), names[index], _value(mover_low, scale), _value(mover_high, scale))


def _nearest_rise(positions: NDArray[np.float64], heights: NDArray[np.float64], at: float) -> float:
    """The position nearest to `at` where heights rise to 0 or from it; ±inf where they never do, on the side where it would lie."""
    rises = np.flatnonzero((heights[:-1] <= 0) & (heights[1:] >= 0) & (heights[:-1] < heights[1:]))
    if not rises.size:
        return -np.inf if np.interp(at, positions, heights) >= 0 else np.inf
    share = heights[rises] / (heights[rises] - heights[rises + 1])
    found = positions[rises] + share * (positions[rises + 1] - positions[rises])
    return float(found[np.argmin(np.abs(found - at))])


def _value(position: float, scale: Scale) -> float | None:
    return scale.value(position) if np.isfinite(position) else None
