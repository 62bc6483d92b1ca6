"""What a cluster did holds for those with other capacities of which it never wanted what it did not get."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.engine.batch import WorkBatch
from simulator.engine.cluster import CAPACITIES, MOST, ClusterSpec, Outcome, Outcomes
from simulator.engine.work import TileWork
from simulator.kinds.gather.compiled.engine import run_clusters
from simulator.kinds.scatter.compiled.engine import run_scatters
from tests.clusters import changed
from tests.differential.cases import Case, cases
from tests.strategies import BARE, work

Run = Callable[[ClusterSpec, WorkBatch, list[None]], Outcomes]


def of(run: Run, spec: ClusterSpec, tiles: list[TileWork]) -> Outcomes:
    return run(spec, WorkBatch(tiles), [None] * len(tiles))


def counters(outcomes: Outcomes) -> list[tuple[int, ...]]:
    each: list[Outcome] = [outcomes.outcome(tile) for tile in range(len(outcomes.cycles))]
    return [outcome.counters() for outcome in each]


@pytest.mark.parametrize("run", [run_clusters, run_scatters])
@settings(max_examples=15, deadline=None)
@given(case=cases(), data=st.data())
def test_clusters_that_are_said_to_be_alike_are(run: Run, case: Case, data: st.DataObject) -> None:
    """In every cycle, counter and milestone; with as few places of each as is said, with more, or with as many."""
    scatters = run is run_scatters
    spec = changed(case.spec, multicast=False) if scatters else case.spec
    spec = spec.holding([data.draw(st.integers(held, held + 6)) for held in spec.capacities])
    tiles = [each.scatter() if scatters else each.gather() for each in (case, case.other())]
    first = of(run, spec, tiles)
    within = spec.alike(first.spare)
    assert all(held in sizes for held, sizes in zip(spec.capacities, within, strict=True))
    rooms = max(tile.token_words for tile in tiles), spec.issue_width
    for _ in range(2):
        other = [
            data.draw(st.sampled_from([sizes[0], min(sizes[-1], held + 3), held]))
            for held, sizes in zip(spec.capacities, within, strict=True)
        ]
        other[0], other[1] = max(other[0], rooms[1]), max(other[1], rooms[0])
        assert counters(of(run, spec.holding(other), tiles)) == counters(first)


def test_what_was_full_says_nothing_of_other_sizes() -> None:
    """One unit with a word a cycle, which it waits for: every tag of a window of two is taken, and three of 20 in the end."""
    tile = work([[(0, word) for word in range(12)]], banks=4, k_words=12)
    spec = changed(BARE, units=1, banks=4, window=2, accumulators=2)
    small, large = (of(run_clusters, spec.holding((window, *spec.capacities[1:])), [tile]) for window in (2, 20))
    assert spec.alike(small.spare)[0] == range(2, 3)
    taken = 20 - int(large.spare[0, 0])  # type: ignore[index]
    assert 2 < taken < 12
    assert spec.holding((20, *spec.capacities[1:])).alike(large.spare)[0] == range(taken + 1, MOST)
    cycles = [int(of(run_clusters, spec.holding((window, *spec.capacities[1:])), [tile]).cycles[0]) for window in (2, taken + 1, 20)]
    assert cycles[0] > cycles[1] == cycles[2]


def test_where_nothing_was_looked_at_only_equal_clusters_are_alike() -> None:
    assert [len(sizes) for sizes in BARE.alike(None)] == [1] * len(CAPACITIES)
    assert BARE.alike(np.zeros((1, len(CAPACITIES)), dtype=np.int64)) == BARE.alike(None)
