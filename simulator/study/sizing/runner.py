"""What a search asks of machines: a bound, a run, or a run that ends as soon as it cannot win; here, or of workers."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, TypeVar

from simulator.engine.engines import EngineName
from simulator.errors import MappingError
from simulator.machine.model import Machine
from simulator.pipeline import attempt, engine_for, priced, requests_of, time_workload
from simulator.pricing import elaborate, pricer_of, technology_of
from simulator.recall import Recall
from simulator.result import Result
from simulator.run.floor import Floor, Least
from simulator.run.trial import Trial
from simulator.study.executors import Dispatch, Executor, Report
from simulator.study.executors.together import Ask, Piece, Tell, together
from simulator.study.sizing.quantities import Objective, floor_of
from simulator.study.sizing.scale import rebuilt
from simulator.system.weights import dense_elements, whole_bits
from simulator.workload.thinned import thinned
from simulator.workload.types import Operation, Workload

T = TypeVar("T")
RECALLED = 1_500_000
"""Tiles and parts of transfers that are remembered at most of the fabrics that were simulated: about 350 MB a process of fabrics of
units; of arrays up to 2.5 GB, since the schedules of theirs that are kept hold far more numbers than they count for."""
PART = 4
"""A rehearsal is of so small a part of the tokens and blocks of a workload."""
WORTH_REHEARSING = 40_000_000
"""Useful MACs of a workload of which a part tells machines apart much sooner than the whole."""
RunResult = Result | MappingError
"""A run, or why the machine cannot hold the workload."""


@dataclass(frozen=True)
class Incumbent:
    """What a design must not exceed to be of use."""

    objective: Objective
    value: float
    """Of the objective: that of the best design so far."""
    seconds: float
    """The longest that the workload may take."""


class Runner(Protocol):
    """Runs machines on the workload, perhaps several at a time; one that cannot hold it gives its MappingError."""

    def run(self, machines: Sequence[Machine]) -> list[RunResult]:
        """Simulate them."""

    def rehearse(self, machines: Sequence[Machine]) -> list[RunResult]:
        """Simulate them on the rehearsal of the workload."""

    def bound(self, machines: Sequence[Machine], incumbent: Incumbent) -> list[float | MappingError]:
        """A value of the objective that no run of each goes below, by its own schedules; ∞ where it is beyond what the incumbent has."""

    def attempt(self, machines: Sequence[Machine], incumbent: Incumbent) -> list[RunResult | None]:
        """Simulate them, each until it is seen that it cannot keep to what the incumbent has; then None."""


def rehearsal_of(workload: Workload) -> Workload | None:
    """A part of a workload that finds nearly the same machines best; None of one that is small itself."""
    return thinned(workload, PART) if workload.macs_useful >= WORTH_REHEARSING else None


class InTurn:
    """A `Runner` that does one after another, in this process.

    What fabrics did is remembered: machines that differ in what lies around them are simulated once.
    """

    def __init__(self, workload: Workload, engine: EngineName = "compiled", recall: Recall | None = None) -> None:
        self.floor = Floor(workload)
        self.engine = engine
        self.recall = recall or Recall(RECALLED)

    def run(self, machines: Sequence[Machine]) -> list[RunResult]:
        """Simulate them."""
        return [self._run(machine, machine) for machine in machines]

    def rehearse(self, machines: Sequence[Machine]) -> list[RunResult]:
        """Simulate them on the rehearsal of the workload, with that part of the activation buffer too, and priced as they are.

        So activations live where those of the whole would. W is as large as in the whole: the largest that the buffer can hold has
        as much more room. Only for a workload that has a rehearsal.
        """
        whole = ((machine, {"activation_buffer_kib": self._parted_kib(machine)}) for machine in machines)
        return [self._rehearsal._run(machine, rebuilt(machine, smaller) or machine) for machine, smaller in whole]

    def _parted_kib(self, machine: Machine) -> float:
        """The activation buffer of a rehearsal."""
        most, stored = machine.activation_buffer_kib, (op for op in self.floor.workload.operations if op.weight_home == "dram")
        weights = [kib for op in stored if (kib := _weights_kib(machine, op)) <= most]
        return (most + (PART - 1) * max(weights, default=0.0)) / PART

    @cached_property
    def _rehearsal(self) -> InTurn:
        part = rehearsal_of(self.floor.workload)
        assert part is not None, "a workload with a rehearsal"
        return InTurn(part, self.engine, self.recall)

    def bound(self, machines: Sequence[Machine], incumbent: Incumbent) -> list[float | MappingError]:
        """A value of the objective that no run of each goes below; ∞ where it is beyond what the incumbent has."""
        return [self._bound(machine, incumbent) for machine in machines]

    def attempt(self, machines: Sequence[Machine], incumbent: Incumbent) -> list[RunResult | None]:
        """Simulate them, each until it is seen that it cannot keep to what the incumbent has."""
        return [self._attempt(machine, incumbent) for machine in machines]

    def _run(self, machine: Machine, timed: Machine) -> RunResult:
        """Of a machine that is timed as another."""
        workload, technology = self.floor.workload, technology_of(machine)
        elaborated = elaborate(machine, technology)
        other = elaborated if timed is machine else elaborate(timed, technology)
        try:
            timing = time_workload(
                other, workload, engine=self.engine, ideal="none", requests=requests_of(timed, workload), recall=self.recall
            )
        except MappingError as error:
            return error
        return priced(elaborated, technology, workload, timing, engine=self.engine, ideal="none")

    def _bound(self, machine: Machine, incumbent: Incumbent) -> float | MappingError:
        asked = _Asked(machine, incumbent)
        engine = engine_for(machine, self.engine, requests_of(machine, self.floor.workload))
        try:
            trial = Trial(asked.elaborated, self.floor, engine, recall=self.recall)
            return asked.value(trial.least()) if trial.schedule(asked.hopeless) else math.inf
        except MappingError as error:
            return error

    def _attempt(self, machine: Machine, incumbent: Incumbent) -> RunResult | None:
        try:
            hopeless = _Asked(machine, incumbent).hopeless
            return attempt(machine, self.floor, engine=self.engine, hopeless=hopeless, recall=self.recall)
        except MappingError as error:
            return error


def _weights_kib(machine: Machine, operation: Operation) -> float:
    """Of an operation's W, as one tile in the least form that the machine takes."""
    m, k = operation.weight.shape
    dense = dense_elements(operation, (0, m), (0, k)) * machine.datatypes.weight_bits
    return whole_bits(machine, operation, dense) / (8 * 1024)


class _Asked:
    """One machine against the incumbent."""

    def __init__(self, machine: Machine, incumbent: Incumbent) -> None:
        self.incumbent = incumbent
        technology = technology_of(machine)
        self.elaborated = elaborate(machine, technology)
        self.pricer = pricer_of(self.elaborated, technology)

    def value(self, least: Least) -> float:
        """Of the objective, that no run goes below."""
        return floor_of(self.incumbent.objective, least, self.pricer)

    def hopeless(self, least: Least) -> bool:
        """Whether it takes too long, or cannot be better."""
        seconds = least.cycles / (self.elaborated.machine.clock_ghz * 1e9)
        return seconds > self.incumbent.seconds or self.value(least) > self.incumbent.value


@contextmanager
def machine_runner(workload: Workload, executor: Executor, engine: EngineName = "compiled") -> Iterator[Runner]:
    """Yield what runs machines on the workers of an executor, batch after batch, each on the workload that a worker has already."""
    with _dispatch(workload, executor, engine) as dispatch:
        yield _OnWorkers(dispatch.answers)


def searched_together(
    workload: Workload, executor: Executor, searches: Sequence[Callable[[Runner, Tell], T]], hear: Tell
) -> Generator[tuple[int, T | Exception], None, None]:
    """Yield the number of each search and what it found or raised, as they end: as many at once as an executor has workers.

    What searches tell is heard in this thread.
    """
    with _dispatch(workload, executor, "compiled") as dispatch:
        yield from together(dispatch, [_with_runner(search) for search in searches], hear)


def _with_runner(search: Callable[[Runner, Tell], T]) -> Piece[T]:
    return lambda ask, tell: search(_OnWorkers(ask), tell)


@contextmanager
def _dispatch(workload: Workload, executor: Executor, engine: EngineName) -> Iterator[Dispatch]:
    dispatch = Dispatch(executor, _answer, lambda key: InTurn(workload, engine))
    with dispatch.holding(_RUNNER):
        yield dispatch


@dataclass(frozen=True)
class _OnWorkers:
    """A `Runner` that asks one machine at a time of whichever worker is free."""

    ask: Ask

    def run(self, machines: Sequence[Machine]) -> list[RunResult]:
        return self._ask([_Question("run", machine) for machine in machines])

    def rehearse(self, machines: Sequence[Machine]) -> list[RunResult]:
        return self._ask([_Question("rehearse", machine) for machine in machines])

    def bound(self, machines: Sequence[Machine], incumbent: Incumbent) -> list[float | MappingError]:
        return self._ask([_Question("bound", machine, (incumbent,)) for machine in machines])

    def attempt(self, machines: Sequence[Machine], incumbent: Incumbent) -> list[RunResult | None]:
        return self._ask([_Question("attempt", machine, (incumbent,)) for machine in machines])

    def _ask(self, questions: list[_Question]) -> list[Any]:
        return [answer for (answer,) in self.ask(questions)]


_RUNNER = "runner"


@dataclass(frozen=True)
class _Question:
    """A method of `Runner`, for one machine."""

    method: Literal["run", "rehearse", "bound", "attempt"]
    machine: Machine
    more: tuple[Any, ...] = ()
    inputs = (_RUNNER,)


def _answer(questions: Sequence[_Question], inputs: Mapping[str, Any], report: Report) -> list[Any]:
    """Each as the one of a list: that a machine cannot hold the workload is an answer, and no error of the task."""
    return [getattr(inputs[_RUNNER], question.method)([question.machine], *question.more) for question in questions]
