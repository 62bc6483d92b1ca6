"""The designs that a search tries: every combination of a grid that has the machine's shape, family by family."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from simulator.kinds import KINDS, kind_of
from simulator.kinds.sizes import Grid, Keys, combinations
from simulator.machine.model import Machine

SEARCHED = tuple(dict.fromkeys(key for kind in KINDS for key in kind.sizes.grid if "." in key))
"""Keys of the machine file that a search tries values of, unless it is told to keep them."""
SETTLED = tuple(dict.fromkeys(key for kind in KINDS for key in kind.sizes.settled))
"""Keys that a search always sets beside them."""
SCALED = tuple(dict.fromkeys(key for kind in KINDS for key in kind.sizes.scaled))
"""Keys that scaling a machine by its size alone always sets."""


@dataclass(frozen=True)
class Family:
    """Designs that differ in memories, slices and token words only: the first legal one has the least area and the lowest bound."""

    keys: Keys
    members: tuple[Keys, ...]


def grid_of(machine: Machine, kept: Collection[str] = ()) -> dict[str, tuple[Any, ...]]:
    """The values that a search tries of each key. What the machine itself has is among them; all else, and `kept`, stays as it is."""
    own, tried = kind_of(machine).sizes.own(machine)
    return {key: (own[key],) if key in kept else _with(values, own[key]) for key, values in tried.items()}


def families(machine: Machine, grid: Grid) -> Iterator[Family]:
    """Every family of the grid that is of the machine's design."""
    sizes = kind_of(machine).sizes
    members = tuple(combinations({key: values for key, values in grid.items() if key in sizes.members}))
    return (Family(keys, members) for keys in sizes.families(machine, grid))


def _with(values: tuple[Any, ...], own: Any) -> tuple[Any, ...]:
    """The values and the machine's own, words first, numbers ascending."""
    every = {*values, own}
    words = sorted(value for value in every if isinstance(value, str))
    return (*words, *sorted(value for value in every if not isinstance(value, str)))
