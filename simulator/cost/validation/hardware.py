"""What a published figure can be a figure of: hardware with its parameters, quantities with their units."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from simulator.cost.component import Area, cell_area
from simulator.cost.technology import Technology
from simulator.specs import FileModel

AREAS = ("cell_area", "placed_area", "die_area")


class Hardware(FileModel, ABC):
    """Parameters as a list states them; a subclass says in `quantities` what it answers, and answers it in `modelled`."""

    quantities: ClassVar[tuple[str, ...]]

    @abstractmethod
    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Every one of `quantities`, each in the first of its units (um², pJ, pJ/bit, cycles, ns)."""

    def notes(self, technology: Technology) -> tuple[str, ...]:
        """Where a formula is outside its range."""
        return ()


def areas_um2(technology: Technology, area: Area, count: int = 1) -> dict[str, float]:
    """The three areas of `count` instances in um²."""
    placed = area.placed_mm2 * 1e6 * count
    return {"cell_area": area.cell_mm2 * 1e6 * count, "placed_area": placed, "die_area": placed / technology.die_utilization}


def gates_um2(technology: Technology, gates: float, count: int = 1) -> dict[str, float]:
    """The three areas of `count` × `gates` GE of standard cells."""
    return areas_um2(technology, cell_area(technology, gates), count)


Group = Literal["area", "energy", "delays"]
GROUPS: tuple[Group, ...] = ("area", "energy", "delays")


@dataclass(frozen=True)
class Quantity:
    """A quantity that models answer."""

    group: Group
    """What it is summed up with."""
    units: dict[str, float]
    """Size of each unit in the first one, in which models answer."""


_AREA = Quantity("area", {"um2": 1.0, "mm2": 1e6})
_ENERGY = Quantity("energy", {"pJ": 1.0, "fJ": 1e-3, "nJ": 1e3})
_PER_BIT = Quantity("energy", {"pJ/bit": 1.0, "fJ/bit": 1e-3})

QUANTITIES: dict[str, Quantity] = {
    "cell_area": _AREA,
    "placed_area": _AREA,
    "die_area": _AREA,
    "energy": _ENERGY,
    "read_energy": _ENERGY,
    "write_energy": _ENERGY,
    "energy_per_bit": _PER_BIT,
    "read_energy_per_bit": _PER_BIT,
    "write_energy_per_bit": _PER_BIT,
    "energy_per_bit_mm": Quantity("energy", {"pJ/bit/mm": 1.0, "fJ/bit/mm": 1e-3}),
    "stages": Quantity("delays", {"cycles": 1.0}),
    "delay": Quantity("delays", {"ns": 1.0, "ps": 1e-3}),
}
"""By the name that a list of figures gives.

cell: synthesised cells, or the macro itself; placed: with the room that placement takes; die: share of the die.
"""
