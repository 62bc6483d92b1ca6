"""Which of several schedules takes the least time: the first by estimate, or, where that costs little, the quickest when played.

Estimates know the busiest unit and the bytes, but not who waits for whom: a first fill that nothing overlaps with, a network that
is contended, rows that find no room. So more capacity could make a machine slower, by tiles that look better and are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from simulator.engine.engines import EngineName, play
from simulator.recall import NOTHING, Recall, Same
from simulator.system.operation import OperationRun
from simulator.system.program import Program, interleaved
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


def rank(runs: Sequence[OperationRun], engine: EngineName, system: SystemSpec, recall: Recall = NOTHING) -> Rank:
    """Cycles of an operation, or of a chain, by itself, then bytes of DRAM. Of equal runs at another rate, the program is found again."""

    def alone() -> Program:
        programs = [run.program.of_operation(place) for place, run in enumerate(runs)]
        whole = programs[0] if len(programs) == 1 else interleaved(programs)
        return whole.by_itself(len(programs))

    if not recall.most:
        outcome = play(engine, system, alone())
    else:
        key = "alone", *(Same(run.program) for run in runs)
        outcome = play(engine, system, recall.of_key(key, lambda: alone().kept(), lambda program: program.parts))
    return outcome.cycles, outcome.moved_bytes["dram_read_bytes"] + outcome.moved_bytes["dram_write_bytes"]
