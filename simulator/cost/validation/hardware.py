"""The base of all hardware that a list of published figures can name: its parameters, and what the models say of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from simulator.cost.component import Area, cell_area
from simulator.cost.technology import Technology
from simulator.specs import FileModel

AREAS = ("cell_area", "placed_area", "die_area")


class Hardware(FileModel, ABC):
    """Parameters as a list states them; a subclass says in `quantities` what it answers, and answers it in `modelled`."""

    quantities: ClassVar[tuple[str, ...]]

    @abstractmethod
    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Every one of `quantities`, each in the first of its units (um², pJ, pJ/bit, cycles)."""

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
