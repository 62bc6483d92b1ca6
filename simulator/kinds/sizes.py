"""The sizes of a kind of hardware: along which keys of the machine file a machine can be made larger, smaller or otherwise."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, ClassVar

from msgspec import Struct

from simulator.machine.model import Elaborated, Machine

Keys = Mapping[str, Any]
"""Keys of the machine file, by path, and their values."""
Grid = Mapping[str, tuple[Any, ...]]
"""Values that a search tries of each key."""


POWERS = tuple(2.0**power for power in range(-2, 14))
"""Capacities that a step may give a memory, in KiB."""
WIDTHS = tuple(2**power for power in range(4, 12))
"""Bytes a cycle that a step may give a bus."""

_LEAPT = 2
"""So many sizes further, either way, of a memory that the choices suit."""


class OnChipSram(Struct, frozen=True):
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
    ladders: ClassVar[Grid] = {}
    """Values of keys of the fabric and the mapping by which a machine is a single step from others, in order: one further of numbers,
    any other of words. A machine need not stand on one of them."""
    around: ClassVar[Grid] = {
        "activation_buffer_kib": POWERS,
        "trunks.x_bytes_per_cycle": WIDTHS,
        "trunks.w_bytes_per_cycle": WIDTHS,
        "trunks.drain_bytes_per_cycle": WIDTHS,
    }
    """The same of what lies around the fabric."""
    members: ClassVar[tuple[str, ...]] = ()
    """Keys of the grid that leave a design's family: memories, words, parts. The values of each begin with the least area and
    (memories) with the fewest bits of an index."""
    freed: ClassVar[Keys] = {}
    """Keys that say how work is laid on the hardware, with the value that lets the machine choose for each operation anew: a walk that
    begins so is not held where one choice suits the memories of its start."""
    fitted: ClassVar[tuple[str, ...]] = ()
    """Memories of the fabric that decide which choice of `freed` is best: another size is of use only with another choice."""
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

    def steps(self, machine: Machine) -> Iterator[Keys]:
        """Every single step from a machine, as the keys that it sets: whether there is such a machine, and of its design, is not asked."""
        for key, ladder in {**self.ladders, **self.around}.items():
            if self.takes(machine, key):
                yield from ({key: value} for value in neighbours(ladder, value_at(machine, key)))
        yield from self.paired_steps(machine)

    def free(self, kept: Collection[str]) -> Keys:
        """Those of `freed` that are not kept."""
        return {key: choice for key, choice in self.freed.items() if key not in kept}

    def surroundings(self, kept: Collection[str]) -> Iterator[Keys]:
        """Every size of what lies around the fabric, without the keys that are kept.

        Its sizes have valleys, which single steps do not cross: a buffer is only larger until all of a tensor fits, a bus only wider
        until another way to run a chain is the best.
        """
        for key, sizes in self.around.items():
            if key not in kept:
                yield from ({key: size} for size in sizes)

    def leaps(self, machine: Machine, kept: Collection[str]) -> Iterator[Keys]:
        """The next sizes of memories, without the keys that are kept, with the choices that were made for its own freed again."""
        for key in self.fitted:
            if key not in kept:
                yield from ({key: size, **self.free(kept)} for size in neighbours(self.ladders[key], value_at(machine, key), _LEAPT))

    def takes(self, machine: Machine, key: str) -> bool:
        """Whether a step of this key is of use to a machine."""
        return True

    def paired_steps(self, machine: Machine) -> Iterator[Keys]:
        """Steps of keys that go together, as units and the banks that serve them."""
        return iter(())

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


def value_at(machine: Machine, key: str) -> Any:
    """What a machine has at a key path."""
    found: Any = machine
    for name in key.split("."):
        found = getattr(found, name)
    return found


def neighbours(ladder: Sequence[Any], own: Any, reach: int = 1) -> list[Any]:
    """The next smaller and the next larger number of a ladder, or so many of each, and all its words; from a word, all numbers too.
    Never the own value.

    >>> neighbours((1, 2, 4, 8), 3), neighbours(("auto", 1, 2), 1), neighbours(("auto", 1, 2), "auto"), neighbours((1, 2, 4, 8), 1, 2)
    ([2, 4], ['auto', 2], [1, 2], [2, 4])
    """
    words = [value for value in ladder if _is_word(value) and value != own]
    numbers = [value for value in ladder if not _is_word(value) and value != own]
    if _is_word(own):
        return words + numbers
    below = [value for value in numbers if value < own]
    above = [value for value in numbers if value > own]
    return words + below[-reach:] + above[:reach]


def _is_word(value: Any) -> bool:
    return isinstance(value, (str, bool))
