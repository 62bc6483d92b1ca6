"""What pricing gives back: area, energy and power of every component of a machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

OFF_FABRIC = ("dram", "dram_phy")
"""Components left out of the `without DRAM` figures, which they would otherwise hide."""


@dataclass(frozen=True)
class ComponentCost:
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

    @property
    def energy_pj(self) -> float:
        """Dynamic energy and leakage."""
        return sum(self.energy_pj_by_action.values()) + self.leakage_pj


@dataclass(frozen=True)
class Cost:
    """Price of one run on one machine in one technology."""

    technology: str
    seconds: float
    components: tuple[ComponentCost, ...]

    @property
    def area_mm2(self) -> float:
        """Die area, DRAM PHY included."""
        return sum(part.die_mm2 for part in self.components)

    @property
    def fabric_area_mm2(self) -> float:
        """Die area without DRAM and its PHY."""
        return sum(part.die_mm2 for part in self.components if part.name not in OFF_FABRIC)

    @property
    def energy_pj(self) -> float:
        """Energy of the run, DRAM included."""
        return sum(part.energy_pj for part in self.components)

    @property
    def fabric_energy_pj(self) -> float:
        """Energy of the run without DRAM and its PHY."""
        return sum(part.energy_pj for part in self.components if part.name not in OFF_FABRIC)

    @property
    def power_w(self) -> float:
        """Mean power, DRAM included; 0 for a run that took no time."""
        return self._watts(self.energy_pj)

    @property
    def fabric_power_w(self) -> float:
        """Mean power of the die without DRAM and its PHY; 0 for a run that took no time."""
        return self._watts(self.fabric_energy_pj)

    @property
    def power_density_w_per_mm2(self) -> float:
        """Mean power of the die over its area, both without DRAM and its PHY."""
        return self.fabric_power_w / self.fabric_area_mm2

    def area_mm2_by_component(self) -> dict[str, float]:
        """Die area by component."""
        return {part.name: part.die_mm2 for part in self.components}

    def energy_pj_by_component(self) -> dict[str, float]:
        """Energy by component, leakage included."""
        return {part.name: part.energy_pj for part in self.components}

    def power_density_by_component(self) -> dict[str, float]:
        """W/mm² of every component that has area on the die."""
        return {part.name: self._watts(part.energy_pj) / part.die_mm2 for part in self.components if part.die_mm2 > 0}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values: technology, run time, and every component with its areas and its energy by action."""
        parts = [{**asdict(part), "notes": list(part.notes)} for part in self.components]
        return {"technology": self.technology, "seconds": self.seconds, "components": parts}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Cost:
        """Inverse of `to_dict`."""
        parts = tuple(ComponentCost(**{**part, "notes": tuple(part["notes"])}) for part in record["components"])
        return cls(technology=record["technology"], seconds=record["seconds"], components=parts)

    def _watts(self, energy_pj: float) -> float:
        return energy_pj * 1e-12 / self.seconds if self.seconds > 0 else 0.0
