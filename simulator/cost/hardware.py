"""The hardware of a machine as pricing sees it: its instances, and which of them pay for what is counted."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from simulator.cost.component import Component
from simulator.cost.floorplan import Floorplan
from simulator.cost.heat import LeakageLaw
from simulator.cost.types import OFF_FABRIC, SPREAD


class Instance(Struct, frozen=True):
    """`count` equal pieces of hardware."""

    name: str
    """The component of reports that they belong to."""
    part: str
    """Which part of it they are."""
    component: Component
    count: int
    per_event: float = 1.0
    """Actions for each event that its part is charged for: a share of them where a part has instances of several sizes."""


def total_die_mm2(instances: Iterable[Instance]) -> float:
    """Die area of all instances."""
    return sum(entry.count * entry.component.die_mm2() for entry in instances)


class Charge(Struct, frozen=True):
    """Energy += (Σ plus − Σ minus) × times × energy of `action` of one instance of that part.

    Where a part has instances of several sizes, each takes its share of the events.
    """

    name: str
    """Component of reports."""
    part: str
    """Part of it; a machine that lacks the part does not pay."""
    label: str
    """Action as reports call it."""
    action: str
    """Action as the component calls it."""
    plus: tuple[str, ...]
    """Counters that are added."""
    minus: tuple[str, ...] = ()
    """Counters that are taken off."""
    times: float = 1.0
    """Actions an event."""


PER_CYCLE: tuple[str, ...] = ("clock", "clock_tree", "control")
"""Actions that every instance takes each cycle of the run, whether it works or not."""

FREE: tuple[str, ...] = ("entries_dropped", "weight_value_bytes", "weight_metadata_bytes")
"""Counters that cost nothing of their own: a dropped entry has paid its weight read and its lookup, W its transfer."""


class Work(Struct, frozen=True):
    """What is charged for one kind of work."""

    kind: str | None
    """Of which operations the events count; None: of all."""
    charges: tuple[Charge, ...]
    instances: tuple[Instance, ...]
    """That do it: all of the machine's, or, where operations differ in the hardware that they use, as these see it."""


class Parts(Struct, frozen=True):
    """What a kind of hardware is made of, without what every machine has around it."""

    components: tuple[str, ...]
    """That a machine of this kind can have, in the order of reports."""
    instances: tuple[Instance, ...]
    work: tuple[Work, ...]
    """What the fabric does."""
    decoded_bits: int
    """Bits of a weight as a decoder of compressed weights hands it on."""
    floorplan: Floorplan | None = None
    """Of one cluster, where there are clusters."""


class Hardware(Struct, frozen=True):
    """A machine in a technology: every piece that is priced, and what it is paid for."""

    technology: str
    clock_ghz: float
    leakage: LeakageLaw
    """By which the leakage of its components grows."""
    components: tuple[str, ...]
    """In the order of reports; a machine may lack some."""
    instances: tuple[Instance, ...]
    """For area, leakage, clock and control."""
    work: tuple[Work, ...]
    floorplan: Floorplan | None = None
    """Of one cluster, where there are clusters."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of work whose events must be counted apart; none where all operations use the same hardware."""
        return tuple(dict.fromkeys(work.kind for work in self.work if work.kind is not None))

    def without_wires(self) -> Hardware:
        """What grows with every size: wires between blocks may become shorter where a block grows."""
        return replace(self, instances=tuple(entry for entry in self.instances if entry.name not in SPREAD))

    def by_component(self) -> dict[str, list[Instance]]:
        """Instances of each component, in the order of reports."""
        found: dict[str, list[Instance]] = {name: [] for name in self.components}
        for entry in self.instances:
            found[entry.name].append(entry)
        return found

    def area_mm2(self, *, include_dram: bool) -> float:
        """Die area, with the DRAM PHY or without: added up component by component, so that a run's cost has the same to the last bit."""
        wanted = self.by_component().items()
        return sum(total_die_mm2(instances) for name, instances in wanted if include_dram or name not in OFF_FABRIC)
