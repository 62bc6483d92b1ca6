"""A figure with every factor at both its ends, and the two bands that follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Band:
    """From low to high."""

    low: float
    high: float


@dataclass(frozen=True)
class Spread:
    """A positive figure at the nominal constants, and with one factor at a time at its low and its high end."""

    nominal: float
    low: NDArray[np.float64]
    """[factors] the figure where the factor is at its low end (the figure itself may be higher there)."""
    high: NDArray[np.float64]
    """[factors] where it is at its high end."""

    def __truediv__(self, other: Spread) -> Spread:
        """The ratio of two figures, each factor at the same end on both sides: what both share cancels."""
        return Spread(self.nominal / other.nominal, self.low / other.low, self.high / other.high)

    @property
    def extreme(self) -> Band:
        """Least and most that any single factor makes of the figure, all others nominal."""
        ends = np.concatenate(([self.nominal], self.low, self.high))
        return Band(float(ends.min()), float(ends.max()))

    @property
    def combined(self) -> Band:
        """All factors together: the root of the sum of squares of what each does to the logarithm, up and down apart.

        If the bands are equally likely intervals of independent factors whose effects multiply, it is that interval too.
        """
        with np.errstate(divide="ignore"):
            effects = np.log(np.stack((self.low, self.high)) / self.nominal)
        up, down = np.maximum(effects.max(axis=0, initial=0.0), 0.0), np.minimum(effects.min(axis=0, initial=0.0), 0.0)
        return Band(self.nominal * float(np.exp(-np.sqrt((down**2).sum()))), self.nominal * float(np.exp(np.sqrt((up**2).sum()))))

    @property
    def swing(self) -> NDArray[np.float64]:
        """[factors] how far each factor moves the figure between its ends, as a logarithm: 0 where it does nothing."""
        ends = np.stack((self.low, np.full_like(self.low, self.nominal), self.high))
        return np.asarray(np.log(ends.max(axis=0) / ends.min(axis=0)), dtype=np.float64)
