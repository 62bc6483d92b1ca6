"""The designs that a search tries: every combination of a grid that is of one kind, family by family."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.kinds.systolic.machine import SystolicFabric
from simulator.kinds.units.machine import UnitsFabric
from simulator.machine.model import Machine
from simulator.study.sizing.kind import Kind, kind_of

Keys = Mapping[str, Any]
"""Keys of the machine file, by path."""
Values = Mapping[str, tuple[Any, ...]]

GATHER_GRID: Values = {
    "fabric.units": (8, 16, 32, 64, 128, 256, 512),
    "fabric.lanes": (8, 16, 32, 64, 128, 256),
    "fabric.token_groups": (1, 2, 4, 8, 16, 32, 64, 128, 256),
    "fabric.replicas": (1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    "banks a unit of the cluster": (1, 2, 4),
    "fabric.bank_kib": (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0),
    "fabric.network.slices": ("auto", 1),
    "mapping.tokens_per_tile": ("auto", 1, 2, 4),
}
"""A copy has at least 8 banks, as `banks: auto` would give it."""
SYSTOLIC_GRID: Values = {
    "fabric.rows": (8, 16, 32, 64, 128, 256),
    "fabric.cols": (8, 16, 32, 64, 128, 256),
    "fabric.dataflow": ("best", "ws", "os", "is"),
    "fabric.x_buffer_kib": (16.0, 64.0, 256.0),
    "fabric.w_buffer_kib": (16.0, 64.0, 256.0),
    "fabric.y_buffer_kib": (64.0, 256.0, 1024.0),
}
SEARCHED = tuple(key for key in (*GATHER_GRID, *SYSTOLIC_GRID) if "." in key)
"""Keys of the machine file that a search tries values of, unless it is told to keep them; beside them it settles `fabric.banks`."""
_MEMBER_KEYS = (
    "fabric.bank_kib",
    "fabric.network.slices",
    "mapping.tokens_per_tile",
    "fabric.x_buffer_kib",
    "fabric.w_buffer_kib",
    "fabric.y_buffer_kib",
)
"""Keys within a family. The values of each begin with the least area, and (memories) with the fewest bits of an index."""


@dataclass(frozen=True)
class Family:
    """Designs that differ in memories, slices and token words only: the first legal one has the least area and the lowest bound."""

    keys: Keys
    members: tuple[Keys, ...]


def grid_of(machine: Machine, kept: Collection[str] = ()) -> dict[str, tuple[Any, ...]]:
    """The values that a search tries of each key. What the machine itself has is among them; all else, and `kept`, stays as it is."""
    own, tried = _of_array(machine.fabric) if isinstance(machine.fabric, SystolicFabric) else _of_units(machine, machine.fabric)
    return {key: (own[key],) if key in kept else _with(values, own[key]) for key, values in tried.items()}


def _of_array(fabric: SystolicFabric) -> tuple[Keys, Values]:
    """What the machine has of each key, and what is tried beside it."""
    return {key: getattr(fabric, key.removeprefix("fabric.")) for key in SYSTOLIC_GRID}, SYSTOLIC_GRID


def _of_units(machine: Machine, fabric: UnitsFabric) -> tuple[Keys, Values]:
    """What the machine has of each key, and what is tried beside it."""
    own = {
        "fabric.units": fabric.units,
        "fabric.lanes": fabric.lanes,
        "fabric.token_groups": fabric.token_groups,
        "fabric.replicas": fabric.replicas,
        "banks a unit of the cluster": fabric.banks_per_copy / fabric.units_per_cluster,
        "fabric.bank_kib": fabric.bank_kib,
        "fabric.network.slices": fabric.network.slices,
        "mapping.tokens_per_tile": machine.mapping.tokens_per_tile,
    }
    return own, GATHER_GRID if fabric.has_network else {**GATHER_GRID, "fabric.network.slices": ()}


def families(machine: Machine, grid: Values) -> Iterator[Family]:
    """Every family of the grid that is of the machine's kind."""
    members = _members(grid)
    if isinstance(machine.fabric, SystolicFabric):
        for keys in _combinations({key: values for key, values in grid.items() if key not in _MEMBER_KEYS}):
            yield Family(keys, members)
        return
    kind, least_banks = kind_of(machine), 1 if machine.fabric.banks_per_copy < _LEAST_BANKS else _LEAST_BANKS
    seen: set[tuple[Any, ...]] = set()
    for units, groups, replicas, lanes, ratio in itertools.product(
        *(grid[key] for key in ("fabric.units", "fabric.token_groups", "fabric.replicas", "fabric.lanes", "banks a unit of the cluster"))
    ):
        if units % (groups * replicas) or not _is_kind(kind, units, groups, replicas):
            continue
        banks = max(least_banks, round(ratio * (units // (groups * replicas))))
        shape = (units, groups, replicas, lanes, banks)
        if banks <= _MOST_BANKS and shape not in seen:
            seen.add(shape)
            names = ("fabric.units", "fabric.token_groups", "fabric.replicas", "fabric.lanes", "fabric.banks")
            yield Family(dict(zip(names, shape, strict=True)), members)


_LEAST_BANKS, _MOST_BANKS = 8, 1024


def _is_kind(kind: Kind, units: int, groups: int, replicas: int) -> bool:
    if kind == "partition":
        return groups > 1
    if groups > 1:
        return False
    return {"crossbar": replicas == 1 and units > 1, "replication": replicas == units, "hybrid": 1 < replicas < units}.get(kind, False)


def _members(grid: Values) -> tuple[Keys, ...]:
    return tuple(_combinations({key: values for key, values in grid.items() if key in _MEMBER_KEYS}))


def _combinations(values: Values) -> Iterator[Keys]:
    for chosen in itertools.product(*values.values()):
        yield dict(zip(values, chosen, strict=True))


def _with(values: tuple[Any, ...], own: Any) -> tuple[Any, ...]:
    """The values and the machine's own, words first, numbers ascending."""
    every = {*values, own}
    words = sorted(value for value in every if isinstance(value, str))
    return (*words, *sorted(value for value in every if not isinstance(value, str)))
