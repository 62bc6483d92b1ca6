"""Branch and bound over a grid of designs: exact within the grid, and simulating only what could still win.

Designs wait in the order of a bound that no run of theirs goes below: first whole families by their cheapest member,
then members, then members with the tiles of their own schedule; even a run is given up once it cannot win. A search ends
when no waiting bound is below the best run.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from simulator.errors import MappingError
from simulator.kinds import kind_of
from simulator.kinds.sizes import Grid, Keys
from simulator.machine.model import Machine
from simulator.result import Result
from simulator.run.floor import Least
from simulator.study.sizing.problem import Built, Problem
from simulator.study.sizing.runner import Incumbent, Runner
from simulator.study.sizing.scale import Family, families, rebuilt
from simulator.study.sizing.sized import SearchCounts

RUN_AT_ONCE = 8
"""Designs simulated before the next decision, whatever the number of processes, so that these do not change what is seen."""
BOUND_AT_ONCE = 64
"""Designs that are scheduled before the next decision."""
RUN_FIRST, PROMISING = 2, 0.95
"""Of each of these batches, so many are run at once where their bound is below this share of the best."""
_AFTER_ALL = (2**31,)
"""Order of the machine itself: as a design of the grid it comes in its turn."""
_DECIDED = ("illegal", "over_cap", "pruned", "given_up", "simulated", "skipped")


@dataclass(frozen=True)
class Found:
    """The best design, its run, and what was looked at."""

    machine: Machine
    result: Result
    counts: SearchCounts


@dataclass(order=True, frozen=True)
class _Waiting:
    bound: float
    order: tuple[int, ...]
    stage: int = field(compare=False)
    """0: a family; 1: a member; 2: one whose schedule is known."""
    family: Family = field(compare=False)
    machine: Machine | None = field(compare=False, default=None)


def best_design(problem: Problem, grid: Grid, runner: Runner, progress: Callable[[float], None] = lambda fraction: None) -> Found | None:
    """Return the design of the grid with the least objective within the limits; None where there is none.

    Of several equals the one of least area wins, then the first. With a budget it is the best of what was simulated.
    """
    return _BranchAndBound(problem, grid, runner, progress).found()


class _BranchAndBound:
    def __init__(self, problem: Problem, grid: Grid, runner: Runner, progress: Callable[[float], None]) -> None:
        self.problem = problem
        self.grid = grid
        self.sizes = kind_of(problem.machine).sizes
        self.runner = runner
        self.progress = progress
        self.waiting: list[_Waiting] = []
        self.unscheduled: list[_Waiting] = []
        self.ready: list[_Waiting] = []
        self.counts: Counter[str] = Counter()
        self.best: tuple[tuple[float, float, tuple[int, ...]], Result] | None = None

    def found(self) -> Found | None:
        """The best design, once nothing that is left can be better or the budget is spent; None where no design runs within the limits."""
        self._measure_against_itself()
        self._enter_families()
        while self.waiting or self.unscheduled or self.ready:
            if self.waiting and self._hopeless(self.waiting[0].bound):
                self._drop_waiting("pruned")
            elif len(self.unscheduled) == BOUND_AT_ONCE or (self.unscheduled and not self.waiting):
                self._schedule()
            elif self.ready and (len(self.ready) == RUN_AT_ONCE or not self.waiting or self._spent(len(self.ready))):
                self._simulate()
            elif self._spent(0):
                self.waiting += self.unscheduled
                self.unscheduled = []
                self._drop_waiting("skipped")
            else:
                self._advance(heapq.heappop(self.waiting))
        self.progress(1.0)
        return self._report()

    def _measure_against_itself(self) -> None:
        """The machine as it is, one design of the grid, is the first to beat: a search that is cut short gives nothing worse."""
        built = self.problem.built(self.problem.machine)
        if built is None or self.problem.over_cap(built):
            return
        (outcome,) = self.runner.run([built.machine])
        if not isinstance(outcome, MappingError) and self.problem.within(outcome):
            self._offer(outcome, _AFTER_ALL)

    def _offer(self, result: Result, order: tuple[int, ...]) -> None:
        key = (self.problem.value(result), result.fabric_area_mm2, order)
        if self.best is None or key < self.best[0]:
            self.best = key, result

    def _hopeless(self, bound: float) -> bool:
        return self.best is not None and bound > self.best[0][0]

    def _spent(self, more: int) -> bool:
        budget = self.problem.budget
        return budget is not None and self.counts["simulated"] + self.counts["given_up"] + more >= budget

    def _enter_families(self) -> None:
        for number, family in enumerate(families(self.problem.machine, self.grid)):
            self.counts["designs"] += len(family.members)
            first = next((built for keys in family.members if (built := self._build(family, keys)) is not None), None)
            if first is None:
                self.counts["illegal"] += len(family.members)
                continue
            least = self.problem.priced(first.machine, first.elaborated, first.pricer.hardware.without_wires())
            if self.problem.over_cap(least):
                self.counts["over_cap"] += len(family.members)
            else:
                heapq.heappush(self.waiting, _Waiting(self._family_bound(least), (number,), 0, family))

    def _family_bound(self, first: Built) -> float:
        """Of the member whose blocks have the least area, and with the fewest bits of an index; energies follow no such order."""
        if self.problem.objective in ("energy", "edap"):
            return 0.0
        return self.problem.bound(first, self.problem.floor.least(first.elaborated))

    def _build(self, family: Family, keys: Keys) -> Built | None:
        machine = rebuilt(self.problem.machine, {**family.keys, **keys})
        return None if machine is None else self.problem.built(machine)

    def _advance(self, item: _Waiting) -> None:
        """Look at a waiting design, or family of designs, more closely."""
        if item.machine is None:
            self._expand(item)
        elif item.stage == 1:
            self.unscheduled.append(item)
        else:
            self.ready.append(item)

    def _expand(self, item: _Waiting) -> None:
        """The members of a family that are legal, within the caps, and of a timing of their own."""
        members = self._distinct([entry for entry in self._members(item.family) if not self._excluded(entry[1])])
        leasts = {}
        for number, built in members:
            bound_by = self.sizes.member_bound(built.machine)
            if bound_by not in leasts:
                leasts[bound_by] = self.problem.floor.least(built.elaborated)
            self._enter(item, (*item.order, number), built, leasts[bound_by])

    def _members(self, family: Family) -> list[tuple[int, Built]]:
        """Every legal member with its number; those that differ in token words only have the same hardware."""
        hardware: dict[tuple[Any, ...], Built | None] = {}
        members = []
        for number, keys in enumerate(family.members):
            machine = rebuilt(self.problem.machine, {**family.keys, **keys})
            built = None
            if machine is not None:
                key = tuple(value for name, value in keys.items() if name != "mapping.tokens_per_tile")
                if key not in hardware:
                    hardware[key] = self.problem.built(machine)
                same = hardware[key]
                built = same and replace(same, machine=machine, elaborated=msgspec.structs.replace(same.elaborated, machine=machine))
            if built is None:
                self.counts["illegal"] += 1
            else:
                members.append((number, built))
        return members

    def _excluded(self, built: Built) -> bool:
        over = self.problem.over_cap(built)
        self.counts["over_cap"] += over
        return over

    def _distinct(self, members: list[tuple[int, Built]]) -> list[tuple[int, Built]]:
        """Of members that only differ in slices, and no cycle for it, the one of least area: exact where only time and area count."""
        if self.problem.objective in ("energy", "edap") or self.problem.limits.power_w is not None:
            return members
        kept: dict[Hashable, tuple[int, Built]] = {}
        for number, built in members:
            key = self.sizes.member_timing(built.elaborated)
            if key is None:
                return members
            if key not in kept or built.area_mm2 < kept[key][1].area_mm2:
                kept[key] = (number, built)
        self.counts["pruned"] += len(members) - len(kept)
        return list(kept.values())

    def _schedule(self) -> None:
        """Bound designs by the tiles of their own schedules."""
        items, self.unscheduled = self.unscheduled, []
        bounds = self.runner.bound([item.machine for item in items if item.machine is not None], self._to_beat())
        bounded = []
        for item, bound in zip(items, bounds, strict=True):
            if isinstance(bound, MappingError):
                self.counts["illegal"] += 1
            elif math.isinf(bound):
                self.counts["pruned"] += 1
            else:
                bounded.append(replace(item, bound=max(bound, item.bound), stage=2))
        self._run_first(sorted(bounded))
        self._tell()

    def _run_first(self, bounded: list[_Waiting]) -> None:
        """Run the most promising of a batch: what there is to beat decides how soon others are given up. A budget is for the best."""
        beaten = PROMISING * self._to_beat().value
        first = [item for item in bounded[:RUN_FIRST] if self.problem.budget is None and item.bound < beaten]
        for item in bounded[len(first) :]:
            heapq.heappush(self.waiting, item)
        if first:
            self.ready += first
            self._simulate()

    def _enter(self, item: _Waiting, order: tuple[int, ...], built: Built, least: Least) -> None:
        if self.problem.too_slow(built, least):
            self.counts["over_cap"] += 1
            return
        bound = self.problem.bound(built, least)
        heapq.heappush(self.waiting, _Waiting(max(bound, item.bound), order, 1, item.family, built.machine))

    def _simulate(self) -> None:
        outcomes = self.runner.attempt([item.machine for item in self.ready if item.machine is not None], self._to_beat())
        for item, outcome in zip(self.ready, outcomes, strict=True):
            if isinstance(outcome, MappingError):
                self.counts["illegal"] += 1
                continue
            self.counts["given_up" if outcome is None else "simulated"] += 1
            if outcome is not None and self.problem.within(outcome):
                self._offer(outcome, item.order)
        self.ready = []
        self._tell()

    def _to_beat(self) -> Incumbent:
        return self.problem.incumbent(None if self.best is None else self.best[0][0])

    def _tell(self) -> None:
        decided = sum(self.counts[name] for name in _DECIDED)
        self.progress(min(0.99, decided / max(1, self.counts["designs"])))

    def _drop_waiting(self, why: str) -> None:
        self.counts[why] += sum(len(item.family.members) if item.machine is None else 1 for item in self.waiting)
        self.waiting = []

    def _report(self) -> Found | None:
        if self.best is None:
            return None
        (value, _, _), result = self.best
        counts = {name: self.counts[name] for name in ("designs", *_DECIDED)}
        return Found(result.machine, result, SearchCounts(self.problem.objective, dict(self.grid), best=value, **counts))
