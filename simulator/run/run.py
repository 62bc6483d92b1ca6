"""A whole workload on a machine: operations through their fabric, equal ones once, then everything through the system level."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.activity import CAUSES, Activity, Bounds, Counts, Ideal, OperationActivity, Shape
from simulator.engine.engines import Engine, RunOptions
from simulator.kinds import kind_of
from simulator.machine.model import Elaborated
from simulator.recall import NOTHING, Recall
from simulator.run.alternatives import Alternatives
from simulator.run.fusing import settled
from simulator.run.levels import check_levels
from simulator.run.perfect import candidates, ways
from simulator.run.stints import Kept, Player, Repeats, Run, Stint, floors_of, run_operation, stints
from simulator.system.operation import OperationRun, check_operation, check_run
from simulator.system.outcome import SystemOutcome
from simulator.system.spec import SystemSpec
from simulator.system.weights import check_decoder
from simulator.telling import telling
from simulator.workload.types import Workload

Progress = Callable[[str, float], None]
"""Called with an operation's name and the fraction of all work that is done."""


class Timing(Struct, frozen=True, eq=False):
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


Play = Callable[[SystemSpec, Workload, Sequence[OperationRun]], SystemOutcome]
"""Plays operations that their fabric has run on the system level."""


def run_and_repeat(
    elaborated: Elaborated, workload: Workload, options: RunOptions, progress: Progress, play: Play | None = None
) -> tuple[Timing, Timing]:
    """Time a workload on the machine as it is, and with the part perfect that the options name; the second needs the first.

    `play` plays the machine as it is instead of the engine that the options name.
    """
    check_decoder(elaborated.machine, workload)
    as_it_is = replace(options, ideal="none")
    kept = Kept(partial(run_operation, elaborated, as_it_is))
    player = Player(options.engine.name, options.recall)
    alternatives = Alternatives.of(elaborated.machine, workload)
    workload = settled(elaborated, alternatives, kept.run, partial(floors_of, elaborated, as_it_is), player)
    through = ways(options.ideal, networked=kind_of(elaborated.machine).switch(elaborated) is not None)
    told = _Told(progress)
    all_stints = stints(workload, kind_of(elaborated.machine).residency(elaborated.machine, workload))
    runs: dict[Ideal, Sequence[OperationRun]] = {}
    for way in through:
        simulate = partial(run_operation, elaborated, replace(options, ideal=way))
        run_next = Repeats((kept if way == "none" else Kept(simulate)).run).run if options.reuse_tiles else simulate
        runs[way] = _on_the_fabric(all_stints, run_next, _part(told, len(runs), len(through)))
    real = SystemSpec.of(elaborated)
    with telling(_from(progress, workload.operations[-1].name, told.fraction), of="play"):
        outcome = (play or player.play)(real, workload, runs["none"])
    plain = _timed(elaborated, real, runs["none"], outcome, "none")
    if options.ideal == "none":
        return plain, plain
    perfect = real.made_ideal(options.ideal)
    found = candidates(runs)
    played = [(each, player.play(perfect, workload, each)) for each in (found[:-1] if perfect == real else found)]
    chosen, quickest = min([*played, (found[-1], outcome)], key=lambda pair: pair[1].cycles)
    return plain, _timed(elaborated, perfect, chosen, quickest, options.ideal)


class _Told(Struct):
    """Tells progress on, and remembers it."""

    progress: Progress
    fraction: float = 0.0

    def __call__(self, name: str, fraction: float) -> None:
        """Of an operation."""
        self.fraction = fraction
        self.progress(name, fraction)


def _from(progress: Progress, name: str, begun: float) -> Callable[[float], None]:
    """What is told of the rest of a run, by the fraction of that which is done."""
    return lambda fraction: progress(name, begun + (1 - begun) * fraction)


def _on_the_fabric(all_stints: Sequence[Stint], run_next: Run, progress: Progress) -> Sequence[OperationRun]:
    """All operations of a workload on their fabric."""
    runs: list[OperationRun] = []
    total = sum(op.macs_useful for stint in all_stints for op in stint.operations) or 1
    done = 0
    for stint in all_stints:
        for op in stint.operations:
            progress(op.name, done / total)
            done += op.macs_useful
        with telling(_within(progress, stint, done, total)):
            runs += run_next(stint)
    return runs


def _within(progress: Progress, stint: Stint, done: int, total: int) -> Callable[[float], None]:
    """What is told of a stint at whose end `done` of `total` are done, by the fraction of the stint that is."""
    name, share = stint.operations[-1].name, sum(op.macs_useful for op in stint.operations)
    return lambda fraction: progress(name, (done - (1 - fraction) * share) / total)


def _part(progress: Progress, place: int, of: int) -> Progress:
    """What is told of the progress of one of several equal parts, by that of the part."""
    return lambda name, fraction: progress(name, (place + fraction) / of)


def on_the_system(elaborated: Elaborated, spec: SystemSpec, workload: Workload, runs: Sequence[OperationRun], player: Player) -> Timing:
    """The system level over operations that their fabric has run."""
    return _timed(elaborated, spec, runs, player.play(spec, workload, runs), "none")


def _timed(elaborated: Elaborated, spec: SystemSpec, runs: Sequence[OperationRun], outcome: SystemOutcome, ideal: Ideal) -> Timing:
    """What a run did, held to all laws."""
    activity = _activity(elaborated.machine.unit_count, spec, runs, outcome)
    check_run(activity, outcome.moved_bytes)
    check_levels(elaborated, activity, ideal)
    checked = {name: sum(run.checked.get(name, 0) for run in runs) for name in ("tiles_simulated", "tiles_reused", "tiles_compared")}
    return Timing(activity, checked, {run.operation.name: run.outputs for run in runs if run.outputs is not None})


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
    counts = run.counts + run.program.traffic(spec.dram_burst_bytes)
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
