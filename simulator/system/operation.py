"""What running one operation on a fabric yields, and the conservation laws that every operation and run is held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.activity import Activity, Bounds, Counts, OperationActivity
from simulator.errors import require
from simulator.recall import Recall, Same
from simulator.system.program import OperationProgram, Program, interleaved
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


def alone(programs: Sequence[OperationProgram], recall: Recall) -> Program:
    """Of one operation, or a chain of fused ones, that has the machine to itself; of equal runs it is found again, to be played."""

    def made() -> Program:
        placed = [program.of_operation(place) for place, program in enumerate(programs)]
        return (placed[0] if len(placed) == 1 else interleaved(placed)).by_itself(len(placed)).kept()

    return recall.of_key(("by itself", *map(Same, programs)), made, lambda program: program.parts)


class OperationRun(Struct, frozen=True, eq=False):
    """One operation, timed on its fabric."""

    operation: Operation
    residency: Residency
    program: OperationProgram
    counts: Counts
    """Without the bytes of fills and drains, which the system level adds."""
    unit_cycles: NDArray[np.int64]
    """[causes] over units × Σ cycles of the tiles."""
    bounds: Bounds
    details: Mapping[str, Any]
    checked: Mapping[str, int]
    outputs: NDArray[np.float64] | None = None

    @property
    def pieces(self) -> int:
        """Tiles and parts of transfers: what it takes to hold it; and pages of numbers, where it has any."""
        program = self.program
        parts = sum(len(fill.parts) for fill in (*program.x_fills, *program.w_fills)) + sum(len(drain.parts) for drain in program.drains)
        return 1 + len(program.tiles) + parts + (0 if self.outputs is None else self.outputs.nbytes // 1024)


def check_operation(units: int, operation: OperationActivity) -> None:
    """An operation's unit-cycles add up, its multiplier slots cover its useful MACs, and it beats no bound."""
    causes = sum(operation.unit_cycles.values())
    require(causes == units * operation.compute_cycles, f"{operation.name}: {causes} unit-cycles of {units} × {operation.compute_cycles}")
    counts, bounds = operation.counts, operation.bounds
    require(counts.mac_slots >= counts.macs_useful, f"{operation.name}: fewer multiplier slots than useful MACs")
    fastest = max(bounds.unit_cycles, bounds.bank_cycles, bounds.network_cycles)
    require(operation.compute_cycles >= fastest, f"{operation.name}: {operation.compute_cycles} cycles beat the bound of {fastest}")


def check_run(activity: Activity, moved_bytes: Mapping[str, int]) -> None:
    """Every unit-cycle of the run has one cause, no bound is beaten, and what was moved is what was counted."""
    causes = sum(activity.unit_cycles.values())
    require(causes == activity.units * activity.cycles, f"{causes} unit-cycles of {activity.units} × {activity.cycles}")
    require(min(activity.unit_cycles.values()) >= 0, "no cause has a negative count")
    name, cycles = activity.bounds.largest
    require(activity.cycles >= cycles, f"{activity.cycles} cycles beat the {name} bound of {cycles}")
    for counter, moved in moved_bytes.items():
        counted = activity.counts.to_dict()[counter]
        require(moved == counted, f"{counter}: {moved} bytes moved, {counted} counted")
