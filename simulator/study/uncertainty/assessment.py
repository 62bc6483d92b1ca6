"""Runs with every factor at both its ends: the figures, and the bands, ratios and claims that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.cost import Rates, Technology
from simulator.errors import ConfigError
from simulator.machine.model import Elaborated, Machine
from simulator.pricing import pricer_of, technology_of
from simulator.result import BANDED, Result
from simulator.result.saved import SavedRun, saved_run
from simulator.study.uncertainty.factors import Factor, ends, factors_of, moved


class Band(Struct, frozen=True):
    """From low to high."""

    low: float
    high: float


class Spread(Struct, frozen=True):
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


Figures = NDArray[np.float64]
"""[variants] of one figure: the nominal one first, then each factor at its low end, then each at its high end."""


class Totals(Struct, frozen=True):
    """What a run costs, in several variants of its constants."""

    seconds: float
    area_mm2: Figures
    fabric_area_mm2: Figures
    energy_pj: Figures
    fabric_energy_pj: Figures


METRICS: dict[str, Callable[[Totals], Figures]] = {name: entry.of for name, entry in BANDED.items()}
"""Metrics that have a band, by their name in results; cycles and time have none."""


class Assessment(Struct, frozen=True):
    """Some runs, and what each factor makes of them.

    known = assess(comparison.results)
    known.spread("crossbar", "energy_pj").combined
    known.ratio("crossbar", "replication", "energy_pj").extreme
    """

    runs: tuple[SavedRun, ...]
    technologies: tuple[Technology, ...]
    factors: tuple[Factor, ...]
    totals: tuple[Totals, ...]
    names: tuple[str, ...]
    """Of the runs."""

    def spread(self, name: str, metric: str) -> Spread:
        """A metric of the run of that name. Raises ConfigError for an unknown one."""
        values = METRICS[metric](self.totals[self.index(name)])
        count = len(self.factors)
        return Spread(float(values[0]), values[1 : count + 1], values[count + 1 :])

    def ratio(self, first: str, second: str, metric: str) -> Spread:
        """A metric of one run over that of another, each factor at the same end in both."""
        return self.spread(first, metric) / self.spread(second, metric)

    def index(self, name: str) -> int:
        """Index of a run. Raises ConfigError for an unknown one."""
        return place_of(name, self.names)


def place_of(name: str, names: Sequence[str]) -> int:
    """Index of a run among those of some names. Raises ConfigError for an unknown one."""
    if name not in names:
        raise ConfigError(f"{name}: no such run; allowed: {', '.join(names)}")
    return names.index(name)


def assess(results: Sequence[Result | SavedRun]) -> Assessment:
    """Price runs with every factor of their technologies at both its ends, the geometry that was simulated held.

    Runs that share a machine (thousands of a sweep) share its rates. Raises ConfigError for a technology that is not there.
    """
    runs = tuple(saved_run(result) if isinstance(result, Result) else result for result in results)
    known: dict[tuple[object, ...], Technology] = {}
    for machine in (run.elaborated.machine for run in runs):
        key = _names(machine)
        known[key] = known.get(key) or technology_of(machine)
    return assess_in(runs, [known[_names(run.elaborated.machine)] for run in runs])


def assess_in(runs: Sequence[SavedRun], technologies: Sequence[Technology], names: Sequence[str] | None = None) -> Assessment:
    """The same of runs whose technologies, one a run, are at hand; under other names than their machines', where these would not differ."""
    factors = factors_of(technologies, [run.elaborated for run in runs])
    variants: dict[int, list[Rates]] = {}
    totals = []
    for run, technology in zip(runs, technologies, strict=True):
        if id(run.elaborated) not in variants:
            variants[id(run.elaborated)] = _variants(run.elaborated, technology, factors)
        totals.append(totals_of(run, variants[id(run.elaborated)]))
    return Assessment(tuple(runs), tuple(technologies), factors, tuple(totals), tuple(names or (run.name for run in runs)))


def _names(machine: Machine) -> tuple[object, ...]:
    return machine.technology, tuple(sorted(machine.technology_overrides.items()))


def _variants(elaborated: Elaborated, technology: Technology, factors: Sequence[Factor]) -> list[Rates]:
    nominal = pricer_of(elaborated, technology).rates
    sides: tuple[list[Rates], list[Rates]] = ([], [])
    for factor in factors:
        for side, end in zip(sides, ends(technology, factor.name), strict=True):
            there = moved(elaborated, technology, factor.name, end)
            side.append(nominal if there == (elaborated, technology) else pricer_of(*there).rates)
    return [nominal, *sides[0], *sides[1]]


def totals_of(run: SavedRun, variants: Sequence[Rates]) -> Totals:
    """What a run costs by each of some rates of its machine."""
    events = run.counted.vector(variants[0].kinds)
    return Totals(
        run.seconds,
        np.array([entry.area_mm2 for entry in variants]),
        np.array([entry.fabric_area_mm2 for entry in variants]),
        np.stack([entry.energy_pj for entry in variants]) @ events,
        np.stack([entry.fabric_energy_pj for entry in variants]) @ events,
    )
