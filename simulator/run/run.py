"""A whole workload on a machine: operations through their fabric, equal ones once, then everything through the system level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, Activity, Bounds, Counts, Ideal, OperationActivity, Shape
from simulator.engine.engines import Engine, RunOptions
from simulator.errors import MappingError
from simulator.kinds import kind_of
from simulator.machine.model import Elaborated
from simulator.recall import NOTHING, Recall
from simulator.run.levels import check_levels
from simulator.run.perfect import candidates, ways
from simulator.system.operation import OperationRun, check_operation, check_run
from simulator.system.program import MemoryLevel, OperationProgram, Program, interleaved, joined
from simulator.system.spec import SystemSpec
from simulator.system.system import System, SystemOutcome
from simulator.system.tensors import Residency, fused_runs
from simulator.system.weights import check_decoder
from simulator.workload.types import Operation, Workload

Progress = Callable[[str, float], None]
"""Called with an operation's name and the fraction of all work that is done."""


@dataclass(frozen=True, eq=False)
class Timing:
    """What timing hands on, and what it verified on the way."""

    activity: Activity
    checked: Mapping[str, int]
    """Tiles simulated, counted again, and compared with NumPy."""
    outputs: Mapping[str, NDArray[np.float64]]
    """Y of every operation, where all of its tiles carried their numbers."""


def run_workload(
    elaborated: Elaborated,
    workload: Workload,
    engine: Engine,
    *,
    ideal: Ideal,
    reuse_tiles: bool,
    threads: int,
    progress: Progress,
    recall: Recall = NOTHING,
) -> Timing:
    """Time a workload; every conservation law is checked before anything is returned. With an ideal part it never takes longer."""
    options = RunOptions(engine, ideal, reuse_tiles=reuse_tiles, threads=threads, recall=recall)
    return run_and_repeat(elaborated, workload, options, progress)[1]


def run_and_repeat(elaborated: Elaborated, workload: Workload, options: RunOptions, progress: Progress) -> tuple[Timing, Timing]:
    """Time a workload on the machine as it is, and with the part perfect that the options name; the second needs the first."""
    check_decoder(elaborated.machine, workload)
    through = ways(options.ideal, networked=kind_of(elaborated.machine).switch(elaborated) is not None)
    runs: dict[Ideal, Sequence[OperationRun]] = {}
    for way in through:
        runs[way] = _on_the_fabric(elaborated, workload, replace(options, ideal=way), _part(progress, len(runs), len(through)))
    real = SystemSpec.of(elaborated)
    outcome = _played(real, workload, runs["none"])
    plain = _timed(elaborated, real, runs["none"], outcome, "none")
    if options.ideal == "none":
        return plain, plain
    perfect = real.made_ideal(options.ideal)
    found = candidates(runs)
    played = [(each, _played(perfect, workload, each)) for each in (found[:-1] if perfect == real else found)]
    chosen, quickest = min([*played, (found[-1], outcome)], key=lambda pair: pair[1].cycles)
    return plain, _timed(elaborated, perfect, chosen, quickest, options.ideal)


def _on_the_fabric(elaborated: Elaborated, workload: Workload, options: RunOptions, progress: Progress) -> Sequence[OperationRun]:
    """All operations of a workload on their fabric, equal ones once where tiles may be reused."""
    machine = elaborated.machine
    simulate = partial(run_operation, elaborated, options)
    run_next = Repeats(simulate).run if options.reuse_tiles else simulate
    runs: list[OperationRun] = []
    total = sum(op.macs_useful for op in workload.operations) or 1
    done = 0
    for stint in stints(workload, kind_of(machine).residency(machine, workload)):
        for op in stint.operations:
            progress(op.name, done / total)
            done += op.macs_useful
        runs += run_next(stint)
    return runs


def _part(progress: Progress, place: int, of: int) -> Progress:
    """What is told of the progress of one of several equal parts, by that of the part."""
    return lambda name, fraction: progress(name, (place + fraction) / of)


@dataclass(frozen=True, eq=False)
class Stint:
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


def stints(workload: Workload, residency: Sequence[Residency]) -> list[Stint]:
    """A workload as the fabric runs it, in order."""
    runs = fused_runs(residency)
    return [Stint(workload.operations[run.start : run.stop], tuple(residency[run.start : run.stop]), run.start) for run in runs]


def run_operation(elaborated: Elaborated, options: RunOptions, stint: Stint) -> tuple[OperationRun, ...]:
    """One operation, or a chain of fused ones, on the machine's fabric."""
    kind = kind_of(elaborated.machine)
    if len(stint.operations) > 1:
        return kind.run_fused(elaborated, stint.operations, stint.residency, stint.first, options)
    (op,), (residency,) = stint.operations, stint.residency
    return (kind.of_operation(elaborated.machine, op).run(elaborated, op, residency, stint.first, options),)


def on_the_system(elaborated: Elaborated, spec: SystemSpec, workload: Workload, runs: Sequence[OperationRun]) -> Timing:
    """The system level over operations that their fabric has run."""
    return _timed(elaborated, spec, runs, _played(spec, workload, runs), "none")


def _played(spec: SystemSpec, workload: Workload, runs: Sequence[OperationRun]) -> SystemOutcome:
    return System(spec, program_of(workload, [run.residency for run in runs], [run.program for run in runs])).run()


def _timed(elaborated: Elaborated, spec: SystemSpec, runs: Sequence[OperationRun], outcome: SystemOutcome, ideal: Ideal) -> Timing:
    """What a run did, held to all laws."""
    activity = _activity(elaborated.machine.unit_count, spec, runs, outcome)
    check_run(activity, outcome.moved_bytes)
    check_levels(elaborated, activity, ideal)
    checked = {name: sum(run.checked.get(name, 0) for run in runs) for name in ("tiles_simulated", "tiles_reused", "tiles_compared")}
    return Timing(activity, checked, {run.operation.name: run.outputs for run in runs if run.outputs is not None})


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


def _activity(units: int, spec: SystemSpec, runs: Sequence[OperationRun], outcome: SystemOutcome) -> Activity:
    operations = tuple(_operation(units, spec, run, outcome, index) for index, run in enumerate(runs))
    causes = dict.fromkeys(CAUSES, 0)
    counts = Counts.total(operation.counts for operation in operations)
    for operation in operations:
        for cause, cycles in operation.unit_cycles.items():
            causes[cause] += cycles
    for cause, cycles in outcome.waited.items():
        causes[cause] += units * cycles
    bounds = replace(
        sum((operation.bounds for operation in operations), Bounds()),
        buffer_cycles=_buffer_cycles(spec, counts),
        dram_cycles=_dram_cycles(spec, counts),
    )
    return Activity(outcome.cycles, units, counts, causes, bounds, operations)


def _operation(units: int, spec: SystemSpec, run: OperationRun, outcome: SystemOutcome, index: int) -> OperationActivity:
    compute = sum(tile.cycles for tile in run.program.tiles)
    counts = run.counts + traffic(spec, run.program)
    activity = OperationActivity(
        name=run.operation.name,
        kind=run.operation.kind,
        shape=Shape(*run.operation.shape),
        fetch_cycle=outcome.op_fetch[index],
        start_cycle=outcome.op_start[index],
        end_cycle=outcome.op_end[index],
        compute_cycles=compute,
        dense_macs=run.operation.macs_dense,
        counts=counts,
        unit_cycles={cause: int(n) for cause, n in zip(CAUSES, run.unit_cycles, strict=True)},
        bounds=replace(run.bounds, buffer_cycles=_buffer_cycles(spec, counts), dram_cycles=_dram_cycles(spec, counts)),
        details=_details(run),
    )
    check_operation(units, activity)
    return activity


def _details(run: OperationRun) -> dict[str, Any]:
    residency = {"x_home": run.residency.x, "y_home": run.residency.y}
    return {**run.details, **residency, "x_fills": len(run.program.x_fills), "w_fills": len(run.program.w_fills), **run.checked}


def traffic(spec: SystemSpec, program: OperationProgram) -> Counts:
    """Bytes of an operation at every level, from its fills and drains alone."""
    moved: Counter[str] = Counter()
    for stream, fills in (("x", program.x_fills), ("w", program.w_fills)):
        for fill in fills:
            size = sum(_moved_bytes(spec, part.bytes, fill.home) for part in fill.parts)
            moved["buffer_write_bytes"] += size if fill.kept else 0
            if fill.home != "chip":
                moved["dram_read_bytes" if fill.home == "dram" else "buffer_read_bytes"] += size
            moved[f"{stream}_trunk_bytes"] += size
    for drain in program.drains:
        for sums in (part.sums for part in drain.parts):
            moved[f"{drain.sums_home}_read_bytes"] += _moved_bytes(spec, sums.back_bytes, drain.sums_home)
            moved[f"{drain.sums_home}_write_bytes"] += _moved_bytes(spec, sums.out_bytes, drain.sums_home)
            moved["drain_bytes"] += sums.bus_bytes
        size = sum(_moved_bytes(spec, part.bytes, drain.home) for part in drain.parts)
        if drain.home != "chip":
            moved["dram_write_bytes" if drain.home == "dram" else "buffer_write_bytes"] += size
        moved["drain_bytes"] += size + sum(part.extra_bus_bytes for part in drain.parts)
    return Counts(**moved)


def _moved_bytes(spec: SystemSpec, size: int, home: MemoryLevel) -> int:
    return spec.bursts(size) if home == "dram" else size


def _buffer_cycles(spec: SystemSpec, counts: Counts) -> int:
    """Busiest of the trunks, the drain bus and the buffer's two ports."""
    return max(
        counts.buffer_read_bytes // spec.buffer_bytes_per_cycle,
        counts.buffer_write_bytes // spec.buffer_bytes_per_cycle,
        counts.x_trunk_bytes // spec.x_bytes_per_cycle,
        counts.w_trunk_bytes // spec.w_bytes_per_cycle,
        counts.drain_bytes // spec.drain_bytes_per_cycle,
    )


def _dram_cycles(spec: SystemSpec, counts: Counts) -> int:
    return int((counts.dram_read_bytes + counts.dram_write_bytes) / spec.dram_bytes_per_cycle)


@dataclass(frozen=True)
class Repeats:
    """Runs the operations of one workload on one machine, equal ones once: each starts from the same reset fabric."""

    simulate: Callable[[Stint], tuple[OperationRun, ...]]
    _runs: dict[Hashable, tuple[OperationRun, ...]] = field(default_factory=dict)

    def run(self, stint: Stint) -> tuple[OperationRun, ...]:
        """Simulate an operation, or take the run of an equal one."""
        key = stint.work
        if key in self._runs:
            return tuple(map(_again, self._runs[key], stint.operations, stint.places))
        self._runs[key] = self.simulate(stint)
        return self._runs[key]


def work_of(operation: Operation, residency: Residency) -> Hashable:
    """All that decides what an operation does: everything but its name and what it waits for.

    Operands are known by their hashes, which decide their values too where no file gives any.
    """
    operands = operation.weight.sha256, operation.activations.sha256, operation.gradient and operation.gradient.sha256
    stored = operation.storage and operation.storage.model_dump_json()
    return operation.kind, operation.shape, operation.batch, *operands, operation.weight_home, stored, operation.transpose, residency


def _again(run: OperationRun, operation: Operation, index: int) -> OperationRun:
    """The same run under another operation's name; none of its tiles was simulated for it."""
    tiles = run.checked["tiles_simulated"] + run.checked.get("tiles_reused", 0)
    return replace(
        run,
        operation=operation,
        program=run.program.of_operation(index),
        checked={"tiles_simulated": 0, "tiles_reused": tiles, "tiles_compared": 0},
    )
