"""What a gathered tile is held to."""

from __future__ import annotations

import numpy as np

from simulator.engine.cluster import ClusterOutcome, ClusterSpec
from simulator.engine.work import TileValues, TileWork
from simulator.errors import require
from simulator.kinds.units.checks import check_causes, check_equal


def check_cluster(spec: ClusterSpec, work: TileWork, outcome: ClusterOutcome) -> None:
    """Every entry is examined once, every request answered and multiplied once, every unit-cycle has one cause."""
    wanted = int(work.present[:, work.word].sum())
    require(outcome.list_entries == work.entries, f"{outcome.list_entries} entries examined of {work.entries}")
    require(outcome.requests == wanted, f"{outcome.requests} requests for {wanted} entries whose word is not zero")
    require(outcome.requests + outcome.entries_dropped == work.entries, "requests + dropped = entries")
    require(outcome.replies == outcome.requests == outcome.accumulator_updates, "requests = replies = multiplied words")
    require(outcome.rows_merged == outcome.output_bank_writes, "rows merged = rows written")
    check_causes(spec, outcome.cycles, outcome.unit_cycles)


def check_values(work: TileWork, values: TileValues, outcome: ClusterOutcome) -> None:
    """What the output banks received is the tile of W times the tile of X: exactly on integers, else to rounding."""
    if outcome.outputs is None:
        return
    expected = np.zeros_like(outcome.outputs)
    unit = np.repeat(np.arange(work.units), np.diff(work.unit_ptr))
    words = values.words.reshape(work.token_words, work.words, -1)
    for token in range(work.token_words):
        np.add.at(expected[:, token], (unit, work.own), values.weights[:, None] * words[token, work.word])
    check_equal(values, expected, outcome.outputs)
