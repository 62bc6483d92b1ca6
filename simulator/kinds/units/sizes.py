"""Sizes of a fabric of units: its design, its size as one number, and the grid of sizes that a search tries."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.kinds.base import Family, Grid, Sram
from simulator.kinds.units.machine import UnitsFabric, UnitsMachine

GRID: Mapping[str, tuple[Any, ...]] = {
    "fabric.units": (8, 16, 32, 64, 128, 256, 512),
    "fabric.lanes": (8, 16, 32, 64, 128, 256),
    "fabric.token_groups": (1, 2, 4, 8, 16, 32, 64, 128, 256),
    "fabric.replicas": (1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    "banks a unit of the cluster": (1, 2, 4),
    "fabric.bank_kib": (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0),
    "fabric.network.slices": ("auto", 1),
    "mapping.tokens_per_tile": ("auto", 1, 2, 4),
}
"""A copy has at least 8 banks, as `banks: auto` would give it; beside these keys a search settles `fabric.banks`."""
MEMBER_KEYS = ("fabric.bank_kib", "fabric.network.slices", "mapping.tokens_per_tile")
_LEAST_BANKS, _MOST_BANKS = 8, 1024


def design_of(fabric: UnitsFabric) -> str:
    """`partition`: several token groups; else `replication`: a copy for every unit; else `crossbar`: one copy for all; else `hybrid`."""
    if fabric.token_groups > 1:
        return "partition"
    if not fabric.has_network:
        return "replication"
    return "crossbar" if fabric.replicas == 1 else "hybrid"


def size_of(fabric: UnitsFabric) -> int:
    """A crossbar's units; the copies of a replication or hybrid, the token groups of a partition, whose clusters stay as they are."""
    design = design_of(fabric)
    return fabric.units if design == "crossbar" else fabric.token_groups if design == "partition" else fabric.replicas


def resized_keys(machine: UnitsMachine, size: int) -> Mapping[str, Any]:
    """Keys of the machine file at another size."""
    fabric, design = machine.fabric, design_of(machine.fabric)
    if design == "crossbar":
        banks = math.ceil(size * fabric.banks_per_copy / fabric.units)
        return {"fabric.units": size, "fabric.banks": _power_of_two(banks) if machine.mapping.placement == "hashed" else banks}
    if design == "partition":
        return {"fabric.units": size * fabric.replicas * fabric.units_per_cluster, "fabric.token_groups": size}
    return {"fabric.units": size * fabric.units_per_cluster, "fabric.replicas": size}


def sram_of(fabric: UnitsFabric) -> Sram:
    """Halves of all activation, weight and output banks."""
    return Sram(
        x_kib=fabric.clusters * fabric.banks_per_copy * fabric.bank_kib,
        w_kib=fabric.units * fabric.weight_bank_kib,
        y_kib=fabric.units * fabric.output_bank_kib,
    )


def grid_of(machine: UnitsMachine) -> Grid:
    """The values that are tried of each key; slices only where there is a network to be cut."""
    fabric = machine.fabric
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
    return Grid(own, GRID if fabric.has_network else {**GRID, "fabric.network.slices": ()}, MEMBER_KEYS)


def families(machine: UnitsMachine, values: Mapping[str, tuple[Any, ...]], members: tuple[Mapping[str, Any], ...]) -> Iterator[Family]:
    """Every shape of the grid that is of the machine's own design."""
    design, least_banks = design_of(machine.fabric), 1 if machine.fabric.banks_per_copy < _LEAST_BANKS else _LEAST_BANKS
    seen: set[tuple[Any, ...]] = set()
    for units, groups, replicas, lanes, ratio in itertools.product(
        *(values[key] for key in ("fabric.units", "fabric.token_groups", "fabric.replicas", "fabric.lanes", "banks a unit of the cluster"))
    ):
        if units % (groups * replicas) or not _is_design(design, units, groups, replicas):
            continue
        banks = max(least_banks, round(ratio * (units // (groups * replicas))))
        shape = (units, groups, replicas, lanes, banks)
        if banks <= _MOST_BANKS and shape not in seen:
            seen.add(shape)
            names = ("fabric.units", "fabric.token_groups", "fabric.replicas", "fabric.lanes", "fabric.banks")
            yield Family(dict(zip(names, shape, strict=True)), members)


def _is_design(design: str, units: int, groups: int, replicas: int) -> bool:
    if design == "partition":
        return groups > 1
    if groups > 1:
        return False
    return {"crossbar": replicas == 1 and units > 1, "replication": replicas == units, "hybrid": 1 < replicas < units}.get(design, False)


def _power_of_two(least: int) -> int:
    return 1 << max(0, least - 1).bit_length()
