"""Which runs are the two ways to pay for sparsity, and which is the dense array that both are held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from simulator.kinds.units.machine import UnitsFabric
from simulator.machine.model import Machine

RunT = TypeVar("RunT")


def copies(machine: Machine) -> str:
    """`one` copy behind a network, `one a unit`, `some`, or `other` kinds of machine."""
    fabric = machine.fabric
    if not isinstance(fabric, UnitsFabric) or fabric.token_groups > 1:
        return "other"
    if fabric.clusters == 1 and fabric.has_network:
        return "one"
    return "one a unit" if not fabric.has_network else "some"


def crossbar_and_replication(runs: Sequence[RunT], machine: Callable[[RunT], Machine]) -> tuple[RunT, RunT] | None:
    """The first run of one copy and one network, and the first of a copy a unit; None where one is missing."""
    crossbar = next((run for run in runs if copies(machine(run)) == "one"), None)
    replication = next((run for run in runs if copies(machine(run)) == "one a unit"), None)
    return None if crossbar is None or replication is None else (crossbar, replication)


def best_and_array(runs: Sequence[RunT], machine: Callable[[RunT], Machine], figure: Callable[[RunT], float]) -> tuple[RunT, RunT] | None:
    """The run of a gather machine with the least figure, and the first of a systolic array; None where one is missing."""
    array = next((run for run in runs if machine(run).fabric.kind == "systolic"), None)
    best = min((run for run in runs if machine(run).fabric.kind == "gather"), key=figure, default=None)
    return None if array is None or best is None else (best, array)
