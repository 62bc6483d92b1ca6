"""A router: input queues (FIFO or VOQ), an allocator, and links with a pipeline to what lies downstream."""

from __future__ import annotations

from collections import deque
from typing import Literal, Protocol

from simulator.timing.fabric import CAUSE
from simulator.timing.reference.allocator import Allocator
from simulator.timing.reference.clock import Clock, Process
from simulator.timing.reference.flit import Flit, Queue

_CONTENTION = CAUSE["network_contention"]


class Sink(Protocol):
    """What an output of a router leads to."""

    def free(self, cycle: int) -> float:
        """Slots that were free at the start of `cycle`."""

    def receive(self, flit: Flit, ready: int) -> None:
        """Take a flit that may move on from cycle `ready`."""


class Router:
    """One stage of a network, clocked in one phase.

    A flit pushed for cycle t + 1 can be granted in t + 1; a grant in cycle g reaches the sink for cycle
    g + `latency`. One flit an input and an output each cycle.
    """

    def __init__(
        self,
        clock: Clock,
        phase: int,
        sinks: list[Sink],
        inputs: int,
        *,
        queues: Literal["fifo", "voq"],
        slots: int,
        latency: int,
        allocator: Allocator,
        lost_cause: int = _CONTENTION,
    ) -> None:
        self.clock = clock
        self.phase = phase
        self.sinks = sinks
        self.latency = latency
        self.allocator = allocator
        self.lost_cause = lost_cause
        self.per_input = len(sinks) if queues == "voq" else 1
        self.queues = [Queue(slots) for _ in range(inputs * self.per_input)]
        self.wants = [0] * len(sinks)
        self.arriving: deque[tuple[Queue, int, Flit]] = deque()
        self.taken_at = [-1] * len(sinks)
        self.flits = 0
        self.hops = 0

    def free(self, source: int, output: int, cycle: int) -> float:
        """Slots that an input has for flits to `output`."""
        return self._queue(source, output).free(cycle)

    def push(self, source: int, output: int, flit: Flit, ready: int) -> None:
        """Put a flit for `output` into the buffer of an input; it may be granted from cycle `ready`."""
        queue = self._queue(source, output)
        flit.output = output
        flit.place = self
        queue.push(flit, ready)
        self.arriving.append((queue, source, flit))
        self.flits += 1

    def run(self) -> Process:
        """The SimPy process: one step a cycle."""
        yield self.clock.at(self.clock.cycle, self.phase)
        while True:
            if self.flits:
                self.step(self.clock.cycle)
            yield self.clock.tick()

    def step(self, cycle: int) -> None:
        """Match inputs and outputs, and let the winners leave."""
        self._show_arrivals(cycle)
        open_wants: dict[int, int] = {}
        for output, mask in enumerate(self.wants):
            if not mask:
                continue
            if self.sinks[output].free(cycle) > 0:
                open_wants[output] = mask
            else:
                self.taken_at[output] = cycle
        for source, output in self.allocator.match(open_wants):
            self._forward(source, output, cycle)

    def why(self, flit: Flit, cycle: int) -> int:
        """A head that lost its output to another, or found it full, has `lost_cause`; all else is contention."""
        queue = flit.queue
        lost = queue is not None and queue.headed(flit, cycle) and self.taken_at[flit.output] == cycle
        return self.lost_cause if lost else _CONTENTION

    def _queue(self, source: int, output: int) -> Queue:
        return self.queues[source * self.per_input + (output if self.per_input > 1 else 0)]

    def _show_arrivals(self, cycle: int) -> None:
        arriving = self.arriving
        while arriving and arriving[0][2].ready <= cycle:
            queue, source, flit = arriving.popleft()
            queue.visible += 1
            if queue.visible == 1:
                self.wants[flit.output] |= 1 << source

    def _forward(self, source: int, output: int, cycle: int) -> None:
        queue = self._queue(source, output)
        flit = queue.remove(0, cycle)
        queue.visible -= 1
        self.wants[output] &= ~(1 << source)
        if queue.visible:
            self.wants[queue.flits[0].output] |= 1 << source
        self.taken_at[output] = cycle
        self.flits -= 1
        self.hops += 1
        self.sinks[output].receive(flit, cycle + self.latency)
