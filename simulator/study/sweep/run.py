"""Runs a sweep: choose points, look them up, run what is missing, store it, and tell of it in events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any

from simulator.engine.compiled.kernels import Kernel
from simulator.engine.engines import SMALL_RUN_REQUESTS
from simulator.errors import ConfigError, MappingError, SparsimError
from simulator.kinds import kind_of
from simulator.recall import fingerprint
from simulator.study.design import digest
from simulator.study.executors import EXECUTORS, Dispatch, Executor, Work
from simulator.study.sizing.looks import Standing
from simulator.study.sizing.runner import Runner, searched_together
from simulator.study.sweep.analysis import best_against_rivals
from simulator.study.sweep.inputs import RECALLED, REFUSED, PricedIn, Recipe, Remembering, Scaled, SizeSearch
from simulator.study.sweep.point import RECALL, ComputedPoint, Invalid, Job, Point, failed, run_jobs
from simulator.study.sweep.space import Coordinates, Space, typed
from simulator.study.sweep.spec import SweepSpec
from simulator.study.sweep.store import ListedSweep, Store
from simulator.study.sweep.strategies import STRATEGIES, Strategy
from simulator.study.sweep.study import Row, Study
from simulator.version import MODEL_VERSION
from simulator.workload import Workload


@dataclass(frozen=True)
class Planned:
    """Points have been chosen; nothing of them has been run."""

    points: int
    """Chosen so far."""
    expected: int
    """That the whole sweep will choose."""
    stored: int
    """Of these, found in the store."""
    excluded: int
    """Combinations that a condition of `where` left out."""
    invalid: Sequence[Row]
    """Combinations that are no machine or no workload."""
    stage: str = ""
    """Which part of the work these points are, and `points` and `expected` are of it alone; empty where it has but one."""


@dataclass(frozen=True)
class Finished:
    """A point is in the store."""

    row: Row
    computed: bool
    """Whether it was run now; false where the store had it."""


@dataclass(frozen=True)
class Searching:
    """The best sizes of a machine are looked for; its point is chosen after."""

    name: str
    """The machine and the workload."""
    fraction: float | None
    """Of the designs of a grid, decided; None where the search goes by steps."""
    standing: Standing | None = None
    """How far one by steps has come."""


Event = Planned | Finished | Searching
Listener = Callable[[Event], None]


@dataclass(frozen=True)
class Options:
    """How a sweep is run; nothing here changes a figure."""

    executor: str = "in_process"
    workers: int = 1
    address: str | None = None
    """Of a Dask scheduler."""
    time_limit_s: float | None = None
    """Longest that a point may take."""
    recalled: int = RECALLED
    """Tiles and parts of transfers that each worker remembers of the fabrics that it has simulated; 0: each point is simulated."""
    retry: bool = False
    """Run again what failed before."""
    listed: bool = True
    """Whether the store lists it as a sweep; its points are stored in any case."""
    function: Work = run_jobs
    """What workers call."""
    prepare: Callable[[Sequence[Kernel]], None] = lambda kernels: None
    """Called before points run, and before a search, with the kernels that they will need."""


@dataclass(frozen=True, kw_only=True)
class SweepRun(Study):
    """A sweep that has come to its end, and how."""

    computed: int
    """Points that were run now; the others were in the store."""
    points: Mapping[str, Point]
    """What was asked for, by key: machine, workload and technology of each row that is no invalid combination."""


def sweep_id(spec: SweepSpec) -> str:
    """Short hash of a sweep file and of the version of the model that would run it."""
    return digest([spec.model_dump(mode="json"), str(MODEL_VERSION)])[:12]


def run_sweep(space: Space, store: Store, options: Options, listen: Listener = lambda event: None) -> SweepRun:
    """Run a sweep to its end. What is in the store is not run again; what is run is stored at once.

    Raises ConfigError where no backend can be had. A point that fails is a row with its reason.
    """
    sweep = _Sweep(space, store, options, listen)
    with sweep.stack:
        sweep.run()
    rows = tuple(sorted(sweep.rows.values(), key=lambda row: row.place))
    points = {point.key: point for point in sweep.points}
    robustness = best_against_rivals(space.spec, rows, points, store) if space.spec.bands else ()
    return SweepRun(space.spec, rows, sweep.id, sweep.excluded, robustness, computed=sweep.computed, points=points)


_MANY_PLANNED = 8
"""Points from which compiling the kernels of a search for schedules is worth while, whatever their size."""
_EARLY = 16
"""Points that have been looked at when workers are started, if the store lacks any of these."""


@dataclass(frozen=True)
class _Chosen:
    """What is somewhere, and the row that it will have."""

    identity: Any
    number: int
    key: str
    found: Point | Invalid


@dataclass
class _Sweep:
    """State of one run."""

    space: Space
    store: Store
    options: Options
    listen: Listener
    rows: dict[Any, Row] = field(default_factory=dict)
    """By the values of the axes: coordinates that differ only in axes whose condition does not hold are one point."""
    computed: int = 0
    stored: int = 0
    stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        spec, started = self.space.spec, datetime.now(UTC).isoformat(timespec="microseconds")
        self.id = sweep_id(spec)
        self._listed = ListedSweep(self.id, spec.name, spec.model_dump(mode="json"), str(MODEL_VERSION), started)
        self.space = replace(self.space, search=self._search)
        self._resolved: dict[Coordinates, Point | Invalid | None] = {}
        self._found: dict[str, Scaled | Exception] = {}
        """What was searched for now, by its key."""
        self._inputs: dict[str, Recipe | PricedIn | Remembering] = {RECALL: Remembering(self.options.recalled)}

    @property
    def excluded(self) -> int:
        """Combinations that `where` left out, among those that were looked at."""
        return sum(point is None for point in self._resolved.values())

    @property
    def points(self) -> Iterable[Point]:
        """All that were asked for and can be run."""
        return (found for found in self._resolved.values() if isinstance(found, Point))

    def run(self) -> None:
        """Ask the search for points until it has no more."""
        if self.options.listed:
            self.store.begin(self._listed)
        if self._strategy.everywhere and self.space.searches:
            self._search_ahead()
        generations = self._strategy.search(self.space, lambda at: self._resolve(at) is not None)
        asked = next(generations, None)
        while asked is not None:
            self._run_at(asked)
            try:
                asked = generations.send([self.rows[_identity(self._resolve(at))] for at in asked])
            except StopIteration:
                break
        if self.options.listed:
            # whole once more, whatever another run of it, or a prune, has made of the list meanwhile
            rows = sorted(self.rows.values(), key=lambda row: row.place)
            self.store.enlist(self._listed, [(row.key, row.assignments) for row in rows])

    def _resolve(self, at: Coordinates) -> Point | Invalid | None:
        if at not in self._resolved:
            self._resolved[at] = self.space.resolve(at)
            if len(self._resolved) == _EARLY and len(self.store.points(point.key for point in self.points)) < len(list(self.points)):
                # workers start while the other points are resolved
                self._executor.begin(self.options.function)
        return self._resolved[at]

    def _search_ahead(self) -> None:
        """Have the best sizes searched for that points of the whole space need, so that several searches run at once."""
        unknown: dict[str, dict[str, SizeSearch]] = {}
        for search in filter(None, map(self.space.search_at, self.space.coordinates())):
            if self._recorded(search) is None:
                unknown.setdefault(search.recipe.key, {})[search.key] = search
        for searches in unknown.values():
            self._find(list(searches.values()))

    def _search(self, search: SizeSearch) -> Scaled:
        """The best sizes: as the store has them, or searched for. Raises SparsimError where there are none, as the store may know."""
        if search.key not in self._found:
            record = self._recorded(search)
            known = None if record is None else search.restored(record)
            if known is not None:
                return known
            self._find([search])
        found = self._found[search.key]
        if isinstance(found, Exception):
            raise found
        return found

    def _recorded(self, search: SizeSearch) -> Mapping[str, Any] | None:
        """What the store has of a search; nothing of one that is to be tried again."""
        record = self.store.sizes(search.key)
        return None if record is not None and self.options.retry and REFUSED in record else record

    def _find(self, searches: Sequence[SizeSearch]) -> None:
        """Search on one workload with the workers that points run in; what is found is stored at once."""
        kinds = [kind_of(search.machine) for search in searches]
        self.options.prepare(list(dict.fromkeys(kernel for kind in kinds for kernel in (*kind.kernels, *kind.planning_kernels))))
        try:
            workload = searches[0].recipe.make()
        except SparsimError as error:  # told at each point that needs it
            self._found |= dict.fromkeys((search.key for search in searches), error)
            return
        finding = [partial(_found_by, search, workload) for search in searches]
        with closing(searched_together(workload, self._executor, finding, self.listen)) as outcomes:
            for number, found in outcomes:
                search = searches[number]
                self._found[search.key] = found
                if isinstance(found, Scaled):
                    self.store.add_sizes(search.key, {"sizes": dict(found.sizes), "unexamined": found.unexamined})
                elif isinstance(found, ConfigError | MappingError):
                    self.store.add_sizes(search.key, {REFUSED: str(found)})

    def _run_at(self, asked: Sequence[Coordinates]) -> None:
        """Bring the rows of these coordinates about."""
        chosen = self._choose(asked)
        points = [entry for entry in chosen if isinstance(entry.found, Point)]
        there = self.store.points(entry.key for entry in points)
        if self.options.retry:
            there = {key: point for key, point in there.items() if point.record is not None}
        if self.options.listed:
            self.store.enlist(self._listed, [(entry.key, entry.found.assignments) for entry in chosen], len(self.rows))
        self.stored += sum(entry.key in there for entry in points)
        self._announce(self._refuse(chosen))
        waiting: dict[str, list[_Chosen]] = {}
        for entry in points:
            waiting.setdefault(entry.key, []).append(entry)
        for point in there.values():
            self._finish(waiting.pop(point.key, ()), point, computed=False)
        missing = [found for entries in waiting.values() if isinstance(found := entries[0].found, Point)]
        for point in self._run_points(missing):
            self.computed += 1
            self._finish(waiting.pop(point.key, ()), point, computed=True)

    def _choose(self, asked: Sequence[Coordinates]) -> list[_Chosen]:
        """What is at these coordinates and has no row yet, numbered on."""
        new = {_identity(found): found for at in asked if (found := self._resolve(at)) is not None}
        fresh = [(identity, found) for identity, found in new.items() if identity not in self.rows]
        return [
            _Chosen(identity, len(self.rows) + index, found.key if isinstance(found, Point) else _invalid_key(self.id, found), found)
            for index, (identity, found) in enumerate(fresh)
        ]

    def _refuse(self, chosen: Sequence[_Chosen]) -> list[Row]:
        """Store what is no machine or no workload, and return its rows."""
        refused = [
            (entry, ComputedPoint(entry.key, "", None, entry.found.failure, entry.found.reason))
            for entry in chosen
            if isinstance(entry.found, Invalid)
        ]
        self.store.add([point for _, point in refused], {})
        return [self._keep(entry, point) for entry, point in refused]

    def _finish(self, entries: Sequence[_Chosen], point: ComputedPoint, *, computed: bool) -> None:
        """The rows of all coordinates that have this point."""
        for entry in entries:
            self.listen(Finished(self._keep(entry, point), computed))

    def _keep(self, entry: _Chosen, point: ComputedPoint) -> Row:
        sized = entry.found.sized if isinstance(entry.found, Point) else None
        row = self.rows[entry.identity] = Row.of(self.space.spec, entry.number, entry.found.assignments, point, sized)
        return row

    def _announce(self, invalid: Sequence[Row]) -> None:
        chosen = len({_identity(found) for found in self._resolved.values() if found is not None})
        expected = chosen if self._strategy.at_once else max(chosen, min(self.space.spec.search.points or 0, self.space.size))
        self.listen(Planned(chosen, expected, self.stored, self.excluded, invalid))

    def _run_points(self, points: Sequence[Point]) -> Iterable[ComputedPoint]:
        """Run points that no store has; every outcome is stored before it is handed on."""
        if not points:
            return
        jobs = self._jobs(points)
        self._prepare(jobs)
        for answers in self._dispatch.run(jobs):
            results = [failed(jobs[number], answer) if isinstance(answer, Exception) else answer for number, answer in answers]
            outcomes = [outcome for done in results for outcome in done.outcomes]
            counted = {done.outcomes[0].timing_key: done.activity for done in results if done.activity is not None}
            self.store.add(outcomes, counted)
            yield from outcomes

    @property
    def _strategy(self) -> Strategy:
        return STRATEGIES[self.space.spec.search.method]

    @cached_property
    def _executor(self) -> Executor:
        """Started when it is first needed, and ended with the sweep."""
        return self.stack.enter_context(EXECUTORS[self.options.executor](self.options.workers, self.options.address))

    @cached_property
    def _dispatch(self) -> Dispatch:
        dispatch = Dispatch(self._executor, self.options.function, lambda key: self._inputs[key].make())
        self.stack.enter_context(dispatch.holding(RECALL))
        return dispatch

    def _jobs(self, points: Sequence[Point]) -> list[Job]:
        """One job for each timing: workload after workload, and fabric after fabric, so that what is recalled was done not long ago.

        Fabrics that differ in little follow one another too: a capacity that is large enough for one is often for the next.
        """
        groups: dict[str, list[Point]] = {}
        for point in sorted(points, key=_along_axes):
            groups.setdefault(point.timing_key, []).append(point)
        counted = self.store.activities(groups)
        share = max(1, len(groups) // max(1, self.options.workers))
        jobs = []
        for timing_key, group in groups.items():
            first = group[0]
            self._inputs |= {point.technology.key: point.technology for point in group} | {first.recipe.key: first.recipe}
            requests = 0 if timing_key in counted else share * first.recipe.requests(first.elaborated.machine)
            jobs.append(Job.of(group, counted.get(timing_key), requests, self.options.time_limit_s))
        alike: dict[str, dict[bytes, list[Job]]] = {}
        for job in jobs:
            fabric = fingerprint((job.elaborated.machine.inside(), job.elaborated.stages))
            alike.setdefault(job.workload, {}).setdefault(fabric, []).append(job)
        return [job for fabrics in alike.values() for together in fabrics.values() for job in together]

    def _prepare(self, jobs: Sequence[Job]) -> None:
        """Have the kernels compiled before several processes want them at once."""
        timed = [(job, kind_of(job.elaborated.machine)) for job in jobs if job.activity is None and job.engine == "compiled"]
        needed = {kernel for job, kind in timed if job.requests >= SMALL_RUN_REQUESTS for kernel in kind.kernels}
        if len(timed) >= _MANY_PLANNED:
            needed |= {kernel for _, kind in timed for kernel in kind.planning_kernels}
        self.options.prepare(sorted(needed, key=lambda kernel: kernel.name))


def _found_by(search: SizeSearch, workload: Workload, run: Runner, tell: Listener) -> Scaled:
    """What a search finds with a runner; it tells how far it is."""
    return search.found(
        workload,
        run,
        lambda _, fraction: tell(Searching(search.name, fraction)),
        lambda standing: tell(Searching(search.name, None, standing)),
    )


def _along_axes(point: Point) -> list[tuple[bool, float, str]]:
    """What orders points axis by axis: numbers by size, words behind them."""
    values = point.assignments.values()
    return [(False, value, "") if isinstance(value, int | float) else (True, 0, value) for value in values]


def _identity(found: Point | Invalid | None) -> Any:
    assert found is not None
    return typed(found.assignments.items())


def _invalid_key(sweep: str, found: Invalid) -> str:
    return digest([sweep, dict(found.assignments), found.reason])
