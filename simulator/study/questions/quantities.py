"""What an expression of a study may name of a point: metrics, counters, bytes, components, causes, phases, keys of the machine, axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, COUNTERS, Activity, operation_shares
from simulator.cost import Counted, Pricer, Technology
from simulator.machine.model import Elaborated, Machine
from simulator.pricing import counted, pricer_of
from simulator.report.glossary import components
from simulator.result import METRICS
from simulator.result.bandwidth import LEVELS
from simulator.result.metrics import RunMetrics
from simulator.result.saved import SavedRun
from simulator.run.levels import levels
from simulator.study.sweep.point import Point
from simulator.study.sweep.study import Row
from simulator.study.training import PHASES, Rebuild, phase_of, rebuild_cost
from simulator.study.uncertainty import METRICS as BANDED
from simulator.study.uncertainty.assessment import Totals, totals_of
from simulator.study.uncertainty.factors import Factor, ends, moved

_TEMPERATURES = ("junction_c", "peak_junction_c", "settled_leakage_w", "peak_power_density_w_per_mm2")
"""Metrics that have no band in results, and follow from areas and powers by component."""
_PHASES = {name.replace(" ", "_"): name for name in PHASES}
_OF_PHASE = ("cycles", "energy_pj", "macs")
_OF_REBUILD = ("cycles", "energy_pj")
_LEVELS = tuple(entry.name for entry in LEVELS)


@dataclass(frozen=True, eq=False)
class Variants:
    """A machine priced at the nominal constants, then with each factor at its low end, then with each at its high end.

    Points of one machine share it: what is dear is to build its hardware, once a variant, and only when a band is asked for.
    """

    elaborated: Elaborated
    technology: Technology
    factors: tuple[Factor, ...]

    @cached_property
    def pricers(self) -> list[Pricer]:
        """[1 + 2 × factors]; where a factor is none of the machine's, the nominal one again."""
        here = self.elaborated, self.technology
        found = [pricer_of(*here)]
        for end in (0, 1):
            for factor in self.factors:
                there = moved(*here, factor.name, ends(self.technology, factor.name)[end])
                found.append(found[0] if there == here else pricer_of(*there))
        return found

    def totals(self, run: SavedRun) -> Totals:
        """What a run costs in each."""
        return totals_of(run, [pricer.rates for pricer in self.pricers])


@dataclass(frozen=True, eq=False)
class Seen:
    """A point that ran: its row, what the machine did, and its prices over the bands."""

    sweep: str
    row: Row
    point: Point
    activity: Activity
    variants: Variants

    def value(self, name: str) -> Any:
        """What a name means here: a number, text, or an array of variants. Raises LookupError for what it does not have."""
        if name in self.row.assignments:
            return self.row.assignments[name]
        if name in BANDED:
            return BANDED[name](self._totals)
        if name in _TEMPERATURES:
            return np.array([float(getattr(run, name)) for run in self._priced])
        if name in METRICS:
            return self.row.metric(name)
        if name == "multipliers":
            return self._machine.multipliers
        space, _, rest = name.partition(".")
        if space not in SPACES or not rest:
            raise LookupError(f"{name}: nothing of that name at {self.row.label}")
        return SPACES[space].value(self, rest)

    @property
    def _elaborated(self) -> Elaborated:
        return self.point.elaborated

    @property
    def _machine(self) -> Machine:
        return self.point.elaborated.machine

    @property
    def _technology(self) -> Technology:
        return self.point.technology.technology

    @cached_property
    def _totals(self) -> Totals:
        return self.variants.totals(SavedRun(self._elaborated, self._did, self.point.recipe.document.model.name, self.point.ideal, ""))

    @cached_property
    def _did(self) -> Counted:
        return counted(self._machine, self.activity)

    @cached_property
    def _priced(self) -> list[RunMetrics]:
        """The run in each of the variants."""
        nominal = self.variants.pricers[0]
        known = {id(nominal): nominal.price(self._did)}
        costs = [known.get(id(pricer)) or pricer.price(self._did) for pricer in self.variants.pricers]
        return [RunMetrics(elaborated=self._elaborated, activity=self.activity, cost=cost, ideal=self.point.ideal) for cost in costs]

    def area(self, component: str) -> NDArray[np.float64]:
        """Die area of a component, mm²."""
        return np.array([areas.get(component, 0.0) for areas in self._areas])

    def energy(self, component: str) -> NDArray[np.float64]:
        """Its energy, pJ, leakage included."""
        return np.array([energies.get(component, 0.0) for energies in self._energies])

    @cached_property
    def _areas(self) -> list[dict[str, float]]:
        return [run.area_mm2_by_component for run in self._priced]

    @cached_property
    def _energies(self) -> list[dict[str, float]]:
        return [run.energy_pj_by_component for run in self._priced]

    def cause(self, name: str) -> float:
        """Share of the unit-cycles."""
        return self.activity.unit_cycles.get(name, 0) / max(1, sum(self.activity.unit_cycles.values()))

    def bytes_at(self, level: str) -> float:
        """Bytes moved at a level of the memory system; 0 where the machine has no such level."""
        moved_bytes, _ = levels(self._elaborated, self.activity.counts, self.point.ideal).get(level, (0.0, 0.0))
        return float(moved_bytes)

    def phase(self, rest: str) -> float:
        """`forward.cycles`; 0 for a phase that the run does not have."""
        name, _, quantity = rest.partition(".")
        return self._phases.get(_PHASES[name], (0.0, 0.0, 0.0))[_OF_PHASE.index(quantity)]

    @cached_property
    def _phases(self) -> Mapping[str, tuple[float, float, float]]:
        """Phase → cycles by which its operations end after all before them, pJ of its operations, useful MACs."""
        pricer = self.variants.pricers[0]
        found: dict[str, tuple[float, float, float]] = {}
        ended = 0
        for operation, share in zip(self.activity.operations, operation_shares(self.activity), strict=True):
            more = max(0, operation.end_cycle - ended)
            ended += more
            energy_pj = pricer.price(counted(self._machine, share)).energy_pj
            before = found.get(phase_of(operation.name), (0.0, 0.0, 0.0))
            found[phase_of(operation.name)] = before[0] + more, before[1] + energy_pj, before[2] + operation.counts.macs_useful
        return found

    def rebuild(self, quantity: str) -> float:
        """Cycles, or pJ of DRAM, of a new mask of all sparse weights: a model of streaming."""
        return float(self._rebuild.cycles if quantity == "cycles" else self._rebuild.dram_energy_pj)

    @cached_property
    def _rebuild(self) -> Rebuild:
        return rebuild_cost(self._elaborated, self._technology, self.point.recipe.make().operations)

    def key(self, path: str) -> Any:
        """A key of the machine file, after defaults and sizing. Raises LookupError."""
        found: Any = self._keys
        for part in path.split("."):
            if not isinstance(found, dict) or part not in found:
                raise LookupError(f"machine.{path}: no such key of {self._machine.name}")
            found = found[part]
        return found

    @cached_property
    def _keys(self) -> dict[str, Any]:
        return self._machine.model_dump(mode="json")


@dataclass(frozen=True)
class NameSpace:
    """Names after a prefix and a dot."""

    names: tuple[str, ...]
    """All there are; none where any key path is one."""
    value: Callable[[Seen, str], Any]
    means: str


SPACES: dict[str, NameSpace] = {
    "counts": NameSpace(COUNTERS, lambda seen, name: getattr(seen.activity.counts, name), "events of the run"),
    "bytes": NameSpace(_LEVELS, Seen.bytes_at, "bytes moved at a level of the memory system"),
    "area": NameSpace(tuple(entry.name for entry in components()), Seen.area, "mm² of die of a component"),
    "energy": NameSpace(tuple(entry.name for entry in components()), Seen.energy, "pJ of a component"),
    "causes": NameSpace(CAUSES, Seen.cause, "share of the unit-cycles"),
    "phase": NameSpace(
        tuple(f"{phase}.{quantity}" for phase in _PHASES for quantity in _OF_PHASE), Seen.phase, "a phase of a training step"
    ),
    "rebuild": NameSpace(_OF_REBUILD, Seen.rebuild, "a new mask of all sparse weights, by a model of streaming"),
    "machine": NameSpace((), Seen.key, "a key of the machine file, after sizing"),
}
"""Prefix → what stands behind it."""


def known_names() -> list[str]:
    """Every name that an expression may use at any point, but axes and keys of machines."""
    spaced = [f"{prefix}.{name}" for prefix, space in SPACES.items() for name in space.names]
    return [*METRICS, "multipliers", *spaced]
