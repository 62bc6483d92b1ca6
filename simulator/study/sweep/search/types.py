"""What a search is: a generator that is told what came of the points it asked for."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

from simulator.errors import ConfigError
from simulator.specs.tree import deepest
from simulator.study.sweep.row import Row
from simulator.study.sweep.space import Place, Space

Wanted = Callable[[Place], bool]
"""Whether the conditions of the sweep let a place be a point."""
Generations = Generator[list[Place], list[Row], None]
"""Yields places to run together; is sent their rows, in the same order."""
Search = Callable[[Space, Wanted], Generations]


def some(places: Iterable[Place], space: Space) -> list[Place]:
    """All of the places. Raises ConfigError where `where` has left none."""
    found = list(places)
    if not found:
        where = deepest(space.root, ("where",))[0].place
        raise ConfigError(f"{where}: where: no combination that was looked at meets its conditions; allowed: conditions that leave a point")
    return found
