"""What a fabric that stands still waits for, by where its operands are on their way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

NEVER = 1 << 62

Waiting = Literal["dram", "trunk", "write_back", "dependence"]
"""What a fabric that stands still waits for; causes of its units' cycles."""


class Way(Struct):
    """When a fill, or a part of one, was where."""

    free: int
    """When what it is made from was there."""
    asked: int = NEVER
    """When there was room for it."""
    left_dram: int = 0
    here: int = NEVER


class Ways:
    """Those of a stream, in order: what is not here at a time waits for the first that is not."""

    def __init__(self) -> None:
        self._ways: list[Way] = []
        self._passed = 0

    def begin(self, now: int) -> Way:
        """The next one."""
        self._ways.append(Way(now))
        return self._ways[-1]

    def waited(self, count: int, begun: int, end: int) -> Iterator[tuple[Waiting, int]]:
        """What was waited for from `begun` to `end`, when the first `count` were here; later calls ask of later times."""
        while begun < end:
            way = self._ways[self._passed]
            reached = min(way.here, end)
            stages: tuple[tuple[Waiting, int], ...] = (
                ("dependence", way.free),
                ("write_back", way.asked),
                ("dram", way.left_dram),
                ("trunk", reached),
            )
            for waiting, until in stages:
                if begun < min(until, reached):
                    yield waiting, min(until, reached) - begun
                    begun = min(until, reached)
            if self._passed + 1 == count:
                return
            self._passed += 1
