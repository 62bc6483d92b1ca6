"""Runs a workload as `simulate` does and watches the system level; and, once more, a cluster in a tile of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simulator.engine.engines import ENGINES, EngineName, RunOptions
from simulator.errors import ConfigError, require
from simulator.kinds import kind_of
from simulator.kinds.base import TileName
from simulator.machine.model import Elaborated, Machine
from simulator.pipeline import engine_for, priced, requests_of
from simulator.pricing import elaborate, technology_of
from simulator.processors import processors
from simulator.result import Result
from simulator.run.run import Progress, run_and_repeat
from simulator.run.stints import program_of
from simulator.specs import nearest_hint, some_of
from simulator.system.operation import OperationRun
from simulator.system.outcome import SystemOutcome
from simulator.system.spec import SystemSpec
from simulator.system.system import play
from simulator.timeline.events import Process, Timeline
from simulator.timeline.system import Recorder
from simulator.workload.types import Workload


def tile_named(text: str, workload: Workload) -> TileName:
    """OP:TILE, or OP:TILE:CLUSTER, where an operation's name may hold colons itself. Raises ConfigError for what is none."""
    names = [op.name for op in workload.operations]
    fitting = [name for name in names if text.startswith(f"{name}:")]
    if not fitting:
        if text in names:
            raise ConfigError(f"--trace-tile {text}: a tile is missing; allowed: {text}:TILE, counted from 0, as {text}:0")
        name = text.rpartition(":")[0] or text
        raise ConfigError(
            f"--trace-tile {text}: {workload.name} has no operation {name!r}; allowed: OP:TILE, OP of {some_of(names)}"
            f"{nearest_hint(name, names)}"
        )
    name = max(fitting, key=len)
    numbers = text.removeprefix(f"{name}:").split(":")
    if len(numbers) > 2 or not all(number.isascii() and number.isdigit() and len(number) < 10 for number in numbers):
        raise ConfigError(f"--trace-tile {text}: after {name}: comes the number of a tile, from 0, and maybe :CLUSTER")
    return TileName(name, *map(int, numbers))


def trace_run(
    machine: Machine, workload: Workload, *, tile: TileName | None, engine: EngineName, progress: Progress
) -> tuple[Result, Timeline]:
    """Simulate, and say what happened when; `progress` is told of the fabric, then of the system level.

    The system level is the reference's, which agrees with the compiled one to the cycle.

    Raises MappingError where the machine cannot hold the workload, ConfigError for a tile that cannot be watched.
    """
    technology = technology_of(machine)
    elaborated = elaborate(machine, technology)
    options = RunOptions(engine_for(machine, engine, requests_of(machine, workload)), threads=processors())
    watched = _Watched(lambda fraction: progress(f"{machine.name}: system level", fraction))
    fabric = f"{machine.name}: fabric"
    timing, _ = run_and_repeat(elaborated, workload, options, lambda _, fraction: progress(fabric, fraction), watched.play)
    groups = [watched.recorder.process(watched.outcome)]
    if tile is not None:
        groups.append(_tile(elaborated, watched, tile, progress))
    about = {"machine": machine.name, "workload": workload.name, "cycles": timing.activity.cycles, "clock_ghz": machine.clock_ghz}
    result = priced(elaborated, technology, workload, timing, engine=engine, ideal="none")
    return result, Timeline(groups, about)


@dataclass(eq=False)
class _Watched:
    """A run that is watched."""

    progress: Callable[[float], None]
    """Told of the fraction of all tiles."""
    recorder: Recorder = field(init=False)
    outcome: SystemOutcome = field(init=False)
    runs: Sequence[OperationRun] = field(init=False)

    def play(self, spec: SystemSpec, workload: Workload, runs: Sequence[OperationRun]) -> SystemOutcome:
        """On the reference system level."""
        self.runs = runs
        program = program_of(workload, [run.residency for run in runs], [run.program for run in runs])
        tiles = itertools.count(1)
        self.recorder = Recorder([run.operation.name for run in runs], lambda: self.progress(next(tiles) / len(program.tiles)))
        self.outcome = play(spec, program, self.recorder)
        return self.outcome


def _tile(elaborated: Elaborated, watched: _Watched, tile: TileName, progress: Progress) -> Process:
    """A cluster, beside the system that it waits for."""
    from simulator.timeline.cluster import ClusterRecorder

    index = next(index for index, run in enumerate(watched.runs) if run.operation.name == tile.operation)
    run = watched.runs[index]
    if "chip" in (run.residency.x, run.residency.y):
        raise ConfigError(f"{tile.operation} is fused with others; --trace-tile shows operations that run by themselves: leave `fuse` out")
    kind = kind_of(elaborated.machine).of_operation(elaborated.machine, run.operation)
    seen = watched.recorder.tiles.get((index, tile.tile), [])
    name = f"{tile.operation} tile {tile.tile}, cluster {tile.cluster}"
    # a tile that is none is refused by the kind, which knows how many there are
    cycles = max(1, seen[0].args["fabric_cycles"]) if seen else 1
    recorder = ClusterRecorder(lambda cycle: progress(name, min(0.99, cycle / cycles)))
    outcome = kind.watch_tile(elaborated, run.operation, run.residency, RunOptions(ENGINES["compiled"]), tile, recorder)
    progress(name, 1.0)
    whole, *stops = seen
    require(outcome.cycles <= cycles, f"{tile.operation}: a cluster of tile {tile.tile} takes longer than the tile")
    return recorder.group(name, outcome, whole, stops)
