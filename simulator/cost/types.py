"""What pricing gives back: area, energy and power of every component of a machine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct
from msgspec.structs import asdict

from simulator.cost.heat import Heat, LeakageLaw, Package, Sources, settle

OFF_FABRIC = ("dram", "dram_phy")
"""Components left out of the `without DRAM` figures, which they would otherwise hide."""


def on_fabric(by_component: Mapping[str, float]) -> dict[str, float]:
    """Of figures by component those of the fabric."""
    return {name: value for name, value in by_component.items() if name not in OFF_FABRIC}


SPREAD = ("fill_broadcast", "cluster_wires", "drain_bus")
"""Components without a place of their own: their repeaters stand along wires all over the fabric, and so does their heat."""

CLOCK_ACTIONS = ("clock", "clock_tree")
"""Actions whose energy is the clock's: pins of flops, and the tree that drives them."""


class Power(Struct, frozen=True):
    """Mean power during a run, in W."""

    dynamic_w: float
    """Of everything that counters or control do."""
    clock_w: float
    """Clock pins and clock tree, whether anything works or not."""
    leakage_w: float

    @property
    def total_w(self) -> float:
        """All three."""
        return self.dynamic_w + self.clock_w + self.leakage_w

    def to_dict(self) -> dict[str, float]:
        """The three and their sum."""
        return {**asdict(self), "total_w": self.total_w}


class ComponentCost(Struct, frozen=True, dict=True):
    """All instances of one component of a machine, during one run."""

    name: str
    instances: int
    cell_mm2: float
    """Synthesised cell (or macro) area, all instances."""
    placed_mm2: float
    """After placement (cells / 0.65; macros with κ; crossbar layout as it is)."""
    die_mm2: float
    """Share of the die, after the roll-up's utilization. What reports add up."""
    energy_pj_by_action: Mapping[str, float]
    """Dynamic energy by action (`read`, `write`, `mac`, `mac_gated`, `hop`, `clock`, …)."""
    leakage_pj: float
    """Leakage power × run time."""
    notes: tuple[str, ...] = ()
    """Flags a reader must see: outside its formula's range, assumed constants."""

    @cached_property
    def clock_pj(self) -> float:
        """Energy of the clock."""
        return sum(self.energy_pj_by_action.get(action, 0.0) for action in CLOCK_ACTIONS)

    @cached_property
    def energy_pj(self) -> float:
        """Dynamic energy, clock and leakage."""
        return sum(self.energy_pj_by_action.values()) + self.leakage_pj


class Cost(Struct, frozen=True, dict=True):
    """Price of one run on one machine in one technology."""

    technology: str
    seconds: float
    components: tuple[ComponentCost, ...]
    leakage: LeakageLaw
    """At which temperature leakage is priced, and how it grows."""

    @cached_property
    def cell_area_mm2(self) -> float:
        """Synthesised cells and bare macros, PHY as drawn."""
        return sum(part.cell_mm2 for part in self.components)

    @cached_property
    def placed_area_mm2(self) -> float:
        """Cells and macros with the room of their placement, PHY as drawn."""
        return sum(part.placed_mm2 for part in self.components)

    @cached_property
    def area_mm2(self) -> float:
        """Die area, DRAM PHY included."""
        return sum(part.die_mm2 for part in self.components)

    @cached_property
    def fabric_area_mm2(self) -> float:
        """Die area without DRAM and its PHY."""
        return sum(part.die_mm2 for part in self.components if part.name not in OFF_FABRIC)

    @cached_property
    def energy_pj(self) -> float:
        """Energy of the run, DRAM included."""
        return sum(part.energy_pj for part in self.components)

    @cached_property
    def fabric_energy_pj(self) -> float:
        """Energy of the run without DRAM and its PHY."""
        return sum(part.energy_pj for part in self.components if part.name not in OFF_FABRIC)

    def area_mm2_by_component(self) -> dict[str, float]:
        """Die area by component."""
        return {part.name: part.die_mm2 for part in self.components}

    def energy_pj_by_component(self) -> dict[str, float]:
        """Energy by component, leakage included."""
        return {part.name: part.energy_pj for part in self.components}

    def power_by_component(self) -> dict[str, Power]:
        """Mean power by component, split into dynamic, clock and leakage; 0 for a run that took no time."""
        return {part.name: self._power(part.energy_pj, part.clock_pj, part.leakage_pj) for part in self.components}

    @property
    def power(self) -> Power:
        """Mean power of everything, DRAM included, split likewise."""
        clock_pj, leakage_pj = sum(part.clock_pj for part in self.components), sum(part.leakage_pj for part in self.components)
        return self._power(self.energy_pj, clock_pj, leakage_pj)

    def power_density_by_component(self) -> dict[str, float]:
        """W/mm² of every component on the die: its power over its die area; that of `SPREAD` over the whole fabric's."""
        return {
            part.name: self._watts(part.energy_pj) / (self.fabric_area_mm2 if part.name in SPREAD else part.die_mm2)
            for part in self.components
            if part.die_mm2 > 0
        }

    def heat(self, package: Package) -> Heat:
        """Temperatures in a package: of the die without DRAM and its PHY, and of each component that gives off heat there."""
        parts = [part for part in self.components if part.name not in OFF_FABRIC and part.die_mm2 > 0]
        sources = Sources(
            names=tuple(part.name for part in parts),
            switched_w=tuple(self._watts(part.energy_pj - part.leakage_pj) for part in parts),
            leakage_w=tuple(self._watts(part.leakage_pj) for part in parts),
            area_mm2=tuple(self.fabric_area_mm2 if part.name in SPREAD else part.die_mm2 for part in parts),
        )
        return settle(sources, self.fabric_area_mm2, package, self.leakage)

    def _power(self, energy_pj: float, clock_pj: float, leakage_pj: float) -> Power:
        return Power(self._watts(energy_pj - clock_pj - leakage_pj), self._watts(clock_pj), self._watts(leakage_pj))

    def _watts(self, energy_pj: float) -> float:
        return energy_pj * 1e-12 / self.seconds if self.seconds > 0 else 0.0
