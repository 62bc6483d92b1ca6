"""The one pricer: a machine in a technology as rows [component × action, counter and cycle], each with its price; all joules come from it.

`price` splits a run's energy by component and action; `rates` are the sums over all rows, for thousands of runs at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from simulator.activity import COUNTERS, Counts
from simulator.cost.hardware import PER_CYCLE, Charge, Hardware, Instance, total_die_mm2
from simulator.cost.types import OFF_FABRIC, ComponentCost, Cost

Floats = NDArray[np.float64]
_PLACE = {name: place for place, name in enumerate(COUNTERS)}


class Counted(Struct, frozen=True):
    """What a run did, as pricing sees it."""

    counts: Counts
    cycles: int
    by_kind: Mapping[str, Counts] = field(default_factory=dict)
    """The events of each kind of work, where a machine's operations differ in the hardware that they use."""

    def vector(self, kinds: tuple[str, ...]) -> Floats:
        """[columns] all counters, then those of each of the kinds, then cycles; a kind without events has none."""
        blocks = [self.counts, *(self.by_kind.get(kind, _NOTHING) for kind in kinds)]
        return np.array([*(value for counts in blocks for value in counts.values()), self.cycles], dtype=np.float64)


_NOTHING = Counts()


class Rates(Struct, frozen=True):
    """Totals of a machine: its area, and the prices of what is counted, summed over all components and actions."""

    kinds: tuple[str, ...]
    """Kinds of work that the columns tell apart."""
    area_mm2: float
    """Die area, DRAM PHY included."""
    fabric_area_mm2: float
    """Die area without DRAM and its PHY."""
    energy_pj: Floats
    """[columns] pJ of one event of each counter, and of a cycle; DRAM included."""
    fabric_energy_pj: Floats
    """[columns] the same without DRAM and its PHY."""


class _Rows(Struct, frozen=True):
    """What is charged, without prices: the same for all machines with the same parts."""

    components: tuple[str, ...]
    """[rows] component of each row."""
    labels: tuple[str, ...]
    """[rows] action of each row, as reports call it; rows of one component and action are added up."""
    events: Floats
    """[rows × columns] which counters a row takes: 1, −1 or 0."""


class Pricer:
    """Prices runs of one machine in one technology.

    pricer = Pricer(hardware)
    pricer.price(Counted(activity.counts, activity.cycles)).energy_pj
    pricer.rates.energy_pj @ counted.vector(pricer.kinds)
    """

    def __init__(self, hardware: Hardware) -> None:
        """Lists nothing yet: areas and energies are worked out when they are first asked for."""
        self.hardware = hardware
        self.kinds = hardware.kinds

    def price(self, counted: Counted) -> Cost:
        """What a run costs, by component and action: linear in its counts and cycles."""
        seconds = counted.cycles / (self.hardware.clock_ghz * 1e9)
        rows = self._rows
        # events first: a difference of counters is then exact; constants beyond reason give infinities, which callers name
        with np.errstate(over="ignore", invalid="ignore"):
            energies = ((rows.events @ counted.vector(self.kinds)) * self._actions * self._action_pj).tolist()
        by_component: dict[str, dict[str, float]] = {name: {} for name in self.hardware.components}
        for name, label, pj in zip(rows.components, rows.labels, energies, strict=True):
            actions = by_component[name]
            actions[label] = actions.get(label, 0.0) + pj
        parts = tuple(
            ComponentCost(
                name=built.name,
                instances=built.instances,
                cell_mm2=built.cell_mm2,
                placed_mm2=built.placed_mm2,
                die_mm2=built.die_mm2,
                energy_pj_by_action=by_component[built.name],
                leakage_pj=built.leakage_mw * 1e9 * seconds,
                notes=built.notes,
            )
            for built in self._built
        )
        return Cost(self.hardware.technology, seconds, parts, self.hardware.leakage)

    @cached_property
    def rates(self) -> Rates:
        """Sums over components and actions, leakage included."""
        rows, each_pj = self._rows, self._each_pj
        off_fabric = np.array([name in OFF_FABRIC for name in rows.components])
        with np.errstate(over="ignore", invalid="ignore"):
            off_pj, fabric_pj = np.where(off_fabric, each_pj, 0.0) @ rows.events, np.where(off_fabric, 0.0, each_pj) @ rows.events
        on_die = [built for built in self._built if built.name not in OFF_FABRIC]
        off_die = [built for built in self._built if built.name in OFF_FABRIC]
        # 1 mW for 1 ns is 1 pJ
        fabric_pj[-1] += sum(built.leakage_mw for built in on_die) / self.hardware.clock_ghz
        off_pj[-1] += sum(built.leakage_mw for built in off_die) / self.hardware.clock_ghz
        fabric_mm2 = sum(built.die_mm2 for built in on_die)
        return Rates(self.kinds, fabric_mm2 + sum(built.die_mm2 for built in off_die), fabric_mm2, fabric_pj + off_pj, fabric_pj)

    def idle_power_w(self, *, include_dram: bool) -> float:
        """Leakage and clock: what the machine takes in every cycle, whatever it does."""
        cycle_pj = (self.rates.energy_pj if include_dram else self.rates.fabric_energy_pj)[-1]
        return float(cycle_pj) * self.hardware.clock_ghz * 1e-3

    @cached_property
    def _charged(self) -> list[tuple[int, Charge, Instance]]:
        """Who pays for what: the block of columns, the charge, and each of the instances that do it."""
        charged = []
        for work in self.hardware.work:
            block = 0 if work.kind is None else 1 + self.kinds.index(work.kind)
            doing: dict[tuple[str, str], list[Instance]] = {}
            for entry in work.instances:
                doing.setdefault((entry.name, entry.part), []).append(entry)
            charged += [(block, charge, entry) for charge in work.charges for entry in doing.get((charge.name, charge.part), ())]
        return charged

    @cached_property
    def _every_cycle(self) -> list[tuple[Instance, str, float]]:
        """What instances do in every cycle, and the pJ of all of them together."""
        return [
            (entry, action, pj * entry.count)
            for entry in self.hardware.instances
            for action, pj in entry.component.own_actions.items()
            if action in PER_CYCLE
        ]

    @cached_property
    def _rows(self) -> _Rows:
        charged = tuple((block, charge) for block, charge, _ in self._charged)
        return _rows_of(1 + len(self.kinds), charged, tuple((entry.name, action) for entry, action, _ in self._every_cycle))

    @cached_property
    def _actions(self) -> Floats:
        """[rows] actions an event, or a cycle."""
        charged = [charge.times * entry.per_event for _, charge, entry in self._charged]
        return np.array([*charged, *(1.0 for _ in self._every_cycle)])

    @cached_property
    def _action_pj(self) -> Floats:
        """[rows] energy of one action."""
        charged = [entry.component.energy_pj(charge.action) for _, charge, entry in self._charged]
        return np.array([*charged, *(pj for _, _, pj in self._every_cycle)])

    @cached_property
    def _each_pj(self) -> Floats:
        """[rows] energy of one event, or cycle."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(self._actions * self._action_pj)

    @cached_property
    def _built(self) -> tuple[_Built, ...]:
        """Each component, in the order of reports."""
        return tuple(_Built.of(name, instances) for name, instances in self.hardware.by_component().items())


class _Built(Struct, frozen=True):
    """All instances of one component."""

    name: str
    instances: int
    cell_mm2: float
    placed_mm2: float
    die_mm2: float
    leakage_mw: float
    notes: tuple[str, ...]

    @classmethod
    def of(cls, name: str, instances: list[Instance]) -> _Built:
        """What they come to together."""
        areas = [(entry.count, entry.component.own_area) for entry in instances]
        return cls(
            name=name,
            instances=sum(entry.count for entry in instances),
            cell_mm2=sum(count * area.cell_mm2 for count, area in areas),
            placed_mm2=sum(count * area.placed_mm2 for count, area in areas),
            die_mm2=total_die_mm2(instances),
            leakage_mw=sum(entry.count * entry.component.leakage_mw() for entry in instances),
            notes=tuple(dict.fromkeys(note for entry in instances for note in entry.component.notes())),
        )


@lru_cache(maxsize=256)
def _rows_of(blocks: int, charges: tuple[tuple[int, Charge], ...], per_cycle: tuple[tuple[str, str], ...]) -> _Rows:
    events = np.zeros((len(charges) + len(per_cycle), blocks * len(COUNTERS) + 1))
    for row, (block, charge) in enumerate(charges):
        for name in charge.plus:
            events[row, block * len(COUNTERS) + _PLACE[name]] += 1
        for name in charge.minus:
            events[row, block * len(COUNTERS) + _PLACE[name]] -= 1
    events[len(charges) :, -1] = 1
    components = (*(charge.name for _, charge in charges), *(name for name, _ in per_cycle))
    labels = (*(charge.label for _, charge in charges), *(action for _, action in per_cycle))
    return _Rows(components, labels, events)
