"""A machine with some keys replaced, checked as a file would be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from simulator.machine.model import Machine


def rebuilt(machine: Machine, keys: Mapping[str, Any]) -> Machine | None:
    """Return the machine with `{"fabric.units": 128, …}`; None where the machine file would be refused."""
    record = machine.model_dump(exclude_unset=True)
    for path, value in keys.items():
        *above, last = path.split(".")
        place = record
        for key in above:
            place = place.setdefault(key, {})
        place[last] = value
    try:
        return Machine.model_validate(record)
    except ValidationError:
        return None
