"""What the system level must do for one operation on a systolic array: its tiles in order, with their fills and drains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.kinds.systolic.fills import Contents, EdgeFills, WeightFill, contents
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.timing import FoldPlan, TileTimes, fold_plan, tile_times
from simulator.system.program import Drain, Fill, OperationProgram, Part, TileStep, content_indices
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


@dataclass(frozen=True, eq=False)
class ArrayProgram:
    """One operation by one schedule, as the system level sees it."""

    schedule: SystolicSchedule
    plan: FoldPlan
    times: TileTimes
    edges: EdgeFills
    xs: Contents
    ws: Contents
    w_fills: tuple[WeightFill, ...]
    """Of `ws`, one by one."""
    program: OperationProgram

    @property
    def bytes_moved(self) -> tuple[int, int]:
        """Bytes to and from DRAM, and to and from the activation buffer, before they are rounded to bursts."""
        moved = {"dram": 0, "buffer": 0}
        transfers: tuple[Fill | Drain, ...] = (*self.program.x_fills, *self.program.w_fills, *self.program.drains)
        for transfer in transfers:
            moved[transfer.home] += sum(part.bytes for part in transfer.parts)
        return moved["dram"], moved["buffer"]


def array_program(
    machine: ArrayMachine, schedule: SystolicSchedule, operation: Operation, array: Operation, residency: Residency
) -> ArrayProgram:
    """The program of a schedule, as that of a first operation.

    `array` is the operation as the array sees it, with the rows of W as the schedule orders them.
    """
    plan = fold_plan(schedule)
    times = tile_times(schedule, plan)
    edges = EdgeFills(machine, schedule, operation, array, residency.forms)
    run = (times.folds > 0).tolist()
    xs = contents([(block, n, k) for block, _, n, k in schedule.positions], run)
    ws = contents([(block, m, k) for block, m, _, k in schedule.positions], run)
    ys = content_indices([(block, m, n) for block, m, n, _ in schedule.positions], 0)
    made = array.weight_home == "activation"
    x_parts = [edges.x_part(key, covered) for key, covered in zip(xs.filled, xs.keys, strict=True)]
    w_fills = tuple(edges.w_fill(key, covered) for key, covered in zip(ws.filled, ws.keys, strict=True))
    steps = zip(times.cycles.tolist(), xs.indices, ws.indices, ys, strict=True)
    return ArrayProgram(
        schedule,
        plan,
        times,
        edges,
        xs,
        ws,
        w_fills,
        OperationProgram(
            tiles=tuple(TileStep(0, cycles, x, w, y) for cycles, x, w, y in steps),
            x_fills=tuple(Fill(0, residency.x, (part,), waits=True) for part in x_parts),
            w_fills=tuple(Fill(0, residency.x if made else "dram", (fill.part,), waits=made) for fill in w_fills),
            drains=tuple(Drain(0, residency.y, (part,), delay) for part, delay in _drained(schedule, times, edges, ys)),
        ),
    )


def _drained(schedule: SystolicSchedule, times: TileTimes, edges: EdgeFills, contents: list[int]) -> Iterator[tuple[Part, int]]:
    """Outputs that are finished with the last tile of each content, and cycles until they have left the array."""
    for place, content in enumerate(contents):
        if place + 1 == len(contents) or content != contents[place + 1]:
            yield Part(edges.y_bytes(schedule.positions[place])), int(times.delays[place])
