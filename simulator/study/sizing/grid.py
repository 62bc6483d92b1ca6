"""The designs that a search tries: every combination of its kind's grid that is of one design, family by family."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from simulator.kinds import KINDS, Family, kind_of
from simulator.machine.model import Machine

Keys = Mapping[str, Any]
"""Keys of the machine file, by path."""
Values = Mapping[str, tuple[Any, ...]]


def searched_keys() -> tuple[str, ...]:
    """Keys of the machine file that a search tries values of, unless it is told to keep them, over all kinds."""
    return tuple(dict.fromkeys(key for kind in KINDS for key in kind.searched if "." in key))


def grid_of(machine: Machine, kept: Collection[str] = ()) -> dict[str, tuple[Any, ...]]:
    """The values that a search tries of each key. What the machine itself has is among them; all else, and `kept`, stays as it is."""
    grid = kind_of(machine).grid(machine)
    return {key: (grid.own[key],) if key in kept else _with(values, grid.own[key]) for key, values in grid.tried.items()}


def families(machine: Machine, values: Values) -> Iterator[Family]:
    """Every family of the grid that is of the machine's design."""
    kind = kind_of(machine)
    keys = kind.grid(machine).member_keys
    members = {key: tried for key, tried in values.items() if key in keys}
    chosen = tuple(dict(zip(members, combination, strict=True)) for combination in itertools.product(*members.values()))
    return kind.families(machine, values, chosen)


def _with(values: tuple[Any, ...], own: Any) -> tuple[Any, ...]:
    """The values and the machine's own, words first, numbers ascending."""
    every = {*values, own}
    words = sorted(value for value in every if isinstance(value, str))
    return (*words, *sorted(value for value in every if not isinstance(value, str)))
