"""What a sampled tile is held to, beside the laws of a gathered one."""

from __future__ import annotations

import numpy as np

from simulator.engine.cluster import ClusterOutcome
from simulator.engine.work import TileValues, TileWork
from simulator.kinds.units.checks import check_equal


def check_sampled(work: TileWork, values: TileValues, outcome: ClusterOutcome) -> None:
    """What was written for each place of the mask is the tile's part of dY · Xᵀ: exactly on integers, else to rounding."""
    if outcome.outputs is None:
        return
    expected = np.zeros_like(outcome.outputs)
    unit = np.repeat(np.arange(work.units), np.diff(work.unit_ptr))
    np.add.at(expected[:, 0, :, 0], (unit, work.own), (values.weights * values.words[work.word]).sum(axis=1))
    check_equal(values, expected, outcome.outputs)
