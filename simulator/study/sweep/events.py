"""What a sweep tells while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.study.sweep.row import Row


@dataclass(frozen=True)
class Planned:
    """Points have been chosen; nothing of them has been run."""

    points: int
    """Chosen so far."""
    expected: int
    """That the whole sweep will choose."""
    stored: int
    """Of these, found in the store."""
    excluded: int
    """Combinations that a condition of `where` left out."""
    invalid: Sequence[Row]
    """Combinations that are no machine or no workload."""


@dataclass(frozen=True)
class Finished:
    """A point is in the store."""

    row: Row
    computed: bool
    """Whether it was run now; false where the store had it."""


@dataclass(frozen=True)
class Searching:
    """The best sizes of a machine are looked for; its point is chosen after."""

    name: str
    """The machine and the workload."""
    fraction: float
    """Of the designs, decided."""


Event = Planned | Finished | Searching
Listener = Callable[[Event], None]
