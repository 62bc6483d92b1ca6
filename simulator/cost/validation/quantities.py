"""What a published figure can be a figure of, and the units that it may be stated in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["area", "energy", "other"]
GROUPS: tuple[Group, ...] = ("area", "energy", "other")


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
    "stages": Quantity("other", {"cycles": 1.0}),
}
"""By the name that a list of figures gives.

cell: synthesised cells, or the macro itself; placed: with the room that placement takes; die: share of the die.
"""
