"""One operation's share of a run, and how a run is divided into such shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.activity import Activity, OperationActivity
from simulator.result.metrics import RunMetrics


def operation_shares(activity: Activity) -> tuple[Activity, ...]:
    """Divide a run among its operations, for pricing: an operation gets its own counts and its own stretch of time.

    The stretch begins where the operation before it ended, so that the stretches of all operations add up to the cycles
    of the run, whatever they overlap; what is left after the last write-back of the last operation is its own.
    """
    shares, reached = [], 0
    for index, operation in enumerate(activity.operations):
        last = index == len(activity.operations) - 1
        end = activity.cycles if last else min(max(reached, operation.end_cycle), activity.cycles)
        shares.append(
            Activity(
                cycles=end - reached,
                units=activity.units,
                counts=operation.counts,
                unit_cycles=operation.unit_cycles,
                bounds=operation.bounds,
                operations=(operation,),
            )
        )
        reached = end
    return tuple(shares)


@dataclass(frozen=True, kw_only=True)
class OperationResult(RunMetrics):
    """Metrics of one operation of a run: of its own counts, over its stretch of the run's cycles."""

    @property
    def operation(self) -> OperationActivity:
        """What timing says of it."""
        return self.activity.operations[0]

    @property
    def name(self) -> str:
        """Name in the workload."""
        return self.operation.name

    @property
    def compute_cycles(self) -> int:
        """The fabric's own cycles, without waiting for memory."""
        return self.operation.compute_cycles

    def to_dict(self) -> dict[str, Any]:
        """The metrics of a run, for this operation, and how it was mapped."""
        operation = self.operation
        m, k, n = operation.shape
        return {
            "name": operation.name,
            "kind": operation.kind,
            "shape": {"m": m, "k": k, "n": n},
            "compute_cycles": operation.compute_cycles,
            "start_cycle": operation.start_cycle,
            "end_cycle": operation.end_cycle,
            **self.derived(),
            "counts": operation.counts.to_dict(),
            "details": dict(operation.details),
        }
