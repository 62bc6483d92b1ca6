"""One operation on a fabric of units, from schedule to tiles, fills and drains."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, Bounds, Counts
from simulator.engine.engines import RunOptions
from simulator.kinds.units.checks import check_entries
from simulator.kinds.units.loops import Position, TileLoops
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.rounds import Dataflow, RoundRunner
from simulator.system.operation import OperationRun
from simulator.system.program import Drain, Fill, OperationProgram, TileStep, content_indices
from simulator.system.tensors import Residency


@dataclass(frozen=True, eq=False)
class UnitsPlan:
    """An operation on a fabric of units, cut into tiles but not run."""

    machine: UnitsMachine
    """In the dataflow of this operation."""
    dataflow: Dataflow[Any]
    positions: list[Position]
    index: int

    def program(self, cycles: Sequence[int]) -> OperationProgram:
        """What the system level must do for it, given the [tiles] cycles of its rounds."""
        return OperationProgram(
            tiles=_steps(self.dataflow.loops, self.positions, cycles, self.index),
            x_fills=_x_fills(self.dataflow, self.positions, self.index),
            w_fills=_w_fills(self.dataflow, self.positions, self.index),
            drains=_drains(self.dataflow, self.positions, self.index),
        )

    def transfer_counts(self) -> Counts:
        """What fills write and drains read on the fabric."""
        return _transfer_counts(self.dataflow, self.positions)


def plan_units(machine: UnitsMachine, dataflow: Dataflow[Any], index: int) -> UnitsPlan:
    """The tiles of an operation that has been scheduled."""
    return UnitsPlan(machine, dataflow, dataflow.loops.positions(), index)


def run_plan(plan: UnitsPlan, flow: str, residency: Residency, options: RunOptions) -> OperationRun:
    """Run the rounds of an operation, and list what the system level must move for them. `flow` is what results call its dataflow."""
    dataflow = plan.dataflow
    operation = dataflow.loops.operation
    threads = options.threads if options.engine.releases_gil else 1
    runner = RoundRunner(plan.machine.fabric, dataflow, options.reuse_tiles, threads)
    rounds = runner.run(plan.positions)
    causes: NDArray[np.int64] = np.zeros(len(CAUSES), dtype=np.int64)
    for result in rounds:
        causes = causes + result.unit_cycles
    counts = Counts.total([Counts(macs_useful=operation.macs_useful), *(result.counts for result in rounds)])
    check_entries(operation.name, counts.list_entries, operation.weight.nnz, dataflow.loops.token_words)
    return OperationRun(
        operation,
        residency,
        program=plan.program([result.cycles for result in rounds]),
        counts=counts + plan.transfer_counts(),
        unit_cycles=causes,
        bounds=sum((result.bounds for result in rounds), Bounds()),
        details={"dataflow": flow} | dataflow.loops.describe() | _stored(dataflow),
        checked=runner.checked,
        outputs=dataflow.outputs,
    )


def _stored(dataflow: Dataflow[Any]) -> dict[str, int | str]:
    """The form of W in DRAM and the room that it takes there; none where it is made from activations."""
    loops = dataflow.loops
    operation = loops.operation
    if operation.weight_home == "activation":
        return {}
    tiles = itertools.product(range(len(loops.m_tiles)), range(len(loops.k_tiles)))
    return {"weight_format": dataflow.weight_form, "weight_stored_bytes": sum(dataflow.w_part(m, k).bytes for m, k in tiles)}


def _steps(loops: TileLoops, positions: list[Position], cycles: Sequence[int], index: int) -> tuple[TileStep, ...]:
    xs, ws, ys = (
        content_indices([content(place) for place in positions], 0) for content in (loops.x_content, loops.w_content, loops.y_content)
    )
    return tuple(TileStep(index, c, x, w, y) for c, x, w, y in zip(cycles, xs, ws, ys, strict=True))


def _x_fills(dataflow: Dataflow[Any], positions: list[Position], index: int) -> tuple[Fill, ...]:
    loops = dataflow.loops
    changes = _changes(positions, loops.x_content)
    return tuple(Fill(index, loops.residency.x, dataflow.x_parts(position), waits=True) for position in changes)


def _w_fills(dataflow: Dataflow[Any], positions: list[Position], index: int) -> tuple[Fill, ...]:
    """One part for all groups. A W that is made from activations comes from where they live, and waits for them."""
    made = dataflow.loops.operation.weight_home == "activation"
    home = dataflow.loops.residency.x if made else "dram"
    changes = _changes(positions, dataflow.loops.w_content)
    return tuple(Fill(index, home, (dataflow.w_part(m, k),), waits=made) for m, _, k in changes)


def _drains(dataflow: Dataflow[Any], positions: list[Position], index: int) -> tuple[Drain, ...]:
    """What a sampled product leaves lies in the lists themselves, which go with it."""
    loops = dataflow.loops
    in_lists = loops.operation.gradient is not None
    return tuple(
        Drain(index, loops.residency.y, dataflow.y_parts(position), holds_w=content if in_lists else None)
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
