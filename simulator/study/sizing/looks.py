"""Designs that a search by steps has looked at: simulated once each, or ruled out, and how far the search is told to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from simulator.errors import MappingError
from simulator.machine.model import Machine
from simulator.result import Result
from simulator.study.sizing.problem import Built, Problem
from simulator.study.sizing.runner import RunResult
from simulator.study.sizing.steps import identity

T = TypeVar("T")
RUN_AT_ONCE = 8
"""Designs simulated before the next decision, whatever the number of processes, so that these do not change what is found."""
OVER_CAP, HOLDS_NOT, REFUSED, BOUNDED = "over the cap", "cannot hold the workload", "no such machine", "cannot be better"


@dataclass(frozen=True)
class Standing:
    """How far a search has come."""

    stage: str
    """What it is doing."""
    simulated: int
    best: float | None
    """The objective's value of the best so far: s, pJ, J·s·mm², or mm²."""
    bound: float
    """No design goes below; 0 where that is not known."""


Tell = Callable[[Standing], None]
Run = Callable[[Sequence[Machine]], list[RunResult]]
"""Runs designs on the workload, or on a part of it."""


def untold(standing: Standing) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Seen:
    """A design that was looked at."""

    value: float | None = None
    """None where it is no design to choose, or was not simulated."""
    why: str = ""
    bound: float | None = None
    """Of one that was ruled out by it."""


_UNSEEN = Seen()


class Looks:
    """Looks at designs, each once.

    looks = Looks(problem, runner.run, tell)
    looks.at([machine])
    looks.value(machine)
    """

    def __init__(self, problem: Problem, run: Run, tell: Tell, of: str = "") -> None:
        """`of`: what the stages that it tells begin with."""
        self.problem = problem
        self.run = run
        self.tell = tell
        self.of = of
        self.stage = ""
        self.bound = 0.0
        """No design that is still of interest goes below; 0 where that is not known."""
        self.counts: Counter[str] = Counter()
        """Designs simulated, and left out, by why."""
        self._seen: dict[str, Seen] = {}
        self._least: float | None = None
        """Of the objective, of all designs that were simulated."""
        self._latest: tuple[str, Result] | None = None
        """The run of the least value, by its machine: those of all designs would take much room."""

    @property
    def simulated(self) -> int:
        """Designs."""
        return self.counts["simulated"]

    @property
    def spent(self) -> bool:
        """Whether the budget is."""
        return self.problem.budget is not None and self.simulated >= self.problem.budget

    def at(self, machines: Iterable[Machine], to_beat: float | None = None) -> None:
        """Simulate those that were not looked at before, and that could be better than a value."""
        waiting = []
        for key, machine in {identity(machine): machine for machine in machines}.items():
            known = self._seen.get(key)
            if known is None or (known.bound is not None and (to_beat is None or known.bound <= to_beat)):
                ruled_out = self._ruled_out(machine, to_beat)
                if ruled_out is None:
                    waiting.append((key, machine))
                else:
                    self.counts[ruled_out.why] += 1
                    self._seen[key] = ruled_out
        for batch in batches(waiting, RUN_AT_ONCE):
            for (key, _), outcome in zip(batch, self.run([machine for _, machine in batch]), strict=True):
                self._seen[key] = self._ran(key, outcome)
            self.tell(Standing(self.of + self.stage, self.simulated, self._least, self.bound))

    def knows(self, machine: Machine) -> bool:
        """Whether it looked at a design."""
        return identity(machine) in self._seen

    def seen(self, machine: Machine) -> Seen:
        """What it knows of a design; of one that it did not look at nothing."""
        return self._seen.get(identity(machine), _UNSEEN)

    def value(self, machine: Machine) -> float | None:
        """The objective's value of a design; None where it is none to choose, or was not simulated."""
        return self.seen(machine).value

    def known(self, machine: Machine) -> float:
        """The same of one that was simulated and may be chosen."""
        value = self.value(machine)
        assert value is not None, "only what ran is gone to"
        return value

    def result(self, machine: Machine) -> Result:
        """Of a machine that was run."""
        if self._latest is None or self._latest[0] != identity(machine):
            (again,) = self.run([machine])
            assert isinstance(again, Result), "it ran before"
            return again
        return self._latest[1]

    def floor(self, built: Built) -> float:
        """What no run of a design goes below."""
        return self.problem.bound(built, self.problem.floor.least(built.elaborated))

    def _ruled_out(self, machine: Machine, to_beat: float | None) -> Seen | None:
        built = self.problem.built(machine)
        if built is None:
            return Seen(why=REFUSED)
        if self.problem.over_cap(built):
            return Seen(why=OVER_CAP)
        least = self.problem.floor.least(built.elaborated)
        if self.problem.too_slow(built, least):
            return Seen(why=OVER_CAP)
        bound = self.problem.bound(built, least)
        return Seen(why=BOUNDED, bound=bound) if to_beat is not None and bound > to_beat else None

    def _ran(self, key: str, outcome: RunResult) -> Seen:
        self.counts["simulated"] += 1
        if isinstance(outcome, MappingError):
            self.counts[HOLDS_NOT] += 1
            return Seen(why=HOLDS_NOT)
        if not self.problem.within(outcome):
            self.counts[OVER_CAP] += 1
            return Seen(why=OVER_CAP)
        value = self.problem.value(outcome)
        if self._least is None or value < self._least:
            self._least, self._latest = value, (key, outcome)
        return Seen(value)


def batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """Cut into lists of that size."""
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch
