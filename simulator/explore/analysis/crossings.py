"""Where one machine's figure becomes less than another's along an axis.

Nothing is assumed to be monotonic: a coarse scan finds every place where the better one changes between neighbours, and each
such bracket is halved until it is as narrow as the tolerance. What crosses twice between two neighbours of the scan is missed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Ratios = Callable[[Sequence[float]], Mapping[float, float | None]]
"""Values of the axis → logarithm of the first machine's figure over the second's; None where one of them has none."""


@dataclass(frozen=True)
class Scale:
    """How the axis is divided: by ratios, or evenly."""

    low: float
    high: float
    logarithmic: bool

    def spaced(self, count: int) -> list[float]:
        """So many values from low to high."""
        return [self.value(self.place(self.low) + index / (count - 1) * self.length) for index in range(count)]

    def middle(self, low: float, high: float) -> float:
        """Half way between."""
        return self.value((self.place(low) + self.place(high)) / 2)

    def apart(self, low: float, high: float) -> float:
        """How far: as a ratio less one, or as a share of the whole range."""
        return high / low - 1 if self.logarithmic else (high - low) / (self.high - self.low)

    @property
    def length(self) -> float:
        """Of the whole range."""
        return self.place(self.high) - self.place(self.low)

    def place(self, value: float) -> float:
        """Where a value lies: evenly spaced places are values that `spaced` would give."""
        return math.log(value) if self.logarithmic else value

    def value(self, place: float) -> float:
        """Inverse of `place`; twelve digits, so that the ends are what was typed."""
        return float(f"{math.exp(place) if self.logarithmic else place:.12g}")


@dataclass(frozen=True)
class Crossing:
    """A change of the better one: it lies between `low` and `high`."""

    low: float
    high: float
    first_below: bool
    """Whether the first machine is the better one (less) at `low`."""
    value: float
    """The middle of both."""


@dataclass(frozen=True)
class Scan:
    """All that was looked at."""

    ratios: Mapping[float, float]
    """Value of the axis → logarithm of the ratio, in order."""
    missing: tuple[float, ...]
    """Values at which a machine has no figure; no crossing is looked for beside them."""
    crossings: tuple[Crossing, ...]


def find_crossings(ratios: Ratios, scale: Scale, *, points: int, tolerance: float) -> Scan:
    """Scan at `points` values, then halve every bracket until its ends are less than `tolerance` apart; all brackets together."""
    known = dict(ratios(scale.spaced(points)))
    brackets = _brackets(known)
    while True:
        wide = [(low, high) for low, high in brackets if scale.apart(low, high) > tolerance]
        middles = {bracket: scale.middle(*bracket) for bracket in wide}
        new = [middle for middle in middles.values() if middle not in known]
        if not new:
            break
        known |= ratios(new)
        brackets = [half for bracket in brackets for half in _half(bracket, middles.get(bracket), known)]
    there = {value: ratio for value, ratio in sorted(known.items()) if ratio is not None}
    crossings = [Crossing(low, high, there[low] < 0, scale.middle(low, high)) for low, high in brackets]
    return Scan(there, tuple(value for value, ratio in sorted(known.items()) if ratio is None), tuple(crossings))


def _brackets(known: Mapping[float, float | None]) -> list[tuple[float, float]]:
    """Neighbours between which the sign changes; equal figures belong to the second machine."""
    values = sorted(known)
    found = []
    for low, high in pairwise(values):
        below, above = known[low], known[high]
        if below is not None and above is not None and (below < 0) != (above < 0):
            found.append((low, high))
    return found


def _half(bracket: tuple[float, float], middle: float | None, known: Mapping[float, float | None]) -> list[tuple[float, float]]:
    """The half in which the sign changes; the bracket itself where its middle has no figure."""
    low, high = bracket
    at_low, at_middle = known[low], None if middle is None else known[middle]
    if middle is None or at_middle is None or at_low is None:
        return [bracket]
    return [(low, middle)] if (at_middle < 0) != (at_low < 0) else [(middle, high)]
