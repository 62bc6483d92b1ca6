"""Machines that are a single step from another: one key larger, smaller or otherwise, or a few that go together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from simulator.kinds import kind_of
from simulator.kinds.sizes import Keys, value_at
from simulator.machine.model import Machine
from simulator.study.sizing.scale import rebuilt


@dataclass(frozen=True)
class Step:
    """A machine that is one step from another."""

    keys: Keys
    """What it has of the keys that were changed."""
    machine: Machine
    way: tuple[str, ...]
    """The keys, and whether each goes up or down; of a word, which."""
    back: tuple[str, ...]
    """The way from there to where it began."""

    @classmethod
    def of(cls, origin: Machine, keys: Keys) -> Step | None:
        """None where there is no such machine, or it is of another design."""
        machine = rebuilt(origin, keys)
        if machine is None or machine == origin:
            return None
        sizes = kind_of(origin).sizes
        if kind_of(machine) is not kind_of(origin) or sizes.design(machine) != sizes.design(origin):
            return None
        changed = [(key, value_at(origin, key), value) for key, value in sorted(keys.items())]
        there = tuple(f"{key} {_way(before, after)}" for key, before, after in changed)
        return cls(keys, machine, there, tuple(f"{key} {_way(after, before)}" for key, before, after in changed))


def single_steps(machine: Machine, kept: Collection[str] = ()) -> list[Step]:
    """Every step from a machine to another of its kind and design that changes none of the keys that are `kept`; each machine once."""
    found: dict[str, Step] = {}
    for keys in kind_of(machine).sizes.steps(machine):
        step = None if any(key in kept for key in keys) else Step.of(machine, keys)
        if step is not None:
            found.setdefault(identity(step.machine), step)
    return list(found.values())


def identity(machine: Machine) -> str:
    """A machine as text, to tell designs apart."""
    return machine.model_dump_json()


def _way(before: Any, after: Any) -> str:
    if isinstance(before, (int, float)) and isinstance(after, (int, float)) and not isinstance(after, bool):
        return "up" if after > before else "down"
    return str(after)
