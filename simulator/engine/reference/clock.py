"""The clock of the reference engine: SimPy time is cycle × PHASES + phase.

Within a cycle, units act first, then the request routers, the banks and the reply routers. Each writes only what
those after it read in a *later* cycle (a flit carries the first cycle in which it may move, a queue remembers what
left it in this cycle), so no result depends on the order in which SimPy visits the processes of one phase.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from simulator.activity import CLOCKED

PHASES = 4
UNIT, REQUEST, BANK, REPLY = range(PHASES)

Process = Generator[simpy.Event, Any, None]


class Clock:
    """A SimPy environment that counts in cycles and phases; what is clocked by it adds its events to `counts`.

    >>> clock = Clock()
    >>> def process(log):
    ...     yield clock.at(3, BANK)
    ...     log.append(clock.cycle)
    >>> log = []
    >>> _ = clock.start(process(log)); clock.env.run(); log
    [3]
    """

    def __init__(self) -> None:
        self.env = simpy.Environment()
        self.counts = dict.fromkeys(CLOCKED, 0)

    @property
    def cycle(self) -> int:
        """The present cycle."""
        return int(self.env.now) // PHASES

    def at(self, cycle: int, phase: int) -> simpy.Timeout:
        """An event at a phase of a cycle that has not passed."""
        return self.env.timeout(cycle * PHASES + phase - self.env.now)

    def tick(self) -> simpy.Timeout:
        """An event one cycle from now, in the same phase."""
        return self.env.timeout(PHASES)

    def start(self, process: Process) -> simpy.Process:
        """Start a process."""
        return self.env.process(process)
