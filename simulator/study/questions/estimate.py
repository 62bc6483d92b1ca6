"""A figure and what the bands make of it: its nominal value, and its value with each factor at both its ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.study.sweep.expression import Expression, Lookup
from simulator.study.uncertainty import Band, Spread

Variants = NDArray[np.float64]
"""[1 + 2 × factors] the nominal value, then each factor at its low end, then each at its high end."""
_NOTHING = 1e-9


@dataclass(frozen=True)
class Estimate:
    """A number with its variants; several of one study have the same factors, so that what two of them share cancels in a ratio."""

    variants: Variants
    unit: str = ""

    @property
    def nominal(self) -> float:
        """At the nominal constants."""
        return float(self.variants[0])

    @property
    def spread(self) -> Spread:
        """The same, factor by factor."""
        count = (len(self.variants) - 1) // 2
        return Spread(self.nominal, self.variants[1 : count + 1], self.variants[count + 1 :])

    @property
    def band(self) -> Band:
        """Of all factors together; the value itself where it has another sign somewhere, so that no ratio measures it."""
        if self.nominal <= 0 or float(self.variants.min()) <= 0:
            return Band(float(self.variants.min()), float(self.variants.max()))
        return self.spread.combined

    @property
    def banded(self) -> bool:
        """Whether any factor moves it."""
        band = self.band
        return band.high - band.low > _NOTHING * max(abs(self.nominal), _NOTHING)

    def __truediv__(self, other: Estimate) -> Estimate:
        """A ratio, without unit where both have the same."""
        return Estimate(self.variants / other.variants, "" if self.unit == other.unit else f"{self.unit}/{other.unit}")


def constant(value: float, factors: int, unit: str = "") -> Estimate:
    """A number that no factor moves."""
    return Estimate(np.full(1 + 2 * factors, float(value)), unit)


def computed(expression: Expression, lookup: Callable[[str], Any], unit: str = "", factors: int = 0) -> Estimate:
    """An expression of numbers and estimates, variant by variant. Raises ConfigError where it has no value.

    `lookup` gives an Estimate, an array of variants, or a plain value.
    """
    known: dict[str, Any] = {}

    def found(name: str) -> Any:
        if name not in known:
            value = lookup(name)
            known[name] = value.variants if isinstance(value, Estimate) else value
        return known[name]

    def at(index: int) -> Lookup:
        def value(name: str) -> Any:
            entry = found(name)
            return float(entry[index]) if isinstance(entry, np.ndarray) else entry

        return value

    nominal = float(expression.value(at(0)))
    if not any(isinstance(value, np.ndarray) for value in known.values()):
        return constant(nominal, factors, unit)
    return Estimate(np.array([nominal, *(float(expression.value(at(index))) for index in range(1, 1 + 2 * factors))]), unit)


def on_what(ratio: Estimate, factors: Sequence[str], most: int = 3) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Factors that alone, within their bands, bring a ratio to the other side of 1; and those that move it most, the strongest first."""
    spread = ratio.spread
    logs = np.log(np.stack((spread.low, spread.high)))
    own = np.log(spread.nominal)
    swing = np.abs(logs - own).max(axis=0, initial=0.0)
    order = [int(index) for index in np.argsort(-swing, kind="stable") if swing[index] > _NOTHING]
    turning = [factors[index] for index in order if ((logs[:, index] < 0) != (own < 0)).any()]
    return tuple(turning), tuple(factors[index] for index in order[:most])


def words_of(estimate: Estimate) -> Mapping[str, float]:
    """What conditions may ask of an estimate."""
    band = estimate.band
    return {"value": estimate.nominal, "low": band.low, "high": band.high}
