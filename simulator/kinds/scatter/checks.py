"""What a scattered tile is held to."""

from __future__ import annotations

import numpy as np

from simulator.engine.cluster import ClusterSpec, ScatterOutcome
from simulator.engine.work import TileValues, TileWork
from simulator.errors import require
from simulator.kinds.units.checks import check_causes, check_equal


def check_scatter(spec: ClusterSpec, work: TileWork, outcome: ScatterOutcome) -> None:
    """Every entry is examined once, every product accumulated once, every unit-cycle has one cause."""
    wanted = int(work.present[:, work.own].sum())
    require(outcome.list_entries == work.entries, f"{outcome.list_entries} entries examined of {work.entries}")
    require(outcome.requests == wanted, f"{outcome.requests} products of {wanted} entries whose word is not zero")
    require(outcome.requests + outcome.entries_dropped == work.entries, "products + dropped = entries")
    require(outcome.bank_accumulates == outcome.requests, "products sent = products accumulated")
    check_causes(spec, outcome.cycles, outcome.unit_cycles)


def check_sums(work: TileWork, values: TileValues, outcome: ScatterOutcome) -> None:
    """What the banks hold is the tile of W times the tile of X: exactly on integers, else to rounding."""
    if outcome.outputs is None:
        return
    words = values.words.reshape(work.token_words, work.present.shape[1], -1)
    expected = np.zeros_like(outcome.outputs).reshape(work.token_words, work.words, -1)
    for token in range(work.token_words):
        np.add.at(expected[token], work.word, values.weights[:, None] * words[token, work.own])
    check_equal(values, expected.reshape(outcome.outputs.shape), outcome.outputs)
