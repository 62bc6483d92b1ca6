"""One operation on a fabric of units, from schedule to tiles, fills and drains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, Bounds, Counts
from simulator.machine.elaborated import Elaborated
from simulator.mapping.gather import schedule_gather
from simulator.mapping.loops import Position
from simulator.mapping.program import Drain, Fill, TileStep, content_indices
from simulator.mapping.residency import Homes
from simulator.mapping.scatter import schedule_scatter
from simulator.timing.checks import check_entries
from simulator.timing.dataflow import Dataflow, RoundRunner
from simulator.timing.engines import EngineEntry
from simulator.timing.fabric import ClusterSpec, cluster_spec
from simulator.timing.gather import GatherDataflow
from simulator.timing.operation import OperationRun
from simulator.timing.scatter import ScatterDataflow
from simulator.workload.types import Operation

DataflowMaker = Callable[[Elaborated, ClusterSpec, EngineEntry, Operation, Homes, bool], Dataflow[Any]]
"""(machine, cluster, engine, operation, homes, whether to assemble Y) → the operation in a dataflow."""


def _gather(elaborated: Elaborated, spec: ClusterSpec, engine: EngineEntry, op: Operation, homes: Homes, assemble: bool) -> Dataflow[Any]:
    schedule = schedule_gather(elaborated.machine, op, homes)
    return GatherDataflow(elaborated.machine, spec, engine, schedule, assemble=assemble)


def _scatter(elaborated: Elaborated, spec: ClusterSpec, engine: EngineEntry, op: Operation, homes: Homes, assemble: bool) -> Dataflow[Any]:
    schedule = schedule_scatter(elaborated.machine, op, homes)
    return ScatterDataflow(elaborated.machine, spec, engine, schedule, assemble=assemble)


DATAFLOWS: dict[str, DataflowMaker] = {"gather": _gather, "scatter": _scatter}


def run_on_units(
    elaborated: Elaborated,
    operation: Operation,
    homes: Homes,
    index: int,
    engine: EngineEntry,
    *,
    perfect: bool,
    reuse_tiles: bool,
    threads: int,
) -> OperationRun:
    """Schedule an operation, run its rounds, and list what the system level must move for them."""
    spec = cluster_spec(elaborated)
    spec = spec.with_ideal_network() if perfect else spec
    make = DATAFLOWS[elaborated.machine.mapping.dataflow]
    dataflow = make(elaborated, spec, engine, operation, homes, not reuse_tiles)
    runner = RoundRunner(elaborated.machine.gather, dataflow, reuse_tiles, threads if engine.releases_gil else 1)
    positions = dataflow.loops.positions()
    rounds = runner.run(positions)
    causes: NDArray[np.int64] = np.zeros(len(CAUSES), dtype=np.int64)
    for result in rounds:
        causes = causes + result.unit_cycles
    counts = sum((result.counts for result in rounds), Counts(macs_useful=operation.macs_useful))
    check_entries(operation.name, counts.list_entries, operation.weight.nnz, dataflow.loops.token_words)
    return OperationRun(
        operation,
        homes,
        tiles=_steps(positions, [result.cycles for result in rounds], index),
        x_fills=_x_fills(dataflow, positions, index),
        w_fills=_w_fills(dataflow, positions, index),
        drains=_drains(dataflow, positions, index),
        counts=counts + _transfer_counts(dataflow, positions),
        unit_cycles=causes,
        bounds=sum((result.bounds for result in rounds), Bounds()),
        details=dataflow.loops.describe(),
        checked=runner.checked,
        outputs=dataflow.outputs,
    )


def _steps(positions: list[Position], cycles: list[int], index: int) -> tuple[TileStep, ...]:
    xs = content_indices([(r, k) for _, r, k in positions], 0)
    ws = content_indices([(m, k) for m, _, k in positions], 0)
    ys = content_indices([(m, r) for m, r, _ in positions], 0)
    return tuple(TileStep(index, c, x, w, y) for c, x, w, y in zip(cycles, xs, ws, ys, strict=True))


def _x_fills(dataflow: Dataflow[Any], positions: list[Position], index: int) -> tuple[Fill, ...]:
    """One part a token group."""
    loops = dataflow.loops
    contents = _changes([(r, k) for _, r, k in positions])
    return tuple(
        Fill(index, loops.homes.x, tuple(dataflow.x_part(k, tokens) for tokens in loops.active_groups(r)), waits=True) for r, k in contents
    )


def _w_fills(dataflow: Dataflow[Any], positions: list[Position], index: int) -> tuple[Fill, ...]:
    """One part for all groups. A W that is made from activations comes from where they live, and waits for them."""
    made = dataflow.loops.operation.weight_home == "activation"
    home = dataflow.loops.homes.x if made else "dram"
    contents = _changes([(m, k) for m, _, k in positions])
    return tuple(Fill(index, home, (dataflow.w_part(m, k),), waits=made) for m, k in contents)


def _drains(dataflow: Dataflow[Any], positions: list[Position], index: int) -> tuple[Drain, ...]:
    """One part a token group."""
    loops = dataflow.loops
    contents = _changes([(m, r) for m, r, _ in positions])
    return tuple(Drain(index, loops.homes.y, tuple(dataflow.y_part(m, tokens) for tokens in loops.active_groups(r))) for m, r in contents)


def _transfer_counts(dataflow: Dataflow[Any], positions: list[Position]) -> Counts:
    loops = dataflow.loops
    counts = [dataflow.x_counts(k, tokens) for r, k in _changes([(r, k) for _, r, k in positions]) for tokens in loops.active_groups(r)]
    counts += [dataflow.w_counts(m, k) for m, k in _changes([(m, k) for m, _, k in positions])]
    counts += [dataflow.y_counts(m, tokens) for m, r in _changes([(m, r) for m, r, _ in positions]) for tokens in loops.active_groups(r)]
    return sum(counts, Counts())


def _changes(keys: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The contents in the order in which they are brought in."""
    return [key for place, key in enumerate(keys) if place == 0 or key != keys[place - 1]]
