"""Cost results again in another technology, or with other constants, without simulating."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from simulator.cost import Rates, Technology, load_technology
from simulator.errors import ConfigError
from simulator.kinds import kind_of
from simulator.machine.model import Elaborated
from simulator.pricing import check_latency, elaborate, price_run, pricer_of, technology_of
from simulator.result import METRICS, Result
from simulator.result.saved import SavedRun, check_version
from simulator.version import package_version


@dataclass(frozen=True)
class PricedRun:
    """The totals of a run's price."""

    run: SavedRun
    technology: str
    area_mm2: float
    fabric_area_mm2: float
    energy_pj: float
    fabric_energy_pj: float

    @property
    def seconds(self) -> float:
        """The run's time."""
        return self.run.seconds

    def metric(self, name: str) -> float:
        """A metric that follows from time, areas and energies."""
        return float(METRICS[name].of(self))


def reprice(
    result: Result, technology: str | None = None, overrides: Mapping[str, float] | None = None, *, hold_latency: bool = False
) -> Result:
    """Return a result as if its machine had named that technology, and these constants besides its own overrides.

    Nothing is simulated: the slices of `slices: auto` are settled again, which changes no cycle. With `hold_latency` the
    latencies that were simulated stand in place of `auto`. Raises ConfigError where the technology would have changed
    a cycle, OutputError for a result of another version of sparsim.
    """
    check_version(result.version, result.name)
    elaborated, constants = settled(held(result.elaborated) if hold_latency else result.elaborated, technology, overrides or {})
    cost, shares = price_run(result.activity, elaborated, constants)
    return dataclasses.replace(result, elaborated=elaborated, cost=cost, operation_costs=shares, version=package_version())


class PriceList:
    """Prices runs in one technology; of a machine that it has met before, only its counts.

    prices = PriceList("28nm", {"wire_pj_per_bit_mm": 0.09})
    [prices.price(run).energy_pj for run in runs]
    """

    def __init__(self, technology: str | None = None, overrides: Mapping[str, float] | None = None, *, hold_latency: bool = False) -> None:
        """As `reprice`; without a technology, each run's own."""
        self._hold_latency = hold_latency
        self._technology = technology
        self._overrides = dict(overrides or {})
        self._constants: dict[tuple[object, ...], Technology] = {}
        self._rates: dict[int, tuple[Elaborated, str, Rates]] = {}

    def price(self, run: SavedRun) -> PricedRun:
        """Totals of one run. Raises ConfigError as `reprice` does."""
        # by identity, which the entry keeps alive: runs that were read together share the machine
        known = self._rates.get(id(run.elaborated))
        if known is None:
            known = self._rates[id(run.elaborated)] = (run.elaborated, *self._settle(run.elaborated))
        _, name, machine = known
        events = run.counted.vector(machine.kinds)
        energy_pj, fabric_pj = float(machine.energy_pj @ events), float(machine.fabric_energy_pj @ events)
        return PricedRun(run, name, machine.area_mm2, machine.fabric_area_mm2, energy_pj, fabric_pj)

    def _settle(self, simulated: Elaborated) -> tuple[str, Rates]:
        before = held(simulated) if self._hold_latency else simulated
        own = before.machine.technology_overrides
        key = (self._technology or before.machine.technology, tuple(sorted((own | self._overrides).items())))
        if key not in self._constants:
            self._constants[key] = load_technology(key[0], own | self._overrides)
        elaborated = resettled(_renamed(before, self._technology, self._overrides), before, self._constants[key])
        return self._constants[key].name, pricer_of(elaborated, self._constants[key]).rates


def settled(before: Elaborated, technology: str | None, overrides: Mapping[str, float]) -> tuple[Elaborated, Technology]:
    """A simulated machine in another technology, and that technology. Raises ConfigError where a cycle would change."""
    after = _renamed(before, technology, overrides)
    constants = technology_of(after.machine)
    return resettled(after, before, constants), constants


def resettled(after: Elaborated, before: Elaborated, technology: Technology) -> Elaborated:
    """Settle what the machine leaves `auto`, and hold it against what was simulated. Raises ConfigError where a cycle would change."""
    new = elaborate(after.machine, technology)
    check_latency(before, new, technology)
    for name in Elaborated.__struct_fields__:
        old_value, new_value = getattr(before, name), getattr(new, name)
        if name not in _NO_CYCLES and old_value != new_value:
            raise ConfigError(
                f"{before.machine.name} ran with {name} = {old_value:g}, which in {technology.name} with these constants would be "
                f"{new_value:g}; simulate again"
            )
    return new


def held(elaborated: Elaborated) -> Elaborated:
    """The machine with the latencies that were simulated in place of `auto`: another technology then keeps its cycles."""
    return replace(elaborated, machine=kind_of(elaborated.machine).held(elaborated))


_NO_CYCLES = ("machine", "slices")


def _renamed(elaborated: Elaborated, technology: str | None, overrides: Mapping[str, float]) -> Elaborated:
    machine = elaborated.machine
    update = {"technology": technology or machine.technology, "technology_overrides": machine.technology_overrides | dict(overrides)}
    return replace(elaborated, machine=machine.model_copy(update=update))
