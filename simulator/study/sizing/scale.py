"""A machine by its size alone: one number, from which all of its other sizes follow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from simulator.kinds.systolic.machine import SystolicFabric
from simulator.kinds.units.machine import UnitsFabric
from simulator.machine.model import Machine
from simulator.study.sizing.kind import kind_of
from simulator.study.sizing.rebuilt import rebuilt


def size_of(machine: Machine) -> int:
    """The size of a machine.

    A crossbar's units; the copies of a replication or hybrid and the token groups of a partition, whose clusters stay as they
    are; a systolic array's edge, in steps that keep its aspect ratio and whole groups of `n_m` in its rows.
    """
    fabric = machine.fabric
    if isinstance(fabric, SystolicFabric):
        return _edge_steps(fabric)
    kind = kind_of(machine)
    return fabric.units if kind == "crossbar" else fabric.token_groups if kind == "partition" else fabric.replicas


def resized(machine: Machine, size: int) -> Machine | None:
    """The machine at another size; None where no machine of its kind is that small or that large."""
    if size == size_of(machine):
        return machine
    fabric = machine.fabric
    keys = _edges(fabric, size) if isinstance(fabric, SystolicFabric) else _clusters(machine, fabric, size)
    other = rebuilt(machine, keys)
    return other if other is not None and kind_of(other) == kind_of(machine) else None


def with_sram_of(machine: Machine, reference: Machine) -> Machine:
    """A systolic array with the on-chip SRAM of a gather machine: its X, weight and output banks, all of them, as buffers."""
    fabric = reference.gather
    other = rebuilt(
        machine,
        {
            "fabric.x_buffer_kib": fabric.clusters * fabric.banks_per_copy * fabric.bank_kib,
            "fabric.w_buffer_kib": fabric.units * fabric.weight_bank_kib,
            "fabric.y_buffer_kib": fabric.units * fabric.output_bank_kib,
        },
    )
    return machine if other is None else other


def _edges(fabric: SystolicFabric, size: int) -> Mapping[str, Any]:
    steps = _edge_steps(fabric)
    return {"fabric.rows": fabric.rows // steps * size, "fabric.cols": fabric.cols // steps * size}


def _edge_steps(fabric: SystolicFabric) -> int:
    """Of how many of the smallest legal arrays of its shape its edge is made, so that no size on the ladder is refused for `n_m`."""
    shape, (kept, _) = math.gcd(fabric.rows, fabric.cols), fabric.kept_of
    return shape // (kept // math.gcd(fabric.rows // shape, kept))


def _clusters(machine: Machine, fabric: UnitsFabric, size: int) -> Mapping[str, Any]:
    kind = kind_of(machine)
    if kind == "crossbar":
        banks = math.ceil(size * fabric.banks_per_copy / fabric.units)
        return {"fabric.units": size, "fabric.banks": _power_of_two(banks) if machine.mapping.placement == "hashed" else banks}
    if kind == "partition":
        return {"fabric.units": size * fabric.replicas * fabric.units_per_cluster, "fabric.token_groups": size}
    return {"fabric.units": size * fabric.units_per_cluster, "fabric.replicas": size}


def _power_of_two(least: int) -> int:
    return 1 << max(0, least - 1).bit_length()
