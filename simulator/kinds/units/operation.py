"""One operation on a fabric of units, from schedule to tiles, fills and drains."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, Bounds, Counts
from simulator.engine.cluster import ClusterSpec, cluster_spec
from simulator.engine.engines import EngineEntry
from simulator.errors import MappingError
from simulator.kinds.gather.dataflow import GatherDataflow
from simulator.kinds.gather.schedule import schedule_gather
from simulator.kinds.sampled.dataflow import SampledDataflow
from simulator.kinds.sampled.schedule import schedule_sampled
from simulator.kinds.scatter.dataflow import ScatterDataflow
from simulator.kinds.scatter.schedule import schedule_scatter
from simulator.kinds.units.loops import Position, TileLoops
from simulator.kinds.units.rounds import Dataflow, RoundRunner
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine
from simulator.system.checks import check_entries
from simulator.system.operation import OperationRun
from simulator.system.program import Drain, Fill, Strand, TileStep, content_indices
from simulator.system.residency import Homes
from simulator.workload.types import Operation

DataflowMaker = Callable[[Elaborated, ClusterSpec, EngineEntry, Operation, Homes, bool], Dataflow[Any]]
"""(machine, cluster, engine, operation, homes, whether to assemble Y) → the operation in a dataflow."""


def _gather(elaborated: Elaborated, spec: ClusterSpec, engine: EngineEntry, op: Operation, homes: Homes, assemble: bool) -> Dataflow[Any]:
    schedule = schedule_gather(elaborated.machine, op, homes)
    return GatherDataflow(elaborated.machine, spec, engine, schedule, assemble=assemble)


def _scatter(elaborated: Elaborated, spec: ClusterSpec, engine: EngineEntry, op: Operation, homes: Homes, assemble: bool) -> Dataflow[Any]:
    schedule = schedule_scatter(elaborated.machine, op, homes)
    return ScatterDataflow(elaborated.machine, spec, engine, schedule, assemble=assemble)


def _sampled(elaborated: Elaborated, spec: ClusterSpec, engine: EngineEntry, op: Operation, homes: Homes, assemble: bool) -> Dataflow[Any]:
    schedule = schedule_sampled(elaborated.machine, op, homes)
    return SampledDataflow(elaborated.machine, spec, engine, schedule, assemble=assemble)


FlowName = Literal["gather", "scatter"]
DATAFLOWS: dict[FlowName, DataflowMaker] = {"gather": _gather, "scatter": _scatter}


@dataclass(frozen=True, eq=False)
class UnitsPlan:
    """An operation on a fabric of units, cut into tiles but not run."""

    machine: Machine
    """In the dataflow of this operation."""
    dataflow: Dataflow[Any]
    flow: FlowName
    positions: list[Position]
    index: int

    def strand(self, cycles: Sequence[int]) -> Strand:
        """What the system level must do for it, given the [tiles] cycles of its rounds."""
        return Strand(
            tiles=_steps(self.dataflow.loops, self.positions, cycles, self.index),
            x_fills=_x_fills(self.dataflow, self.positions, self.index),
            w_fills=_w_fills(self.dataflow, self.positions, self.index),
            drains=_drains(self.dataflow, self.positions, self.index),
        )

    def transfer_counts(self) -> Counts:
        """What fills write and drains read on the fabric."""
        return _transfer_counts(self.dataflow, self.positions)


def plan_on_units(
    elaborated: Elaborated,
    operation: Operation,
    homes: Homes,
    index: int,
    engine: EngineEntry,
    *,
    perfect: bool = False,
    assemble: bool = False,
) -> UnitsPlan:
    """Schedule an operation. Raises MappingError where the machine cannot hold it."""
    flow = dataflow_of(elaborated.machine, operation)
    elaborated = replace(elaborated, machine=elaborated.machine.in_dataflow(flow))
    spec = cluster_spec(elaborated)
    spec = spec.with_ideal_network() if perfect else spec
    make = _sampled if operation.gradient is not None else DATAFLOWS[flow]
    dataflow = make(elaborated, spec, engine, operation, homes, assemble)
    return UnitsPlan(elaborated.machine, dataflow, flow, dataflow.loops.positions(), index)


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
    plan = plan_on_units(elaborated, operation, homes, index, engine, perfect=perfect, assemble=not reuse_tiles)
    dataflow = plan.dataflow
    runner = RoundRunner(plan.machine.gather, dataflow, reuse_tiles, threads if engine.releases_gil else 1)
    rounds = runner.run(plan.positions)
    causes: NDArray[np.int64] = np.zeros(len(CAUSES), dtype=np.int64)
    for result in rounds:
        causes = causes + result.unit_cycles
    counts = Counts.total([Counts(macs_useful=operation.macs_useful), *(result.counts for result in rounds)])
    check_entries(operation.name, counts.list_entries, operation.weight.nnz, dataflow.loops.token_words)
    return OperationRun(
        operation,
        homes,
        strand=plan.strand([result.cycles for result in rounds]),
        counts=counts + plan.transfer_counts(),
        unit_cycles=causes,
        bounds=sum((result.bounds for result in rounds), Bounds()),
        details={"dataflow": plan.flow} | dataflow.loops.describe() | _stored(dataflow),
        checked=runner.checked,
        outputs=dataflow.outputs,
    )


def dataflow_of(machine: Machine, operation: Operation) -> FlowName:
    """In which dataflow a machine runs an operation; MappingError where it has not the hardware to read lists by columns."""
    own = machine.mapping.dataflow
    if operation.transpose == "scatter":
        if own != "both":
            raise MappingError(
                f"{machine.name}: {operation.name} has transpose: scatter, which reads the lists of another product by columns; "
                "set mapping.dataflow: both, or transpose: stored"
            )
        return "scatter"
    return "scatter" if own == "scatter" else "gather"


def _stored(dataflow: Dataflow[Any]) -> dict[str, int | str]:
    """The form of W in DRAM and the room that it takes there; none where it is made from activations."""
    loops = dataflow.loops
    operation = loops.operation
    if operation.weight_home == "activation":
        return {}
    tiles = itertools.product(range(len(loops.m_tiles)), range(len(loops.k_tiles)))
    form = "lists" if operation.storage is None else operation.storage.format
    return {"weight_format": form, "weight_stored_bytes": sum(dataflow.w_part(m, k).bytes for m, k in tiles)}


def _steps(loops: TileLoops, positions: list[Position], cycles: Sequence[int], index: int) -> tuple[TileStep, ...]:
    xs, ws, ys = (
        content_indices([content(place) for place in positions], 0) for content in (loops.x_content, loops.w_content, loops.y_content)
    )
    return tuple(TileStep(index, c, x, w, y) for c, x, w, y in zip(cycles, xs, ws, ys, strict=True))


def _x_fills(dataflow: Dataflow[Any], positions: list[Position], index: int) -> tuple[Fill, ...]:
    loops = dataflow.loops
    changes = _changes(positions, loops.x_content)
    return tuple(Fill(index, loops.homes.x, dataflow.x_parts(position), waits=True) for position in changes)


def _w_fills(dataflow: Dataflow[Any], positions: list[Position], index: int) -> tuple[Fill, ...]:
    """One part for all groups. A W that is made from activations comes from where they live, and waits for them."""
    made = dataflow.loops.operation.weight_home == "activation"
    home = dataflow.loops.homes.x if made else "dram"
    changes = _changes(positions, dataflow.loops.w_content)
    return tuple(Fill(index, home, (dataflow.w_part(m, k),), waits=made) for m, _, k in changes)


def _drains(dataflow: Dataflow[Any], positions: list[Position], index: int) -> tuple[Drain, ...]:
    """What a sampled product leaves lies in the lists themselves, which go with it."""
    loops = dataflow.loops
    in_lists = loops.operation.gradient is not None
    return tuple(
        Drain(index, loops.homes.y, dataflow.y_parts(position), holds_w=content if in_lists else None)
        for content, position in enumerate(_changes(positions, loops.y_content))
    )


def _transfer_counts(dataflow: Dataflow[Any], positions: list[Position]) -> Counts:
    loops = dataflow.loops
    counts = [dataflow.x_counts(position) for position in _changes(positions, loops.x_content)]
    counts += [dataflow.w_counts(m, k) for m, _, k in _changes(positions, loops.w_content)]
    counts += [dataflow.y_counts(position) for position in _changes(positions, loops.y_content)]
    return Counts.total(counts)


def _changes(positions: list[Position], content: Callable[[Position], tuple[int, ...]]) -> list[Position]:
    """The first tile of each content, in the order in which contents are needed."""
    keys = [content(position) for position in positions]
    return [position for place, position in enumerate(positions) if place == 0 or keys[place] != keys[place - 1]]
