"""Any cluster on any work: conservation, bounds, values, and no dependence on the order of visits."""

import random as python_random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.activity import CAUSES
from simulator.engine.cluster import ClusterSpec
from simulator.engine.reference.clock import Clock
from simulator.engine.work import TileWork
from simulator.kinds.gather import reference
from simulator.kinds.gather.dataflow import check_values
from simulator.kinds.gather.reference import run_cluster, serial_cycles
from tests.clusters import changed, check_cluster, cluster_bounds
from tests.strategies import BARE, cluster_specs, cluster_works, integer_values, work


def draw(data: st.DataObject, **keys: object) -> tuple[ClusterSpec, TileWork]:
    spec = data.draw(cluster_specs(**keys))  # type: ignore[arg-type]
    return spec, data.draw(cluster_works(spec))


@settings(max_examples=150)
@given(data=st.data())
def test_every_law_holds_on_every_cluster(data: st.DataObject) -> None:
    spec, tile = draw(data)
    values = integer_values(tile)
    outcome = run_cluster(spec, tile, values)
    check_cluster(spec, tile, outcome)
    assert outcome.outputs is not None
    check_values(tile, values, outcome.outputs)
    bounds = cluster_bounds(spec, tile)
    assert bounds.largest[1] <= outcome.cycles <= serial_cycles(spec, tile)
    computing = outcome.unit_cycles[CAUSES.index("computing")]
    assert computing == outcome.counts.requests == tile.present[:, tile.word].sum()
    if not spec.multicast:
        assert outcome.counts.x_bank_reads == outcome.counts.requests
    if spec.network == "routed" and spec.requests.topology == "full":
        assert outcome.counts.request_hops == outcome.counts.requests * spec.requests.flits
        assert outcome.counts.reply_hops == outcome.counts.requests * spec.replies.flits


@settings(max_examples=60)
@given(data=st.data())
def test_one_copy_a_unit_waits_for_no_network(data: st.DataObject) -> None:
    spec, tile = draw(data, network=("none",))
    outcome = run_cluster(spec, tile, None)
    assert outcome.unit_cycles[CAUSES.index("network_contention")] == 0
    if spec.issue_width == 1:
        assert outcome.unit_cycles[CAUSES.index("bank_conflict")] == 0


@settings(max_examples=60)
@given(data=st.data())
def test_values_change_nothing_but_the_outputs(data: st.DataObject) -> None:
    spec, tile = draw(data)
    assert run_cluster(spec, tile, None).counters() == run_cluster(spec, tile, integer_values(tile)).counters()


class AnyOrderClock(Clock):
    """A clock that visits what happens in the same phase in a random order."""

    seed = 0

    def __init__(self) -> None:
        super().__init__()
        # SimPy ranks events of one time by this counter, in order of their creation.
        self.env._eid = self._shuffled(type(self).seed)  # type: ignore[assignment]

    @staticmethod
    def _shuffled(seed: int) -> Iterator[int]:
        generator = python_random.Random(seed)
        while True:
            yield generator.getrandbits(62)


@settings(max_examples=80)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_no_result_depends_on_the_order_in_which_processes_are_visited(data: st.DataObject, seed: int) -> None:
    spec, tile = draw(data)
    values = integer_values(tile)
    expected = run_cluster(spec, tile, values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "Clock", type("Seeded", (AnyOrderClock,), {"seed": seed}))
        shuffled = run_cluster(spec, tile, values)
    assert shuffled.counters() == expected.counters()
    assert shuffled.outputs is not None
    assert expected.outputs is not None
    assert (shuffled.outputs == expected.outputs).all()


@pytest.mark.parametrize("latency", [1, 3])
@pytest.mark.parametrize("queues", ["fifo", "voq"])
@pytest.mark.parametrize("turns", [1, 5, 40])
def test_the_bound_is_tight_where_units_sweep_the_banks_in_step(latency: int, queues: str, turns: int) -> None:
    """Unit u asks bank u + t in step t: no two meet. Beyond the bound: the way there and back and the merge, whatever the length."""
    units = 8
    spec = changed(BARE, units=units, banks=units, latency=latency, queues=queues, accumulate_latency=4)  # type: ignore[arg-type]
    lists = [[(0, units * (t // units) + (unit + t) % units) for t in range(units * turns)] for unit in range(units)]
    tile = work(lists, banks=units)
    excess = run_cluster(spec, tile, None).cycles - cluster_bounds(spec, tile).largest[1]
    assert excess == 2 * latency + spec.read_latency + 1 + spec.merge_cycles


@pytest.mark.parametrize("words", [1, 10, 300])
def test_the_bound_is_tight_for_a_copy_of_its_own(words: int) -> None:
    spec = changed(BARE, units=1, network="none", accumulate_latency=4, bank_queue=2)
    tile = work([[(0, word) for word in range(words)]], banks=2)
    outcome = run_cluster(spec, tile, None)
    assert outcome.cycles - cluster_bounds(spec, tile).unit_cycles == spec.read_latency + 1 + spec.merge_cycles


def test_the_bank_bound_is_tight_where_all_want_one_bank() -> None:
    spec = changed(BARE, units=4, banks=4, depth=4)
    tile = work([[(0, 4 * word) for word in range(50)] for _ in range(4)], banks=4)
    outcome = run_cluster(spec, tile, None)
    bounds = cluster_bounds(spec, tile)
    assert bounds.bank_cycles == bounds.network_cycles == 200
    assert outcome.cycles - 200 == 4 + spec.merge_cycles


def test_bounds_of_a_cluster_by_hand() -> None:
    """Unit 0 wants words 0, 1, 2 and unit 1 words 2, 2 of two banks; word 1 is all zero."""
    tile = work([[(0, 0), (0, 1), (0, 2)], [(0, 2), (1, 2)]], banks=2, zero_words=[1])
    bounds = cluster_bounds(BARE, tile)
    # Bank 0 is asked for word 0 once and for word 2 three times; the scan of unit 0 takes 3 cycles.
    assert (bounds.unit_cycles, bounds.bank_cycles, bounds.network_cycles) == (3, 4, 4)
    shared = cluster_bounds(changed(BARE, multicast=True), tile)
    # unit 1 has one of its two requests for word 2 granted a cycle, so that both never share an access
    assert (shared.word_cycles, shared.bank_cycles, shared.network_cycles) == (2, 3, 3)
    assert cluster_bounds(changed(BARE, scan_width=4), tile).unit_cycles == 2
    assert cluster_bounds(changed(BARE, network="ideal"), tile).network_cycles == 0
    assert cluster_bounds(changed(BARE, bank_ports=2), tile).bank_cycles == 2


@pytest.mark.parametrize(("topology", "beyond"), [("mesh", 3), ("ring", 2)])
def test_a_flit_is_seen_when_it_arrives_whatever_else_is_on_its_way(topology: str, beyond: int) -> None:
    """A request that passes router 1 from cycle 4 on holds back none that unit 1 put there for cycle 3."""
    spec = changed(BARE, units=4, banks=4, topology=topology, latency=3)  # type: ignore[arg-type]
    tile = work([[(0, beyond)], [(0, 4), (0, 8), (0, 13)], [], []], banks=4, zero_words=[4, 8])
    outcome = run_cluster(spec, tile, None)
    assert outcome.unit_cycles[CAUSES.index("network_contention")] == outcome.unit_cycles[CAUSES.index("bank_conflict")] == 0
    assert run_cluster(changed(spec, network="ideal"), tile, None).cycles == outcome.cycles


def test_zero_work_has_zero_bounds() -> None:
    tile = work([[], []], k_words=3)
    assert cluster_bounds(BARE, tile).largest[1] == 0
    assert run_cluster(BARE, tile, None).unit_cycles.sum() == 0


def test_outputs_are_placed_by_unit_token_and_row() -> None:
    tile = work([[(0, 0), (1, 1)], [(0, 1)]], token_words=2)
    values = integer_values(tile)
    outputs = run_cluster(BARE, tile, values).outputs
    assert outputs is not None
    assert outputs.shape == (2, 2, 2, 2)
    words = values.words.reshape(2, 2, 2)
    for token in range(2):
        assert np.array_equal(outputs[0, token, 0], values.weights[0] * words[token, 0])
        assert np.array_equal(outputs[0, token, 1], values.weights[1] * words[token, 1])
        assert np.array_equal(outputs[1, token, 0], values.weights[2] * words[token, 1])
