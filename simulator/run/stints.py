"""What the fabric does before it turns to something else: an operation, or a chain of fused ones, each starting from a reset fabric."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from simulator.engine.engines import EngineName, RunOptions, play
from simulator.errors import MappingError
from simulator.kinds import kind_of
from simulator.machine.model import Elaborated
from simulator.memory import out_of_memory
from simulator.recall import Recall, Same
from simulator.system.operation import OperationRun, alone
from simulator.system.outcome import SystemOutcome
from simulator.system.program import OperationProgram, Program, interleaved, joined
from simulator.system.quick_bound import QuickBound
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency, fused_runs
from simulator.workload.types import Operation, Workload


class Stint(Struct, frozen=True, eq=False):
    """What the fabric does before it turns to something else: an operation, or a chain of fused ones."""

    operations: tuple[Operation, ...]
    residency: tuple[Residency, ...]
    first: int
    """The first one's place in the workload."""

    @property
    def work(self) -> Hashable:
        """All that decides what it does: everything but names and what is waited for."""
        return tuple(map(work_of, self.operations, self.residency))

    @property
    def places(self) -> range:
        """Those of its operations in the workload."""
        return range(self.first, self.first + len(self.operations))


Run = Callable[[Stint], tuple[OperationRun, ...]]
"""Runs an operation, or a chain, on the fabric."""
Floors = Callable[[Stint], Sequence[QuickBound]]
"""Bounds of an operation of which one holds for its run; none where nothing is known."""


def stints(workload: Workload, residency: Sequence[Residency]) -> list[Stint]:
    """A workload as the fabric runs it, in order."""
    runs = fused_runs(residency)
    return [Stint(workload.operations[run.start : run.stop], tuple(residency[run.start : run.stop]), run.start) for run in runs]


def run_operation(elaborated: Elaborated, options: RunOptions, stint: Stint) -> tuple[OperationRun, ...]:
    """One operation, or a chain of fused ones, on the machine's fabric. Raises OutOfMemoryError where it is too large to be played."""
    try:
        return _by_its_kind(elaborated, options, stint)
    except MemoryError as error:
        raise out_of_memory(", ".join(operation.name for operation in stint.operations)) from error


def _by_its_kind(elaborated: Elaborated, options: RunOptions, stint: Stint) -> tuple[OperationRun, ...]:
    kind = kind_of(elaborated.machine)
    if len(stint.operations) > 1:
        return kind.run_fused(elaborated, stint.operations, stint.residency, stint.first, options)
    (op,), (residency,) = stint.operations, stint.residency
    return (kind.of_operation(elaborated.machine, op).run(elaborated, op, residency, stint.first, options),)


def floors_of(elaborated: Elaborated, options: RunOptions, stint: Stint) -> Sequence[QuickBound]:
    """What is known of an operation that has not been run. Raises MappingError where the machine cannot hold it."""
    if len(stint.operations) > 1:
        return ()
    (op,), (residency,) = stint.operations, stint.residency
    return kind_of(elaborated.machine).of_operation(elaborated.machine, op).floors(elaborated, op, residency, stint.first, options)


class Kept(Struct, frozen=True):
    """Simulates operations on one machine, equal ones once, whatever they are run for: each starts from the same reset fabric."""

    simulate: Run
    _runs: dict[Hashable, tuple[OperationRun, ...]] = field(default_factory=dict)

    def run(self, stint: Stint) -> tuple[OperationRun, ...]:
        """Simulate an operation, or give the run that it had under any name and in any place."""
        key = stint.work
        if key not in self._runs:
            self._runs[key] = self.simulate(stint)
            return self._runs[key]
        named = zip(self._runs[key], stint.operations, stint.places, strict=True)
        return tuple(replace(run, operation=operation, program=run.program.of_operation(place)) for run, operation, place in named)


class Repeats(Struct, frozen=True):
    """Tells the first of equal operations of a workload from the later ones: no tile was simulated for these."""

    run_kept: Run
    _seen: set[Hashable] = field(default_factory=set)

    def run(self, stint: Stint) -> tuple[OperationRun, ...]:
        """An operation, with what of it was checked."""
        runs, key = self.run_kept(stint), stint.work
        if key in self._seen:
            return tuple(map(_again, runs))
        self._seen.add(key)
        return runs


def work_of(operation: Operation, residency: Residency) -> Hashable:
    """All that decides what an operation does, where its tensors live."""
    return operation.content, residency


def _again(run: OperationRun) -> OperationRun:
    """A run of which no tile was simulated anew."""
    tiles = run.checked["tiles_simulated"] + run.checked.get("tiles_reused", 0)
    return replace(run, checked={"tiles_simulated": 0, "tiles_reused": tiles, "tiles_compared": 0})


class Player(Struct, frozen=True):
    """Plays operations that their fabric has run on the system level; of equal runs at another rate, the program is found again."""

    engine: EngineName
    recall: Recall

    def play(self, spec: SystemSpec, workload: Workload, runs: Sequence[OperationRun]) -> SystemOutcome:
        """Play a workload."""
        residency, programs = [run.residency for run in runs], [run.program for run in runs]
        if _is_one(workload, residency):
            return play(self.engine, spec, alone(programs, self.recall))
        waits = tuple((op.name, op.depends_on) for op in workload.operations)
        key = "program", waits, tuple(home.y for home in residency), tuple(map(Same, programs))
        program = self.recall.of_key(key, lambda: program_of(workload, residency, programs).kept(), lambda made: made.parts)
        return play(self.engine, spec, program)


def _is_one(workload: Workload, residency: Sequence[Residency]) -> bool:
    """Whether it is one operation, or one chain of fused ones, made from nothing else."""
    before = [
        set(op.depends_on).issubset(other.name for other in workload.operations[:place]) for place, op in enumerate(workload.operations)
    ]
    return len(fused_runs(residency)) == 1 and all(before)


def program_of(workload: Workload, residency: Sequence[Residency], programs: Sequence[OperationProgram]) -> Program:
    """String the operations of a workload together, fused ones by turns. Raises MappingError where one depends on a later one."""
    names = {op.name: index for index, op in enumerate(workload.operations)}
    for op in workload.operations:
        for name in op.depends_on:
            if names.get(name, len(names)) >= names[op.name]:
                raise MappingError(f"{op.name}: depends on {name}, which is no earlier operation of {workload.name}")
    runs = [programs[run.start : run.stop] for run in fused_runs(residency)]
    linked = {op.name for op, home in zip(workload.operations, residency, strict=True) if home.y == "chip"}
    awaited = tuple(tuple(names[name] for name in op.depends_on if name not in linked) for op in workload.operations)
    return joined((run[0] if len(run) == 1 else interleaved(run) for run in runs), awaited)
