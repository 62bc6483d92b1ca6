"""An entry of a machine's inventory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulator.cost.component import Component


@dataclass(frozen=True)
class Instance:
    """`count` equal pieces of hardware."""

    name: str
    """The component of reports that they belong to."""
    part: str
    """Which part of it they are."""
    component: Component
    count: int
    per_event: float = 1.0
    """Actions for each event that its part is charged for: a share of them where a part has instances of several sizes."""


def total_die_mm2(instances: Iterable[Instance]) -> float:
    """Die area of all instances."""
    return sum(entry.count * entry.component.die_mm2() for entry in instances)
