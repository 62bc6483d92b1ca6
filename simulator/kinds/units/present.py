"""Which words of activations have a nonzero lane: units that skip zeros drop all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.kinds.units.machine import UnitsMachine
from simulator.workload.types import Operation


def present_words(machine: UnitsMachine, operation: Operation) -> NDArray[np.bool_]:
    """[token words, K]: which activation words have a nonzero lane (all of them, without zero skip)."""
    words = operation.activations.words(machine.fabric.lanes) if machine.fabric.zero_skip else None
    if words is not None:
        return words
    _, k, n = operation.shape
    return np.ones((-(-n // machine.fabric.lanes), k), dtype=np.bool_)


def present_share(machine: UnitsMachine, operation: Operation) -> float:
    """Of all list entries, each for all token words, those whose word has a nonzero lane."""
    present = present_words(machine, operation)
    entries = operation.weight.nnz * len(present)
    return float(present.sum(axis=0) @ operation.weight.column_counts) / entries if entries else 0.0
