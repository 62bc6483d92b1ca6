"""The price of a run: area, energy and leakage of every component."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from simulator.activity import Activity
from simulator.cost.charges import PER_CYCLE, Charge, charges_of
from simulator.cost.elaborate import elaborate
from simulator.cost.instance import Instance
from simulator.cost.inventory import component_names, inventory
from simulator.cost.technology import Technology
from simulator.cost.types import ComponentCost, Cost
from simulator.errors import ConfigError
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import GatherFabric


def price(activity: Activity, elaborated: Elaborated, technology: Technology) -> Cost:
    """Return what a run costs in a technology: a pure function, linear in the activity's counts and cycles.

    Raises ConfigError where `latency: auto` would elaborate to another number in this technology than the run had.
    """
    _check_latency(elaborated, technology)
    return price_instances(activity, elaborated, technology, inventory(elaborated, technology))


def price_instances(activity: Activity, elaborated: Elaborated, technology: Technology, instances: Sequence[Instance]) -> Cost:
    """Return what a run costs on hardware that has been listed already; for many runs of one machine."""
    seconds = activity.cycles / (elaborated.machine.clock_ghz * 1e9)
    charges = charges_of(elaborated.machine)
    parts = []
    for name in component_names(elaborated):
        own = [entry for entry in instances if entry.name == name]
        energy = _dynamic_pj(activity, own, [charge for charge in charges if charge.name == name])
        parts.append(_component(name, own, energy, seconds))
    return Cost(technology.name, seconds, tuple(parts))


def _dynamic_pj(activity: Activity, instances: Sequence[Instance], charges: Iterable[Charge]) -> dict[str, float]:
    energy: dict[str, float] = {}
    for charge in charges:
        for entry in instances:
            if entry.part == charge.part:
                pj = charge.events(activity.counts) * entry.per_event * entry.component.energy_pj(charge.action)
                energy[charge.label] = energy.get(charge.label, 0.0) + pj
    for entry in instances:
        for action, pj in entry.component.actions().items():
            if action in PER_CYCLE:
                energy[action] = energy.get(action, 0.0) + pj * entry.count * activity.cycles
    return energy


def _component(name: str, instances: Sequence[Instance], energy: dict[str, float], seconds: float) -> ComponentCost:
    areas = [(entry.count, entry.component.area()) for entry in instances]
    leakage_mw = sum(entry.count * entry.component.leakage_mw() for entry in instances)
    return ComponentCost(
        name=name,
        instances=sum(entry.count for entry in instances),
        cell_mm2=sum(count * area.cell_mm2 for count, area in areas),
        placed_mm2=sum(count * area.placed_mm2 for count, area in areas),
        die_mm2=sum(entry.count * entry.component.die_mm2() for entry in instances),
        energy_pj_by_action=energy,
        leakage_pj=leakage_mw * 1e9 * seconds,
        notes=tuple(dict.fromkeys(note for entry in instances for note in entry.component.notes())),
    )


def _check_latency(elaborated: Elaborated, technology: Technology) -> None:
    machine = elaborated.machine
    if not isinstance(machine.fabric, GatherFabric) or machine.fabric.network.latency != "auto":
        return
    latency = elaborate(machine, technology).network_latency
    if latency != elaborated.network_latency:
        raise ConfigError(
            f"{machine.name} ran with a network latency of {elaborated.network_latency}, but fabric.network.latency: auto is {latency} "
            f"cycles in {technology.name}; simulate again, or set fabric.network.latency: {elaborated.network_latency}"
        )
