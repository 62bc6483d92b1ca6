"""Operations that do again what an earlier one did, as the layers of a dense model: run once, renumbered and counted again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from simulator.system.operation import OperationRun
from simulator.system.residency import Homes
from simulator.workload.types import Operation


@dataclass(frozen=True)
class Repeats:
    """Runs the operations of one workload on one machine, equal ones once: each starts from the same reset fabric."""

    simulate: Callable[[Operation, Homes, int], OperationRun]
    """(operation, homes, its place in the workload) → its run."""
    _runs: dict[Hashable, OperationRun] = field(default_factory=dict)

    def run(self, operation: Operation, homes: Homes, index: int) -> OperationRun:
        """Simulate an operation, or take the run of an equal one."""
        key = work_of(operation, homes)
        if key in self._runs:
            return _again(self._runs[key], operation, index)
        self._runs[key] = self.simulate(operation, homes, index)
        return self._runs[key]


def work_of(operation: Operation, homes: Homes) -> Hashable:
    """All that decides what an operation does: everything but its name and what it waits for.

    Operands are known by their hashes, which decide their values too where no file gives any.
    """
    operands = operation.weight.sha256, operation.activations.sha256, operation.gradient and operation.gradient.sha256
    stored = operation.storage and operation.storage.model_dump_json()
    return operation.kind, operation.shape, operation.batch, *operands, operation.weight_home, stored, operation.transpose, homes


def _again(run: OperationRun, operation: Operation, index: int) -> OperationRun:
    """The same run under another operation's name; none of its tiles was simulated for it."""
    tiles = run.checked["tiles_simulated"] + run.checked.get("tiles_reused", 0)
    return replace(
        run,
        operation=operation,
        strand=run.strand.of_operation(index),
        checked={"tiles_simulated": 0, "tiles_reused": tiles, "tiles_compared": 0},
    )
