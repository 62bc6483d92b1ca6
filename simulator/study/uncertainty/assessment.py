"""Runs with every factor at both its ends: the figures from which bands, ratios and claims are taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.cost import Rates, Technology, events, load_technology, rates
from simulator.errors import ConfigError
from simulator.machine.elaborated import Elaborated
from simulator.result import Result
from simulator.result.saved import SavedRun, saved_run
from simulator.study.uncertainty.factors import Factor, ends, factors_of, moved
from simulator.study.uncertainty.spread import Spread

Figures = NDArray[np.float64]
"""[variants] of one figure: the nominal one first, then each factor at its low end, then each at its high end."""


@dataclass(frozen=True)
class Totals:
    """What a run costs, in several variants of its constants."""

    seconds: float
    area_mm2: Figures
    fabric_area_mm2: Figures
    energy_pj: Figures
    fabric_energy_pj: Figures


METRICS: dict[str, Callable[[Totals], Figures]] = {
    "energy_pj": lambda t: t.energy_pj,
    "fabric_energy_pj": lambda t: t.fabric_energy_pj,
    "area_mm2": lambda t: t.area_mm2,
    "fabric_area_mm2": lambda t: t.fabric_area_mm2,
    "power_w": lambda t: t.energy_pj * 1e-12 / t.seconds,
    "power_density_w_per_mm2": lambda t: t.fabric_energy_pj * 1e-12 / t.seconds / t.fabric_area_mm2,
    "edp_js": lambda t: t.energy_pj * 1e-12 * t.seconds,
    "edap_js_mm2": lambda t: t.energy_pj * 1e-12 * t.seconds * t.fabric_area_mm2,
}
"""Metrics that have a band, by their name in results; cycles and time have none."""


@dataclass(frozen=True)
class Assessment:
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
        if name not in self.names:
            raise ConfigError(f"{name}: no such run; allowed: {', '.join(self.names)}")
        return self.names.index(name)


def assess(results: Sequence[Result | SavedRun]) -> Assessment:
    """Price runs with every factor of their technologies at both its ends, the geometry that was simulated held.

    Runs that share a machine (thousands of a sweep) share its rates. Raises ConfigError for a technology that is not there.
    """
    runs = tuple(saved_run(result) if isinstance(result, Result) else result for result in results)
    known: dict[tuple[object, ...], Technology] = {}
    return assess_in(runs, [_technology(run.elaborated, known) for run in runs])


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


def _technology(elaborated: Elaborated, known: dict[tuple[object, ...], Technology]) -> Technology:
    machine = elaborated.machine
    key = (machine.technology, tuple(sorted(machine.technology_overrides.items())))
    if key not in known:
        known[key] = load_technology(machine.technology, machine.technology_overrides)
    return known[key]


def _variants(elaborated: Elaborated, technology: Technology, factors: Sequence[Factor]) -> list[Rates]:
    nominal = rates(elaborated, technology)
    sides: tuple[list[Rates], list[Rates]] = ([], [])
    for factor in factors:
        for side, end in zip(sides, ends(technology, factor.name), strict=True):
            there = moved(elaborated, technology, factor.name, end)
            side.append(nominal if there == (elaborated, technology) else rates(*there))
    return [nominal, *sides[0], *sides[1]]


def totals_of(run: SavedRun, variants: Sequence[Rates]) -> Totals:
    """What a run costs by each of some rates of its machine."""
    counted = events(run.counts, run.cycles)
    return Totals(
        run.seconds,
        np.array([entry.area_mm2 for entry in variants]),
        np.array([entry.fabric_area_mm2 for entry in variants]),
        np.stack([entry.energy_pj for entry in variants]) @ counted,
        np.stack([entry.fabric_energy_pj for entry in variants]) @ counted,
    )
