"""Which of several schedules takes the least time: the first by estimate, or, where that costs little, the quickest when played.

Estimates know the busiest unit and the bytes, but not who waits for whom: a first fill that nothing overlaps with, a network that
is contended, rows that find no room. So more capacity could make a machine slower, by tiles that look better and are not.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from msgspec import Struct

from simulator.engine.engines import EngineName, play
from simulator.recall import NOTHING, Recall, Same
from simulator.system.operation import OperationRun, alone
from simulator.system.program import OperationProgram, Program
from simulator.system.quick_bound import QuickBound
from simulator.system.spec import SystemSpec

NEAR = 2.0
"""Estimates within this factor of the least may be of the quickest."""
MOST_TRIED = 8
"""Schedules that are played, if so many are near."""
TRIED_ENTRIES = 50_000
"""List entries that all units examine in an operation, above which only estimates are compared: a few milliseconds a schedule."""

Way = TypeVar("Way")
Rank = tuple[float, ...]
"""Cycles, then what else there is to compare."""


def near(ranks: Mapping[Way, Rank], most: int) -> list[Way]:
    """Of all ways, those that may well take the least time, so many at most, the likeliest first; of equal ones, the first.

    >>> near({"slow": (200.0,), "even": (100.0, 2.0), "best": (100.0, 1.0), "close": (120.0,)}, 3)
    ['best', 'even', 'close']
    """
    ranked = sorted(ranks, key=ranks.__getitem__)
    limit = NEAR * ranks[ranked[0]][0]
    return [way for way in ranked[:most] if ranks[way][0] <= limit]


def more(least: int) -> tuple[int, ...]:
    """Numbers of tiles to try, of which the least just fits: those that a half or a quarter of the room would take are among them."""
    return least, least + 1, 2 * least, 3 * least, 4 * least


class Alone(Struct, frozen=True, eq=False):
    """An operation, or a chain, that has the machine to itself."""

    program: Program
    bound: QuickBound

    @classmethod
    def of(cls, runs: Sequence[OperationRun], recall: Recall = NOTHING) -> Alone:
        """What its operations do; of equal runs it is found again, to be played at other rates."""

        def made() -> Alone:
            program = alone([run.program for run in runs], recall)
            return cls(program, QuickBound(OperationProgram(program.tiles, program.x_fills, program.w_fills, program.drains)))

        return recall.of_key(("alone", *(Same(run.program) for run in runs)), made)

    def floor(self, system: SystemSpec) -> Rank:
        """No rank is below."""
        moved = self.bound.moved(system)
        return self.bound.cycles(system), moved.dram_read_bytes + moved.dram_write_bytes

    def rank(self, engine: EngineName, system: SystemSpec) -> Rank:
        """Cycles, then bytes of DRAM."""
        outcome = play(engine, system, self.program)
        return outcome.cycles, outcome.moved_bytes["dram_read_bytes"] + outcome.moved_bytes["dram_write_bytes"]


class Floor(Protocol):
    """What no run of a way goes below."""

    def cycles(self, spec: SystemSpec) -> int:
        """On a system."""


class Busy(Struct, frozen=True):
    """The cycles of all tiles, on a system that never keeps them waiting."""

    of_tiles: int

    def cycles(self, spec: SystemSpec) -> int:
        """On any."""
        return self.of_tiles


class Try(Struct, frozen=True, eq=False):
    """A way that is run only where it may be the quickest."""

    leasts: Sequence[Callable[[], Floor]]
    """Of what no run of it goes below: each dearer than the one before it, and no farther."""
    run: Callable[[], Alone]


def quickest(ways: Sequence[Try], engine: EngineName, system: SystemSpec) -> int:
    """Place of the way that is through first; of those, that moves the fewest bytes of DRAM; of those, the first.

    `ways` are in order of what they promise. The first is run as it is, since what it takes at least would hardly ever rule it out;
    the others in order of what they take at least, until none can be better. That is told as nearly as the order asks for.
    """
    best: tuple[Rank, int] = ways[0].run().rank(engine, system), 0
    waiting = [(way.leasts[0]().cycles(system), place, 1) for place, way in enumerate(ways) if place]
    heapq.heapify(waiting)
    while waiting:
        cycles, place, told = heapq.heappop(waiting)
        if ((cycles,), place) >= best:
            break
        leasts = ways[place].leasts
        if told < len(leasts):
            heapq.heappush(waiting, (leasts[told]().cycles(system), place, told + 1))
            continue
        alone = ways[place].run()
        if (alone.floor(system), place) < best:
            best = min(best, (alone.rank(engine, system), place))
    return best[1]
