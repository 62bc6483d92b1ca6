"""Whom the reference system tells of what happens, as it does: by default nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from simulator.system.program import TileStep
    from simulator.system.waiting import Waiting


class Moving(NamedTuple):
    """What is moved."""

    operation: int
    """Its place in the program."""
    tensor: str
    """`x`, `w`, `y`, or `sums` that go to the buffer."""


class Watch:
    """Is told of all that happens on the system level, in cycles of the run; a watch overrides what it wants to know."""

    def served(self, way: str, asked: int, done: int, here: int, size: int, moving: Moving) -> None:
        """DRAM was asked to `read` or `write` so many bytes: when it is done with them, and when they are on the chip."""

    def carried(self, name: str, asked: int, begun: int, cycles: int, size: int, moving: Moving) -> None:
        """So many bytes have a port of the buffer or a bus to themselves for so many cycles, and when they were ready for it."""

    def stood(self, waiting: Waiting, begun: int, end: int) -> None:
        """The fabric stood still, before or within the tile of which is told next; or, after the last, for its write-back."""

    def ran(self, tile: TileStep, begun: int, end: int) -> None:
        """The fabric went through a tile, stops included."""


UNWATCHED = Watch()
"""Nobody."""
