"""Which runs are the two ways to pay for sparsity, and which is the dense array that both are held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from simulator.kinds import kind_of
from simulator.machine.model import Machine

RunT = TypeVar("RunT")


def crossbar_and_replication(runs: Sequence[RunT], machine: Callable[[RunT], Machine]) -> tuple[RunT, RunT] | None:
    """The first run of one copy and one network, and the first of a copy a unit; None where one is missing."""
    designs = [kind_of(machine(run)).sizes.design(machine(run)) for run in runs]
    if "crossbar" not in designs or "replication" not in designs:
        return None
    return runs[designs.index("crossbar")], runs[designs.index("replication")]


def best_and_array(runs: Sequence[RunT], machine: Callable[[RunT], Machine], figure: Callable[[RunT], float]) -> tuple[RunT, RunT] | None:
    """The run of a machine that leaves zeros out with the least figure, and the first of a dense array; None where one is missing."""
    array = next((run for run in runs if kind_of(machine(run)).dense), None)
    best = min((run for run in runs if not kind_of(machine(run)).dense), key=figure, default=None)
    return None if array is None or best is None else (best, array)
