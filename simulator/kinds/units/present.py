"""Which words of activations have a nonzero lane: units that skip zeros drop all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.kinds.units.machine import UnitsMachine
from simulator.workload.types import Operation


def present_words(machine: UnitsMachine, operation: Operation) -> NDArray[np.bool_]:
    """[token words, K]: which activation words have a nonzero lane (all of them, without zero skip)."""
    _, k, n = operation.shape
    lanes = machine.fabric.lanes
    token_words = -(-n // lanes)
    mask = operation.activations.mask
    if mask is None or not machine.fabric.zero_skip:
        return np.ones((token_words, k), dtype=np.bool_)
    padded = np.zeros((k, token_words * lanes), dtype=np.bool_)
    padded[:, :n] = mask
    shown: NDArray[np.bool_] = np.any(padded.reshape(k, token_words, lanes), axis=2)
    return shown.T


def present_share(machine: UnitsMachine, operation: Operation) -> float:
    """Of all list entries, each for all token words, those whose word has a nonzero lane."""
    present = present_words(machine, operation)
    entries = operation.weight.nnz * len(present)
    return float(present.sum(axis=0) @ operation.weight.column_counts) / entries if entries else 0.0
