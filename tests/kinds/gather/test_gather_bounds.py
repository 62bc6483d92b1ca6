"""What no run of a cluster goes below."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.engine.batch import WorkBatch
from simulator.engine.cluster import ClusterSpec
from simulator.engine.work import TileWork
from simulator.kinds.gather.bounds import least_round_cycles
from tests.clusters import changed, run_compiled
from tests.differential.cases import Case, cases
from tests.strategies import BARE, work


def least(spec: ClusterSpec, tile: TileWork) -> int:
    """Of the busiest unit."""
    batch = WorkBatch([tile])
    words, entries = batch.wanted(batch.word).max(axis=1), batch.lengths.max(axis=1) * batch.token_words
    return least_round_cycles(spec, words, entries)[0]


@settings(max_examples=40, deadline=None)
@given(case=cases(), window=st.integers(1, 4))
def test_no_cluster_is_quicker_than_its_busiest_unit_with_its_window(case: Case, window: int) -> None:
    spec = changed(case.spec, window=max(window, case.spec.issue_width))
    tile = case.gather()
    assert least(spec, tile) <= run_compiled(spec, tile).cycles


@pytest.mark.parametrize("window", [1, 2, 3])
@pytest.mark.parametrize("words", [1, 4, 12])
def test_a_unit_alone_waits_for_its_window_and_for_nothing_else(window: int, words: int) -> None:
    spec = changed(BARE, units=1, banks=4, window=window, accumulators=2, read_latency=5)
    tile = work([[(0, word) for word in range(words)]], banks=4, k_words=12)
    assert least(spec, tile) == run_compiled(spec, tile).cycles
    wide = changed(spec, window=2 * words + 8)
    assert least(wide, tile) <= least(spec, tile)
