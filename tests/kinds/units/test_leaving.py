"""Which rows leave with which tile: each is finished once, and what goes out of it comes back."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.kinds.units.leaving import LeavingRows
from simulator.kinds.units.ranges import UNLIMITED, Capacity, line_entries, spread_ranges
from simulator.system.program import spans
from tests.strategies import sparse, weight


@settings(max_examples=60)
@given(
    m=st.integers(1, 9),
    k=st.integers(1, 9),
    width=st.integers(1, 9),
    height=st.integers(1, 9),
    density=st.sampled_from([0.1, 0.4, 1.0]),
    policy=st.sampled_from(["balanced", "split"]),
    seed=st.integers(0, 2**16),
)
def test_rows_are_finished_once_and_what_goes_out_comes_back(**drawn: Any) -> None:
    m, k, width = drawn["m"], drawn["k"], drawn["width"]
    w = sparse(np.random.default_rng(drawn["seed"]), m, k, drawn["density"])
    k_tiles, m_tiles = spans(k, width), spans(m, drawn["height"])
    of = weight(w)
    fitted = spread_ranges(
        line_entries(of.indptr, of.indices, width, len(k_tiles)), m_tiles, Capacity(3, drawn["policy"], UNLIMITED, UNLIMITED)
    )
    leaving = LeavingRows(fitted.parts, fitted.entries, m)
    tiles = {(rows, place): leaving.of(rows, place) for rows in m_tiles for place in range(len(k_tiles))}
    assert sorted(np.concatenate([tile.finished for tile in tiles.values()])) == list(range(m))
    touched = np.array([(w[:, slice(*span)] != 0).any(axis=1) for span in k_tiles])
    times = touched.sum(axis=0)
    assert sum(tile.out for tile in tiles.values()) == sum(tile.back for tile in tiles.values()) == np.maximum(times - 1, 0).sum()
    for (rows, place), tile in tiles.items():
        here = touched[place, slice(*rows)]
        last = np.array([np.flatnonzero(column)[-1] if column.any() else len(k_tiles) - 1 for column in touched.T])
        assert tile.finished.tolist() == [row for row in range(*rows) if last[row] == place]
        assert tile.parts >= here.sum()
        assert tile.additions == tile.parts - here.sum() + tile.back
        assert tile.out + np.isin(tile.finished, rows[0] + np.flatnonzero(here)).sum() == here.sum()
        if drawn["policy"] == "balanced":
            assert (tile.parts, tile.out_parts, tile.added_parts) == (here.sum(), tile.out, len(tile.added))


def test_sums_that_stay_leave_finished() -> None:
    of = weight(np.array([[1.0, 1.0], [0.0, 0.0]]))
    fitted = spread_ranges(line_entries(of.indptr, of.indices, 1, 2), ((0, 2),), Capacity(2, "balanced", UNLIMITED, UNLIMITED))
    only = LeavingRows(fitted.parts, fitted.entries.sum(axis=1, keepdims=True), 2).of((0, 2), 0)
    assert (only.finished.tolist(), only.out, only.back, only.parts, only.added.tolist()) == ([0, 1], 0, 0, 1, [])
