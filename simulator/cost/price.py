"""The price of a run: area, energy and leakage of every component."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from simulator.activity import Activity, Counts
from simulator.cost.charges import AROUND, GATHER, PER_CYCLE, SCATTER, Charge, charges_of
from simulator.cost.elaborate import elaborate
from simulator.cost.gather_inventory import fabric_in_dataflow
from simulator.cost.instance import Instance
from simulator.cost.inventory import component_names, inventory
from simulator.cost.technology import Technology
from simulator.cost.types import ComponentCost, Cost
from simulator.errors import ConfigError
from simulator.kinds.units.machine import UnitsFabric
from simulator.machine.elaborated import Elaborated


def price(activity: Activity, elaborated: Elaborated, technology: Technology) -> Cost:
    """Return what a run costs in a technology: a pure function, linear in the activity's counts and cycles.

    Raises ConfigError where `latency: auto` would elaborate to another number in this technology than the run had.
    """
    _check_latency(elaborated, technology)
    return price_instances(activity, elaborated, technology, inventory(elaborated, technology))


def price_instances(activity: Activity, elaborated: Elaborated, technology: Technology, instances: Sequence[Instance]) -> Cost:
    """Return what a run costs on hardware that has been listed already; for many runs of one machine."""
    seconds = activity.cycles / (elaborated.machine.clock_ghz * 1e9)
    working = _working(activity, elaborated, technology, instances)
    parts = []
    for name in component_names(elaborated):
        own = [entry for entry in instances if entry.name == name]
        energy = _dynamic_pj(name, working)
        for action, pj in _per_cycle_pj(own, activity.cycles):
            energy[action] = energy.get(action, 0.0) + pj
        parts.append(_component(name, own, energy, seconds))
    return Cost(technology.name, seconds, tuple(parts))


@dataclass(frozen=True)
class Working:
    """Events, what they are charged as, and the hardware that does them."""

    counts: Counts
    charges: tuple[Charge, ...]
    instances: Sequence[Instance]


def _working(activity: Activity, elaborated: Elaborated, technology: Technology, instances: Sequence[Instance]) -> tuple[Working, ...]:
    """A machine of both dataflows does each operation with the hardware of one of them, and shares what is around."""
    machine = elaborated.machine
    if not isinstance(machine.fabric, UnitsFabric) or machine.mapping.dataflow != "both":
        return (Working(activity.counts, charges_of(machine), instances),)
    flows: dict[Literal["gather", "scatter"], tuple[Charge, ...]] = {"gather": GATHER, "scatter": SCATTER}
    fabric = tuple(
        Working(
            Counts.total(entry.counts for entry in activity.operations if entry.details["dataflow"] == flow),
            charges,
            fabric_in_dataflow(elaborated, technology, flow),
        )
        for flow, charges in flows.items()
    )
    return (Working(activity.counts, AROUND, instances), *fabric)


def _dynamic_pj(name: str, working: Iterable[Working]) -> dict[str, float]:
    """Energy of a component by action, without what every cycle takes."""
    energy: dict[str, float] = {}
    for share in working:
        for charge in share.charges:
            for entry in share.instances:
                if charge.name == name == entry.name and entry.part == charge.part:
                    pj = charge.events(share.counts) * entry.per_event * entry.component.energy_pj(charge.action)
                    energy[charge.label] = energy.get(charge.label, 0.0) + pj
    return energy


def _per_cycle_pj(instances: Sequence[Instance], cycles: int) -> Iterator[tuple[str, float]]:
    for entry in instances:
        for action, pj in entry.component.own_actions.items():
            if action in PER_CYCLE:
                yield action, pj * entry.count * cycles


def _component(name: str, instances: Sequence[Instance], energy: dict[str, float], seconds: float) -> ComponentCost:
    areas = [(entry.count, entry.component.own_area) for entry in instances]
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
    if not isinstance(machine.fabric, UnitsFabric) or machine.fabric.network.latency != "auto":
        return
    latency = elaborate(machine, technology).network_latency
    if latency != elaborated.network_latency:
        raise ConfigError(
            f"{machine.name} ran with a network latency of {elaborated.network_latency}, but fabric.network.latency: auto is {latency} "
            f"cycles in {technology.name}; simulate again, or set fabric.network.latency: {elaborated.network_latency}"
        )
