"""The sizes of a kind of hardware: along which keys of the machine file a machine can be made larger, smaller or otherwise."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine

Keys = Mapping[str, Any]
"""Keys of the machine file, by path, and their values."""
Grid = Mapping[str, tuple[Any, ...]]
"""Values that a search tries of each key."""


@dataclass(frozen=True)
class OnChipSram:
    """The operand memories of a fabric, all of them together."""

    x_kib: float
    w_kib: float
    y_kib: float


class Sizes:
    """How machines of a kind are told apart by their shape, scaled by one number, and searched over.

    A kind that says nothing else has one size, and one design of its own name.
    """

    grid: ClassVar[Grid] = {}
    """What a search tries of each key; of one that is no path, `own` says what a machine has."""
    members: ClassVar[tuple[str, ...]] = ()
    """Keys of the grid that leave a design's family: memories, words, parts. The values of each begin with the least area and
    (memories) with the fewest bits of an index."""
    scaled: ClassVar[tuple[str, ...]] = ()
    """Keys that scaling by one number sets, whatever they were."""
    settled: ClassVar[tuple[str, ...]] = ()
    """Keys that a search sets beside those of the grid."""

    def design(self, machine: Machine) -> str:
        """The word for its shape, which sizing keeps."""
        return machine.fabric.kind

    def size(self, machine: Machine) -> int:
        """The one number from which its other sizes follow."""
        return 1

    def at_size(self, machine: Machine, size: int) -> Keys:
        """The keys of the same machine at another size, whether or not there is such a machine."""
        return {}

    def named(self, machine: Machine) -> str:
        """Its size in words."""
        return f"size {self.size(machine)}"

    def own(self, machine: Machine) -> tuple[Keys, Grid]:
        """What a machine has of each key of the grid, and what a search tries beside it."""
        return {key: getattr(machine.fabric, key.removeprefix("fabric.")) for key in self.grid}, self.grid

    def families(self, machine: Machine, grid: Grid) -> Iterator[Keys]:
        """The keys, other than `members`, of every design of the grid that has the machine's shape; each once."""
        return combinations({key: tried for key, tried in grid.items() if key not in self.members})

    def member_bound(self, machine: Machine) -> Hashable:
        """What of `members` the bounds of a run depend on."""
        return tuple(getattr(machine.fabric, key.removeprefix("fabric.")) for key in self.members)

    def member_timing(self, elaborated: Elaborated) -> Hashable | None:
        """What of `members` its cycles depend on; None where every one may change them."""
        return None

    def sram(self, machine: Machine) -> OnChipSram | None:
        """The memories that an array is given to be compared with this machine; None where it gives none."""
        return None

    def with_sram(self, sram: OnChipSram) -> Keys:
        """Keys that give a machine of this kind such memories; none where its memories follow from its size."""
        return {}


def combinations(grid: Grid) -> Iterator[Keys]:
    """Every choice of one value for each key, the last key fastest."""
    for chosen in product(*grid.values()):
        yield dict(zip(grid, chosen, strict=True))
