"""A machine with some keys replaced, checked as a file would be: any keys, or those of another size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from simulator.kinds import design_of, kind_of
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


def resized(machine: Machine, size: int) -> Machine | None:
    """The machine at another size; None where no machine of its design is that small or that large."""
    kind = kind_of(machine)
    if size == kind.size(machine):
        return machine
    other = rebuilt(machine, kind.resized_keys(machine, size))
    return other if other is not None and design_of(other) == design_of(machine) else None


def with_sram_of(machine: Machine, reference: Machine) -> Machine:
    """A machine with the operand memory of another, where it takes it over; as it is where it has its own, or cannot have it."""
    sram = kind_of(reference).sram(reference)
    keys = None if sram is None else kind_of(machine).keys_with_sram(sram)
    other = None if keys is None else rebuilt(machine, keys)
    return machine if other is None else other
