"""The best machine of a kind by single steps in every key, from several starts, until no step is better: and the proof of that.

Each round simulates a few steps from where the search stands, those of ways that helped before first, and goes on from the best
of them, or from several at once where that is better still. It ends where every single step has been looked at and none helps.
Then the shapes of the grid (units, lanes, copies; edges), all else as what was found has it, are bounded from below, and those of
the lowest bounds simulated: where one is better the search goes on from there, and the lowest bound that is left is the gap.
Of a large workload all of that is rehearsed on a part of it first, and begun on the whole where the rehearsal ended.
Last every single step is simulated, unless its bound says that it cannot be better by more than the tolerance: the certificate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from simulator.errors import MappingError
from simulator.kinds import kind_of
from simulator.machine.model import Machine
from simulator.result import Result
from simulator.study.sizing.certificate import TOLERANCE, Certificate, Neighbour, Walk
from simulator.study.sizing.problem import Built, Problem
from simulator.study.sizing.runner import PARTED, Runner, RunResult, rehearsal_of
from simulator.study.sizing.scale import grid_of, rebuilt
from simulator.study.sizing.steps import Step, identity, single_steps

T = TypeVar("T")
RUN_AT_ONCE = 8
"""Designs simulated before the next decision, whatever the number of processes, so that these do not change what is found."""
SHAPES, STARTS = 8, 2
"""It starts from the best of the machine itself and so many shapes of the grid, those of the lowest bounds."""
CLOSING = 24
"""Most shapes that are simulated to close the gap around one machine; on the whole after a rehearsal, which has been through them, a
third of that."""
TAKEN = 0.003
"""A step is taken where it is better by more than this share."""
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
class Climbed:
    """The best design, its run, and what is known of it."""

    machine: Machine
    result: Result
    walk: Walk


@dataclass(frozen=True)
class _Seen:
    """A design that was looked at."""

    value: float | None = None
    """None where it is no design to choose, or was not simulated."""
    why: str = ""
    bound: float | None = None
    """Of one that was ruled out by it."""


def climb(problem: Problem, runner: Runner, kept: Collection[str] = (), tell: Tell = untold) -> Climbed | None:
    """Return the best design that steps lead to, within the limits; None where no start keeps to them.

    With a budget it may end before no step is better; `Walk.cut_short` then says so.
    """
    part = None if problem.budget is not None else rehearsal_of(problem.floor.workload)
    if part is None:
        return _Climb(problem, runner.run, kept, tell).found()
    rehearsal = _Climb(problem.of_part(part), runner.rehearse, {*kept, PARTED}, tell, "rehearsal: ")
    return _Climb(problem, runner.run, kept, tell).found(rehearsal.rehearsed(), rehearsal.counts["simulated"])


def certify(problem: Problem, runner: Runner, kept: Collection[str] = (), tell: Tell = untold) -> Certificate:
    """The certificate of the problem's machine by itself, without a search. Raises MappingError where it cannot hold the workload."""
    return _Climb(problem, runner.run, kept, tell).certificate(problem.machine)


class _Climb:
    def __init__(self, problem: Problem, run: Run, kept: Collection[str], tell: Tell, of: str = "") -> None:
        self.problem = problem
        self.run = run
        self.kept = kept
        self.tell = tell
        self.of = of
        """What its stages begin with."""
        self.seen: dict[str, _Seen] = {}
        self.counts: Counter[str] = Counter()
        self.failures: Counter[tuple[str, ...]] = Counter()
        self.least: float | None = None
        """Of the objective, of all designs that were simulated."""
        self.bound = 0.0
        self.stage = ""
        self.closing = CLOSING
        self.latest: tuple[str, Result] | None = None
        """The run of the least value, by its machine: those of all designs would take much room."""

    def rehearsed(self) -> Machine | None:
        """Where a walk leads from the best start, and from the best shape about what it leads to; None where no start runs."""
        starts = self._starts()
        return self._rounded(self._walked(starts[:1])[0]) if starts else None

    def found(self, begun: Machine | None = None, rehearsed: int = 0) -> Climbed | None:
        """The best design, with its certificate; begun where so many runs of a rehearsal have led, if any."""
        if begun is None:
            starts = self._starts()
        else:
            starts = self._quickest([self.problem.machine, begun], 1)
            self.closing = CLOSING // 3
        if not starts:
            return None
        best, certificate = self._certified(self._rounded(self._walked(starts)[0]))
        walk = Walk(
            objective=self.problem.objective,
            best=certificate.value,
            bound=self.bound,
            starts=len(starts),
            moves=self.counts["moves"],
            rehearsed=rehearsed,
            simulated=self.counts["simulated"],
            bounded=self.counts[BOUNDED],
            over_cap=self.counts[OVER_CAP],
            illegal=self.counts[HOLDS_NOT] + self.counts[REFUSED],
            cut_short=self._spent,
            certificate=certificate,
        )
        return Climbed(best, self._result(best), walk)

    def _result(self, machine: Machine) -> Result:
        """Of a machine that was run."""
        if self.latest is None or self.latest[0] != identity(machine):
            (again,) = self.run([machine])
            assert isinstance(again, Result), "it ran before"
            return again
        return self.latest[1]

    @property
    def _spent(self) -> bool:
        return self.problem.budget is not None and self.counts["simulated"] >= self.problem.budget

    def _starts(self) -> list[Machine]:
        """The best of the machine itself and of the shapes of its grid that promise most; only those that run within the limits."""
        return self._quickest([self.problem.machine, *self._shapes()], STARTS)

    def _quickest(self, machines: Sequence[Machine], most: int) -> list[Machine]:
        """The best so many of those that run within the limits."""
        self.stage = "starts"
        apart = {identity(machine): machine for machine in machines}.values()
        self._look(apart)
        runs = sorted(((value, machine) for machine in apart if (value := self._value(machine)) is not None), key=lambda run: run[0])
        return [machine for _, machine in runs[:most]]

    def _walked(self, starts: Sequence[Machine]) -> list[Machine]:
        """Where walks lead from each, the best first."""
        ends = []
        for number, start in enumerate(starts, 1):
            self.stage = f"walk {number} of {len(starts)}"
            ends.append(self._walk(start))
        return sorted(ends, key=self._known)

    def _shapes(self) -> list[Machine]:
        """Those of the lowest bounds about the machine itself."""
        return [shape for _, shape in self._bounded(self.problem.machine)[:SHAPES]]

    def _bounded(self, machine: Machine) -> list[tuple[float, Machine]]:
        """Units, lanes, copies or edges of the grid, all else as a machine has it: what keeps to the caps, the lowest bound first."""
        sizes = kind_of(machine).sizes
        bounded = []
        for number, keys in enumerate(sizes.families(machine, grid_of(machine, self.kept))):
            shape = rebuilt(machine, keys)
            built = None if shape is None else self.problem.built(shape)
            if built is not None and not self.problem.over_cap(built):
                bounded.append((self._bound(built), number, built.machine))
        return [(bound, shape) for bound, _, shape in sorted(bounded, key=lambda each: each[:2])]

    def _rounded(self, best: Machine) -> Machine:
        """Where no shape of the lowest bounds about the machine is better; the bound of the others stands."""
        while True:
            self.stage = "shapes about the best"
            better = self._closed(best, self._bounded(best))
            if better is None:
                return best
            self.stage = "walk from a better shape"
            best = self._walk(better)

    def _closed(self, best: Machine, shapes: Sequence[tuple[float, Machine]]) -> Machine | None:
        """A shape that is better, of those of the lowest bounds that were not looked at; tells the least that the others may have."""
        value = self._known(best)
        unseen = [(bound, shape) for bound, shape in shapes if identity(shape) not in self.seen]
        for done in range(0, self.closing + 1, RUN_AT_ONCE):
            left = unseen[done:]
            ran = [found for _, shape in shapes if identity(shape) in self.seen and (found := self._value(shape)) is not None]
            self.bound = min(value, *ran, *(bound for bound, _ in left[:1]))
            better = [shape for _, shape in shapes if identity(shape) in self.seen and self._gain(shape, value)]
            if better:
                return min(better, key=self._known)
            if not left or left[0][0] >= value or done == self.closing or self._spent:
                return None
            self._look([shape for _, shape in left[:RUN_AT_ONCE]], value)
        return None

    def _bound(self, built: Built) -> float:
        return self.problem.bound(built, self.problem.floor.least(built.elaborated))

    def _walk(self, here: Machine) -> Machine:
        """Where steps lead: none from there is better, or the budget is spent."""
        while not self._spent and (better := self._better(here)) is not None:
            self.counts["moves"] += 1
            here = better
        return here

    def _better(self, here: Machine) -> Machine | None:
        """A better machine than this by a step or several at once; None where there is none, or the budget is spent."""
        value = self._known(here)
        # what is around the fabric first, while the runs of this one are remembered: its fabric does the same
        around = kind_of(here).sizes.around.keys()
        steps = sorted(single_steps(here, self.kept), key=lambda step: (self.failures[step.way], not step.keys.keys() <= around))
        for batch in _batches(steps, RUN_AT_ONCE):
            self._look([step.machine for step in batch], value)
            better = [step for step in batch if self._gain(step.machine, value)]
            for step in batch:
                self.failures[step.way] += 1
            if better:
                better.sort(key=lambda step: self._known(step.machine))
                for step in better:
                    self.failures[step.way] = -1
                return self._furthest(here, better, value)
            if self._spent:
                return None
        return None

    def _furthest(self, here: Machine, better: Sequence[Step], value: float) -> Machine:
        """The best of some steps, or of the first few taken together."""
        together = [step.machine for step in better[:1]]
        keys = dict(better[0].keys)
        for step in better[1:]:
            if keys.keys().isdisjoint(step.keys):
                keys |= step.keys
                joined = Step.of(here, keys)
                together += [] if joined is None else [joined.machine]
        self._look(together, value)
        ran = [machine for machine in together if self._value(machine) is not None]
        return min(ran, key=self._known)

    def _gain(self, machine: Machine, value: float) -> bool:
        other = self._value(machine)
        return other is not None and other < value * (1 - TAKEN)

    def _value(self, machine: Machine) -> float | None:
        return self.seen[identity(machine)].value

    def _known(self, machine: Machine) -> float:
        value = self._value(machine)
        assert value is not None, "only what ran is gone to"
        return value

    def _look(self, machines: Iterable[Machine], to_beat: float | None = None) -> None:
        """Simulate those that were not looked at before, and that could be better than a value."""
        waiting = []
        for key, machine in {identity(machine): machine for machine in machines}.items():
            known = self.seen.get(key)
            if known is None or (known.bound is not None and (to_beat is None or known.bound <= to_beat)):
                ruled_out = self._ruled_out(machine, to_beat)
                if ruled_out is None:
                    waiting.append((key, machine))
                else:
                    self.counts[ruled_out.why] += 1
                    self.seen[key] = ruled_out
        for batch in _batches(waiting, RUN_AT_ONCE):
            for (key, _), outcome in zip(batch, self.run([machine for _, machine in batch]), strict=True):
                self.seen[key] = self._ran(key, outcome)
            self.tell(Standing(self.of + self.stage, self.counts["simulated"], self.least, self.bound))

    def _ruled_out(self, machine: Machine, to_beat: float | None) -> _Seen | None:
        built = self.problem.built(machine)
        if built is None:
            return _Seen(why=REFUSED)
        if self.problem.over_cap(built):
            return _Seen(why=OVER_CAP)
        least = self.problem.floor.least(built.elaborated)
        if self.problem.too_slow(built, least):
            return _Seen(why=OVER_CAP)
        bound = self.problem.bound(built, least)
        return _Seen(why=BOUNDED, bound=bound) if to_beat is not None and bound > to_beat else None

    def _ran(self, key: str, outcome: Result | MappingError) -> _Seen:
        self.counts["simulated"] += 1
        if isinstance(outcome, MappingError):
            self.counts[HOLDS_NOT] += 1
            return _Seen(why=HOLDS_NOT)
        if not self.problem.within(outcome):
            self.counts[OVER_CAP] += 1
            return _Seen(why=OVER_CAP)
        value = self.problem.value(outcome)
        if self.least is None or value < self.least:
            self.least, self.latest = value, (key, outcome)
        return _Seen(value)

    def _certified(self, best: Machine) -> tuple[Machine, Certificate]:
        """With its certificate: where a step turns out to be better after all, the search goes on from there."""
        while True:
            certificate = self.certificate(best)
            if certificate.holds or self._spent:
                return best, certificate
            best = self._rounded(self._walk(best))

    def certificate(self, machine: Machine) -> Certificate:
        """Every single step from a machine: simulated, unless over the cap by its area, or by its bound not better by the tolerance."""
        self.stage = "certificate"
        self._look([machine])
        seen = self.seen[identity(machine)]
        if seen.value is None:
            raise MappingError(f"{machine.name}: {seen.why}")
        value = seen.value
        steps = single_steps(machine, self.kept)
        self._look([step.machine for step in steps], value * (1 - TOLERANCE))
        outcomes = [(step.keys, self.seen[identity(step.machine)]) for step in steps]
        neighbours = (Neighbour(keys, _over(each.value, value), each.why, _over(each.bound, value)) for keys, each in outcomes)
        return Certificate(self.problem.objective, value, tuple(neighbours))


def _over(value: float | None, of: float) -> float | None:
    return None if value is None else value / of


def _batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch
