"""The one codec of results: between what a run is in memory and JSON.

`encoded`, `plain` and `text_of` write: msgspec follows the fields of `Activity`, `Cost` and their like, whose
JSON is what they are. A machine and its settled geometry look otherwise in a file, and have functions of their own here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from simulator.activity import Activity
from simulator.cost.heat import LeakageLaw
from simulator.cost.types import ComponentCost, Cost
from simulator.errors import OutputError
from simulator.machine.model import Elaborated, Machine

SCHEMA_VERSION = 3
"""Version of result.json; raised when a key changes its meaning or goes away."""

Settled = dict[str, int | float | None]
"""The numbers of an `Elaborated`, without its machine; None for an unlimited bandwidth."""

_SETTLED = tuple(name for name in Elaborated.__struct_fields__ if name != "machine")


def encoded(value: Any) -> bytes:
    """JSON: mappings and records as objects, sequences as arrays, NumPy's numbers as numbers, infinities as null."""
    return msgspec.json.encode(value, enc_hook=_known)


def plain(value: Any) -> Any:
    """The same as Python has it: dicts, lists, None and plain numbers."""
    return msgspec.json.decode(encoded(value))


def text_of(value: Any) -> bytes:
    """The same as the text of a file, a space more for each level; the same value gives the same bytes."""
    return msgspec.json.format(encoded(value), indent=1) + b"\n"


def check_schema(version: int) -> None:
    """Raise OutputError for a result of another schema version."""
    if version != SCHEMA_VERSION:
        raise OutputError(f"a result of schema version {version!r}; this sparsim reads version {SCHEMA_VERSION}")


def cost_from_dict(record: Mapping[str, Any]) -> Cost:
    """The cost that a dictionary of it was made from, an area of 0 as it was written: the same result writes the same bytes again."""
    parts = tuple(ComponentCost(**{**part, "notes": tuple(part["notes"])}) for part in record["components"])
    return Cost(record["technology"], record["seconds"], parts, LeakageLaw(**record["leakage"]))


def activity_from_dict(record: Mapping[str, Any]) -> Activity:
    """The activity that a dictionary of it was made from."""
    return msgspec.convert(record, Activity)


def machine_to_dict(machine: Machine) -> dict[str, Any]:
    """The whole machine file after defaults, without a mapping where the fabric takes none."""
    return machine.model_dump(mode="json", exclude=None if machine.fabric.takes_mapping else {"mapping"})


def elaborated_to_dict(elaborated: Elaborated) -> Settled:
    """The settled geometry, without the machine."""
    numbers = ((name, getattr(elaborated, name)) for name in _SETTLED)
    return {name: value if math.isfinite(value) else None for name, value in numbers}


def elaborated_from_dict(machine: Mapping[str, Any], settled: Settled) -> Elaborated:
    """Inverse of `machine_to_dict` and `elaborated_to_dict`; TypeError where a number is none."""
    for name in _SETTLED:
        wanted = (int, float, type(None)) if name == "dram_bytes_per_cycle" else (int,)
        if isinstance(settled[name], bool) or not isinstance(settled[name], wanted):
            raise TypeError(f"elaborated.{name} is {type(settled[name]).__name__}, no number")
    numbers: dict[str, Any] = {name: math.inf if settled[name] is None else settled[name] for name in _SETTLED}
    return Elaborated(machine=Machine.model_validate(machine), **numbers)


def _known(value: Any) -> Any:
    """What msgspec does not know, as something that it knows."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} has no place in a file of results")
