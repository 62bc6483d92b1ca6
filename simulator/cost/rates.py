"""What a machine costs as a linear form of what is counted: its area, and a price for each counter and each cycle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.activity import COUNTERS, Counts
from simulator.cost.charges import PER_CYCLE, Charge, charges_of
from simulator.cost.instance import Instance
from simulator.cost.inventory import inventory
from simulator.cost.technology import Technology
from simulator.cost.types import OFF_FABRIC
from simulator.machine.elaborated import Elaborated

_PLACE = {name: place for place, name in enumerate(COUNTERS)}


@dataclass(frozen=True)
class Rates:
    """Totals of `price` without the split by component: the same sums, for many runs of one machine at once."""

    area_mm2: float
    """Die area, DRAM PHY included."""
    fabric_area_mm2: float
    """Die area without DRAM and its PHY."""
    energy_pj: NDArray[np.float64]
    """[counters + 1] pJ of one event of each counter, and of a cycle; DRAM included."""
    fabric_energy_pj: NDArray[np.float64]
    """[counters + 1] the same without DRAM and its PHY."""


def events(counts: Counts, cycles: int) -> NDArray[np.float64]:
    """[counters + 1] what a run counted, its cycles last: the other factor of the linear form."""
    return np.array([*counts.values(), cycles], dtype=np.float64)


def rates(elaborated: Elaborated, technology: Technology) -> Rates:
    """Return the linear form of a machine in a technology; it does not look at `latency: auto`, which `price` does."""
    charges: dict[tuple[str, str], list[Charge]] = defaultdict(list)
    for charge in charges_of(elaborated.machine):
        charges[charge.name, charge.part].append(charge)
    listed = inventory(elaborated, technology)
    on_die = [entry for entry in listed if entry.name not in OFF_FABRIC]
    off_die = [entry for entry in listed if entry.name in OFF_FABRIC]
    clock_ghz = elaborated.machine.clock_ghz
    fabric_mm2, fabric_pj = _areas(on_die), _energies(on_die, charges, clock_ghz)
    return Rates(fabric_mm2 + _areas(off_die), fabric_mm2, fabric_pj + _energies(off_die, charges, clock_ghz), fabric_pj)


def _areas(instances: Iterable[Instance]) -> float:
    return sum(entry.count * entry.component.die_mm2() for entry in instances)


def _energies(instances: Iterable[Instance], charges: dict[tuple[str, str], list[Charge]], clock_ghz: float) -> NDArray[np.float64]:
    priced = [0.0] * (len(COUNTERS) + 1)
    for entry in instances:
        actions = entry.component.own_actions
        for charge in charges.get((entry.name, entry.part), ()):
            each_pj = charge.times * entry.per_event * actions[charge.action]
            for name in charge.plus:
                priced[_PLACE[name]] += each_pj
            for name in charge.minus:
                priced[_PLACE[name]] -= each_pj
        # 1 mW for 1 ns is 1 pJ
        priced[-1] += entry.count * (sum(actions.get(name, 0.0) for name in PER_CYCLE) + entry.component.leakage_mw() / clock_ghz)
    return np.array(priced)
