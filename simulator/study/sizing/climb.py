"""The best machine of a kind by single steps in every key, from several starts, until no step is better: and the proof of that.

Each round simulates a few steps from where the search stands, those that promise most first (`outlook`), and goes on from the best
of them, or from several at once where that is better still. It begins with what lies around the fabric, of any size, and where every
single step has been looked at and none helps, it looks at that again, and at further ones of memories of the fabric, with the mapping
free to suit them; it ends where none of those helps either.
Then the shapes of the grid (units, lanes, copies; edges), all else as what was found has it, are bounded from below, and those of
the lowest bounds simulated: where one is better the search goes on from there, and the lowest bound that is left is the gap.
Of a large workload all of that is rehearsed on a part of it first, where shapes that come near are looked at with other memories too,
and begun on the whole where the rehearsal ended.
Last every single step is simulated, unless its bound says that it cannot be better by more than the tolerance: the certificate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from simulator.errors import MappingError
from simulator.kinds import kind_of
from simulator.kinds.sizes import Keys
from simulator.machine.model import Machine
from simulator.result import Result
from simulator.study.sizing.certificate import TOLERANCE, Certificate, Neighbour, Walk
from simulator.study.sizing.looks import BOUNDED, HOLDS_NOT, OVER_CAP, REFUSED, RUN_AT_ONCE, Looks, Tell, batches, untold
from simulator.study.sizing.outlook import UNKNOWN, UNLIKELY, Outlook
from simulator.study.sizing.problem import Problem
from simulator.study.sizing.runner import Runner, rehearsal_of
from simulator.study.sizing.scale import grid_of, rebuilt
from simulator.study.sizing.steps import Step, identity, single_steps

SHAPES, STARTS = 8, 2
"""It starts from the best of the machine itself and so many shapes of the grid, those of the lowest bounds."""
CLOSING = 24
"""Most shapes that are simulated to close the gap around one machine; on the whole after a rehearsal, which has been through them, a
third of that."""
NEAR = 1.2
"""Shapes that come so near the best of a rehearsal are looked at with other memories."""
TAKEN = 0.003
"""A step is taken where it is better by more than this share; on a large workload, where each costs seconds, by what certificates allow."""


@dataclass(frozen=True)
class Climbed:
    """The best design, its run, and what is known of it."""

    machine: Machine
    result: Result
    walk: Walk


def climb(problem: Problem, runner: Runner, kept: Collection[str] = (), tell: Tell = untold) -> Climbed | None:
    """Return the best design that steps lead to, within the limits; None where no start keeps to them.

    With a budget it may end before no step is better; `Walk.cut_short` then says so.
    """
    part = None if problem.budget is not None else rehearsal_of(problem.floor.workload)
    if part is None:
        return _Climb(Looks(problem, runner.run, tell), kept).found()
    rehearsal = _Climb(Looks(problem.of_part(part), runner.rehearse, tell, "rehearsal: "), kept, TAKEN, UNLIKELY)
    begun = rehearsal.rehearsed()
    whole = _Climb(Looks(problem, runner.run, tell), kept, TOLERANCE, UNLIKELY, rehearsal.outlook)
    return whole.found(begun, rehearsal.looks.simulated)


def certify(problem: Problem, runner: Runner, kept: Collection[str] = (), tell: Tell = untold) -> Certificate:
    """The certificate of the problem's machine by itself, without a search. Raises MappingError where it cannot hold the workload."""
    return _Climb(Looks(problem, runner.run, tell), kept).certificate(problem.machine)


class _Climb:
    def __init__(
        self, looks: Looks, kept: Collection[str], taken: float = TAKEN, worth: float = math.inf, outlook: Outlook | None = None
    ) -> None:
        """`taken`: share by which a step must be better; `worth`: steps that promise no better than that are left alone."""
        self.looks = looks
        self.problem = looks.problem
        self.kept = kept
        self.taken = taken
        self.worth = worth
        self.outlook = outlook or Outlook()
        self.moves = 0
        self.closing = CLOSING

    def rehearsed(self) -> Machine | None:
        """Where a walk leads from the best start, and from the best shapes about and near what it leads to; None where no start runs.

        It begins with the machine's own choice for each operation, whatever its file has chosen for all.
        """
        machine = self.problem.machine
        starts = self._starts(rebuilt(machine, kind_of(machine).sizes.free(self.kept)) or machine)
        better = starts[0] if starts else None
        best = None
        while better is not None:
            self.looks.stage = "walk"
            best = self._rounded(self._walk(better))
            better = self._reshaped(best)
        return best

    def found(self, begun: Machine | None = None, rehearsed: int = 0) -> Climbed | None:
        """The best design, with its certificate; begun where so many runs of a rehearsal have led, if any."""
        if begun is None:
            starts = self._starts(self.problem.machine)
        else:
            starts = self._quickest([self.problem.machine, begun], 1)
            self.closing = CLOSING // 3
        if not starts:
            return None
        best, certificate = self._certified(self._rounded(self._walked(starts)[0]))
        walk = Walk(
            objective=self.problem.objective,
            best=certificate.value,
            bound=self.looks.bound,
            starts=len(starts),
            moves=self.moves,
            rehearsed=rehearsed,
            simulated=self.looks.simulated,
            bounded=self.looks.counts[BOUNDED],
            over_cap=self.looks.counts[OVER_CAP],
            illegal=self.looks.counts[HOLDS_NOT] + self.looks.counts[REFUSED],
            cut_short=self.looks.spent,
            certificate=certificate,
        )
        return Climbed(best, self.looks.result(best), walk)

    def _starts(self, machine: Machine) -> list[Machine]:
        """The best of a machine itself and of the shapes of its grid that promise most; only those that run within the limits."""
        shapes = [shape for _, shape in self._bounded(machine)[:SHAPES]]
        return self._quickest([machine, *shapes], STARTS)

    def _quickest(self, machines: Sequence[Machine], most: int) -> list[Machine]:
        """The best so many of those that run within the limits."""
        self.looks.stage = "starts"
        apart = {identity(machine): machine for machine in machines}.values()
        self.looks.at(apart)
        runs = sorted(((value, machine) for machine in apart if (value := self.looks.value(machine)) is not None), key=lambda run: run[0])
        return [machine for _, machine in runs[:most]]

    def _walked(self, starts: Sequence[Machine]) -> list[Machine]:
        """Where walks lead from each, the best first."""
        ends = []
        for number, start in enumerate(starts, 1):
            self.looks.stage = f"walk {number} of {len(starts)}"
            ends.append(self._walk(start))
        return sorted(ends, key=self.looks.known)

    def _bounded(self, machine: Machine) -> list[tuple[float, Machine]]:
        """Units, lanes, copies or edges of the grid, all else as a machine has it: what keeps to the caps, the lowest bound first."""
        sizes = kind_of(machine).sizes
        bounded = []
        for number, keys in enumerate(sizes.families(machine, grid_of(machine, self.kept))):
            shape = rebuilt(machine, keys)
            built = None if shape is None else self.problem.built(shape)
            if built is not None and not self.problem.over_cap(built):
                bounded.append((self.looks.floor(built), number, built.machine))
        return [(bound, shape) for bound, _, shape in sorted(bounded, key=lambda each: each[:2])]

    def _rounded(self, best: Machine) -> Machine:
        """Where no shape of the lowest bounds about the machine is better; the bound of the others stands."""
        while True:
            self.looks.stage = "shapes about the best"
            better = self._closed(best, self._bounded(best))
            if better is None:
                return best
            self.looks.stage = "walk from a better shape"
            best = self._walk(better)

    def _closed(self, best: Machine, shapes: Sequence[tuple[float, Machine]]) -> Machine | None:
        """A shape that is better, of those of the lowest bounds that were not looked at; tells the least that the others may have."""
        value = self.looks.known(best)
        unseen = [(bound, shape) for bound, shape in shapes if not self.looks.knows(shape)]
        for done in range(0, self.closing + 1, RUN_AT_ONCE):
            left = unseen[done:]
            ran = [found for _, shape in shapes if (found := self.looks.value(shape)) is not None]
            self.looks.bound = min(value, *ran, *(bound for bound, _ in left[:1]))
            better = [shape for _, shape in shapes if self._gain(shape, value)]
            if better:
                return min(better, key=self.looks.known)
            if not left or left[0][0] >= value or done == self.closing or self.looks.spent:
                return None
            self.looks.at([shape for _, shape in left[:RUN_AT_ONCE]], value)
        return None

    def _reshaped(self, best: Machine) -> Machine | None:
        """The best of shapes near the best, each with a memory of the fabric more than a step away, where it is better.

        Sizes that suit one shape seldom suit another.
        """
        value, sizes = self.looks.known(best), kind_of(best).sizes
        near = [shape for _, shape in self._bounded(best) if (other := self.looks.value(shape)) is not None and other < value * NEAR]
        self.looks.stage = "shapes near the best"
        return self._best_of([step for shape in near for keys in sizes.leaps(shape, self.kept) if (step := Step.of(shape, keys))], value)

    def _walk(self, here: Machine) -> Machine:
        """Where steps lead: none from there is better, nor any leap, or the budget is spent.

        It begins with what lies around the fabric: the sizes within it are the best for some sizes of that.
        """
        here = self._followed(here, self._around)
        return self._followed(here, lambda machine: self._better(machine) or self._around(machine) or self._further(machine))

    def _followed(self, here: Machine, better: Callable[[Machine], Machine | None]) -> Machine:
        """Where one better machine after another leads."""
        while not self.looks.spent and (found := better(here)) is not None:
            self.moves += 1
            here = found
        return here

    def _around(self, here: Machine) -> Machine | None:
        """The best of other sizes of one thing around the fabric, where it is better."""
        return self._leap(here, kind_of(here).sizes.surroundings(self.kept))

    def _further(self, here: Machine) -> Machine | None:
        """The best of memories within it that are more than a step away, where it is better."""
        return self._leap(here, kind_of(here).sizes.leaps(here, self.kept))

    def _leap(self, here: Machine, ways: Iterable[Keys]) -> Machine | None:
        """The best of what lies further than a step, where it is better; None where there is none, or the budget is spent."""
        if self.looks.spent:
            return None
        return self._best_of([step for keys in ways if (step := Step.of(here, keys)) is not None], self.looks.known(here))

    def _best_of(self, steps: Sequence[Step], value: float) -> Machine | None:
        """Where the best of them leads, if it is better than a value."""
        machines = [step.machine for step in steps]
        self.looks.at(machines, value)
        return min((machine for machine in machines if self._gain(machine, value)), key=self.looks.known, default=None)

    def _better(self, here: Machine) -> Machine | None:
        """A better machine than this by a step or several at once; None where there is none, or the budget is spent."""
        value = self.looks.known(here)
        # what is around the fabric first, while the runs of this one are remembered: its fabric does the same
        steps = self.outlook.ordered(single_steps(here, self.kept), kind_of(here).sizes.around)
        worth = [step for step in steps if self.outlook.of(step) < self.worth]
        for portion in self._in_portions(worth):
            for batch in batches(portion, RUN_AT_ONCE):
                if not self.looks.spent:
                    self.looks.at([step.machine for step in batch], value)
                    self._take_down(batch, value)
            better = [step for step in portion if self._gain(step.machine, value)]
            if better:
                return self._furthest(here, better)
            if self.looks.spent:
                return None
        return self._together(here, worth, value)

    def _in_portions(self, steps: Sequence[Step]) -> Iterator[list[Step]]:
        """A few at a time; all of which nothing is known at once, so that those that help can be taken together."""
        known = [step for step in steps if self.outlook.knows(step)]
        unknown = [step for step in steps if not self.outlook.knows(step)]
        yield from batches([step for step in known if self.outlook.of(step) <= UNKNOWN], RUN_AT_ONCE)
        yield unknown
        yield from batches([step for step in known if self.outlook.of(step) > UNKNOWN], RUN_AT_ONCE)

    def _take_down(self, steps: Iterable[Step], value: float) -> None:
        """What steps from a machine of that value came to."""
        for step in steps:
            seen = self.looks.seen(step.machine)
            found = seen.bound if seen.value is None else seen.value
            if found is not None:
                self.outlook.saw(step, found / value)

    def _furthest(self, here: Machine, better: Sequence[Step]) -> Machine:
        """The best of some steps, or of the first few, twice as many, or all of them taken together."""
        ways = self._joined(here, better)
        several = {min(1 << power, len(ways)) - 1 for power in range(len(ways).bit_length() + 1)}
        tried = [ways[number] for number in sorted(several)]
        self.looks.at([machine for _, machine in tried])
        ran = [way for way in tried if self.looks.value(way[1]) is not None]
        steps, best = min(ran, key=lambda way: self.looks.known(way[1]))
        for step in steps:
            self.outlook.took(step)
        return best

    def _together(self, here: Machine, steps: Sequence[Step], value: float) -> Machine | None:
        """All steps at once that are a little better, where none is better by enough alone; None where that is no better by enough."""
        little = [step for step in steps if (other := self.looks.value(step.machine)) is not None and other < value]
        if len(little) < 2:
            return None
        joined, machine = self._joined(here, little)[-1]
        self.looks.at([machine], value)
        if not self._gain(machine, value):
            return None
        for step in joined:
            self.outlook.took(step)
        return machine

    def _joined(self, here: Machine, steps: Sequence[Step]) -> list[tuple[list[Step], Machine]]:
        """The best of some steps, the first two together, the first three: of those that change a key, the best."""
        ordered = sorted(steps, key=lambda step: self.looks.known(step.machine))
        taken, keys = ordered[:1], dict(ordered[0].keys)
        ways = [(list(taken), ordered[0].machine)]
        for step in ordered[1:]:
            if keys.keys().isdisjoint(step.keys) and (joined := Step.of(here, keys | dict(step.keys))) is not None:
                keys |= step.keys
                taken = [*taken, step]
                ways.append((taken, joined.machine))
        return ways

    def _gain(self, machine: Machine, value: float) -> bool:
        other = self.looks.value(machine)
        return other is not None and other < value * (1 - self.taken)

    def _certified(self, best: Machine) -> tuple[Machine, Certificate]:
        """With its certificate: where a step turns out to be better after all, the search goes on from there."""
        while True:
            certificate = self.certificate(best)
            if certificate.holds or self.looks.spent:
                return best, certificate
            best = self._rounded(self._walk(best))

    def certificate(self, machine: Machine) -> Certificate:
        """Every single step from a machine: simulated, unless over the cap by its area, or by its bound not better by the tolerance."""
        self.looks.stage = "certificate"
        self.looks.at([machine])
        seen = self.looks.seen(machine)
        if seen.value is None:
            raise MappingError(f"{machine.name}: {seen.why}")
        value = seen.value
        steps = single_steps(machine, self.kept)
        self.looks.at([step.machine for step in steps], value * (1 - TOLERANCE))
        self._take_down(steps, value)  # so that a walk from here leaves none alone that helps
        outcomes = [(step.keys, self.looks.seen(step.machine)) for step in steps]
        neighbours = (Neighbour(keys, _over(each.value, value), each.why, _over(each.bound, value)) for keys, each in outcomes)
        return Certificate(self.problem.objective, value, tuple(neighbours))


def _over(value: float | None, of: float) -> float | None:
    return None if value is None else value / of
