"""Between the types of a run and plain JSON values, both ways."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from simulator.activity import Activity, Bounds, Counts, OperationActivity
from simulator.cost.types import ComponentCost, Cost
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine


def plain(value: Any) -> Any:
    """JSON values only: mappings become dicts, sequences lists, NumPy scalars Python's, infinities None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def machine_to_dict(machine: Machine) -> dict[str, Any]:
    """The whole machine file after defaults, without a mapping where the fabric takes none."""
    return machine.model_dump(mode="json", exclude=None if machine.fabric.takes_mapping else {"mapping"})


def elaborated_to_dict(elaborated: Elaborated) -> dict[str, Any]:
    """The settled geometry, without the machine."""
    record = {name: getattr(elaborated, name) for name in _ELABORATED}
    return {name: plain(value) for name, value in record.items()}


def elaborated_from_dict(machine: Mapping[str, Any], record: Mapping[str, Any]) -> Elaborated:
    """Inverse of `machine_to_dict` and `elaborated_to_dict`; an unlimited bandwidth was written as None."""
    numbers: dict[str, Any] = {name: math.inf if record[name] is None else record[name] for name in _ELABORATED}
    return Elaborated(machine=Machine.model_validate(machine), **numbers)


def cost_to_dict(cost: Cost) -> dict[str, Any]:
    """Technology, run time, and every component with its areas and its energy by action."""
    return {"technology": cost.technology, "seconds": cost.seconds, "components": [plain(asdict(part)) for part in cost.components]}


def cost_from_dict(record: Mapping[str, Any]) -> Cost:
    """Inverse of `cost_to_dict`."""
    parts = tuple(ComponentCost(**{**part, "notes": tuple(part["notes"])}) for part in record["components"])
    return Cost(technology=record["technology"], seconds=record["seconds"], components=parts)


def activity_to_dict(activity: Activity) -> dict[str, Any]:
    """What `activity_from_dict` reads, and no more."""
    return {
        "cycles": activity.cycles,
        "units": activity.units,
        "counts": activity.counts.to_dict(),
        "unit_cycles": dict(activity.unit_cycles),
        "bounds": activity.bounds.to_dict(),
        "operations": [_operation_to_dict(operation) for operation in activity.operations],
    }


def _operation_to_dict(operation: OperationActivity) -> dict[str, Any]:
    m, k, n = operation.shape
    return {
        "name": operation.name,
        "kind": operation.kind,
        "shape": {"m": m, "k": k, "n": n},
        "start_cycle": operation.start_cycle,
        "end_cycle": operation.end_cycle,
        "compute_cycles": operation.compute_cycles,
        "dense_macs": operation.macs_dense,
        "counts": operation.counts.to_dict(),
        "unit_cycles": dict(operation.unit_cycles),
        "bounds": operation.bounds.to_dict(),
        "details": dict(operation.details),
    }


def activity_from_dict(record: Mapping[str, Any]) -> Activity:
    """The activity that a dictionary of it, or a result's, was made from."""
    return Activity(
        cycles=record["cycles"],
        units=record["units"],
        counts=Counts(**record["counts"]),
        unit_cycles=record["unit_cycles"],
        bounds=Bounds(**record["bounds"]),
        operations=tuple(_operation_from_dict(entry) for entry in record["operations"]),
    )


def _operation_from_dict(record: Mapping[str, Any]) -> OperationActivity:
    shape = record["shape"]
    return OperationActivity(
        name=record["name"],
        kind=record["kind"],
        shape=(shape["m"], shape["k"], shape["n"]),
        start_cycle=record["start_cycle"],
        end_cycle=record["end_cycle"],
        compute_cycles=record["compute_cycles"],
        macs_dense=record["dense_macs"],
        counts=Counts(**record["counts"]),
        unit_cycles=record["unit_cycles"],
        bounds=Bounds(**record["bounds"]),
        details=record["details"],
    )


_ELABORATED = ("network_latency", "slices", "dram_bytes_per_cycle", "dram_latency_cycles", "dram_burst_bytes")
