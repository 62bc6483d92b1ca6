"""What a search is: a generator that is told what came of the points it asked for."""

from __future__ import annotations

from collections.abc import Callable, Generator

from simulator.explore.row import Row
from simulator.explore.space import Place, Space

Wanted = Callable[[Place], bool]
"""Whether the conditions of the sweep let a place be a point."""
Generations = Generator[list[Place], list[Row], None]
"""Yields places to run together; is sent their rows, in the same order."""
Search = Callable[[Space, Wanted], Generations]
