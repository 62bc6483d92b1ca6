"""A port of a memory bank: a request queue, one access a cycle, a read pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from simulator.engine.cluster import CAUSE
from simulator.engine.reference.clock import BANK, Clock, Process
from simulator.engine.reference.flit import Flit, Queue

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CONFLICT = CAUSE["bank_conflict"]
_CONTENTION = CAUSE["network_contention"]


class ReplyPath(Protocol):
    """What carries words from a bank port back to the units."""

    def free(self, port: int, flit: Flit, cycle: int) -> float:
        """Reply slots of the port that were free at the start of `cycle`."""

    def send(self, port: int, flit: Flit, ready: int) -> None:
        """Take a word that leaves the read pipeline at the end of cycle `ready` − 1."""


class BankPort:
    """One port of a bank. An access in cycle a has its word in the reply queue at the end of a + r − 1.

    With `multicast`, the access of the head serves the oldest queued requests for the same word too, as many as
    there are reply slots.
    """

    counter = "x_bank_reads"
    """What an access counts as."""

    def __init__(
        self,
        clock: Clock,
        port: int,
        slots: float,
        read_latency: int,
        replies: ReplyPath,
        memory: NDArray[np.float64] | None,
        *,
        multicast: bool,
    ) -> None:
        self.clock = clock
        self.port = port
        self.read_latency = read_latency
        self.replies = replies
        self.memory = memory
        self.multicast = multicast
        self.queue = Queue(slots)
        self._wake = clock.env.event()

    def free(self, cycle: int) -> float:
        """Request slots that were free at the start of `cycle`."""
        return self.queue.free(cycle)

    def receive(self, flit: Flit, ready: int) -> None:
        """Take a request that may be served from cycle `ready`."""
        flit.place = self
        self.queue.push(flit, ready)
        if not self._wake.triggered:
            self._wake.succeed()

    def run(self) -> Process:
        """The SimPy process: sleeps while the queue is empty, else one access a cycle."""
        while True:
            if not self.queue.flits:
                self._wake = self.clock.env.event()
                yield self._wake
            yield self.clock.at(self.clock.cycle + 1, BANK)
            self.access(self.clock.cycle)

    def access(self, cycle: int) -> None:
        """Serve the head, if its reply has a slot, and with multicast those that want the same word."""
        flits = self.queue.flits
        head = flits[0]
        room = self.replies.free(self.port, head, cycle)
        if head.ready > cycle or room < 1:
            return
        self.clock.counts[self.counter] += 1
        served = [0]
        if self.multicast:
            same = (i for i in range(1, len(flits)) if flits[i].word == head.word and flits[i].ready <= cycle)
            served += [index for index, _ in zip(same, range(int(min(room, len(flits))) - 1), strict=False)]
        leaving = [flits[index] for index in served]
        for index in reversed(served):
            self.queue.remove(index, cycle)
        for flit in leaving:
            self.touch(flit)
            self.replies.send(self.port, flit, cycle + self.read_latency)

    def touch(self, flit: Flit) -> None:
        """What the access does to the numbers: read the word."""
        if self.memory is not None:
            flit.value = self.memory[flit.word]

    def why(self, flit: Flit, cycle: int) -> int:
        """The head waits for a reply slot, all others behind a request for the same port."""
        return _CONTENTION if self.queue.headed(flit, cycle) else _CONFLICT
