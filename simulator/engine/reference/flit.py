"""A flit: one request for a word, and later the reply that carries the word back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from simulator.engine.cluster import CAUSE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Stage(Protocol):
    """Where a flit can wait; it knows why the flit did not move."""

    def why(self, flit: Flit, cycle: int) -> int:
        """Cause (an index of CAUSES) for which a flit that could have moved in `cycle` did not."""


class Flit:
    """One request on its way to a bank, and its word on the way back.

    `ready` is the first cycle in which it may move on from `place`; before it, the flit is in a pipeline.
    """

    __slots__ = (
        "channel",
        "consumed",
        "entry",
        "order",
        "place",
        "queue",
        "ready",
        "row",
        "sink",
        "source",
        "tag",
        "unit",
        "value",
        "word",
    )

    def __init__(self, unit: int, order: int, word: int, tag: int, row: int, entry: int) -> None:
        self.unit = unit
        self.order = order
        self.word = word
        self.tag = tag
        self.row = row
        self.entry = entry
        self.source = -1
        self.sink = -1
        self.channel = -1
        self.ready = 0
        self.consumed = False
        self.place: Stage | None = None
        self.queue: Queue | None = None
        self.value: NDArray[np.float64] | None = None


def stall_cause(flit: Flit, cycle: int) -> int:
    """Why a unit that waits for this flit in `cycle` is stalled: what held the flit in the cycle before, or latency."""
    if flit.place is None or flit.ready >= cycle:
        return CAUSE["latency"]
    return flit.place.why(flit, cycle - 1)


class Queue:
    """A finite FIFO with registered credits: what leaves in a cycle frees its slot in the next.

    A flit takes its slot when it is sent, so slots − held counts those in flight too.
    """

    __slots__ = ("flits", "held", "left", "left_at", "slots", "visible")

    def __init__(self, slots: float) -> None:
        self.slots = slots
        self.flits: list[Flit] = []
        self.held = 0
        self.visible = 0
        self.left = 0
        self.left_at = -1

    def free(self, cycle: int) -> float:
        """Slots that were free at the start of `cycle` and have not been taken in it."""
        return self.slots - self.held - (self.left if self.left_at == cycle else 0)

    def push(self, flit: Flit, ready: int) -> None:
        """Take a slot now for a flit that arrives at the end of cycle `ready` − 1: in order of arrival, equal ones by unit."""
        flit.ready = ready
        flit.queue = self
        place = len(self.flits)
        while place and (self.flits[place - 1].ready, self.flits[place - 1].unit) > (ready, flit.unit):
            place -= 1
        self.flits.insert(place, flit)
        self.held += 1

    def remove(self, index: int, cycle: int) -> Flit:
        """Let the flit at `index` leave in `cycle`."""
        if self.left_at != cycle:
            self.left_at, self.left = cycle, 0
        self.left += 1
        self.held -= 1
        return self.flits.pop(index)

    def headed(self, flit: Flit, cycle: int) -> bool:
        """Whether the flit, still here after `cycle`, was at the head at its start."""
        return self.left_at != cycle and flit in self.flits[:1]
