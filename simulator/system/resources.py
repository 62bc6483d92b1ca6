"""What the processes of the system level share, and wait for: resources, parts that are here or gone, halves of a memory."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

Process = Generator[simpy.Event, Any, None]


class Meter:
    """A resource that serves one at a time, first come first served, and knows how long it was held."""

    def __init__(self, env: simpy.Environment) -> None:
        self.resource = simpy.Resource(env)
        self.busy = 0


class Tally:
    """How many parts of a sequence something has happened to, and to all before them; and who waits for one of them."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.count = 0
        self._ahead: dict[int, int] = {}
        """Ends of runs of parts that come later, by their first."""
        self._awaited: list[tuple[int, simpy.Event]] = []

    def reach(self, count: int) -> Process:
        """Wait until it has happened to the first so many."""
        if self.count < count:
            event = self.env.event()
            self._awaited.append((count, event))
            yield event

    def mark(self, first: int, end: int) -> None:
        """It happens to a run of parts."""
        self._ahead[first] = end
        while self.count in self._ahead:
            self.count = self._ahead.pop(self.count)
        if self._awaited:
            reached = [event for count, event in self._awaited if count <= self.count]
            self._awaited = [waiting for waiting in self._awaited if waiting[0] > self.count]
            for event in reached:
                event.succeed()


class Halves:
    """Ping and pong of one kind of memory: content i can come in once content i − 2 has been let go."""

    def __init__(self, env: simpy.Environment, contents: int) -> None:
        self.ready = [env.event() for _ in range(contents)]
        self.released = [env.event() for _ in range(contents)]

    def writable(self, content: int) -> simpy.Event | None:
        """What to wait for before filling; None where the half has never been used."""
        return self.released[content - 2] if content >= 2 else None
