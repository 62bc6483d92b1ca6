"""Rule 15: requests for one word that meet at a crossbar's arbiter share an access, and their words land together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.activity import CAUSES
from simulator.engine.cluster import ClusterSpec, Outcome
from simulator.engine.reference.clock import Clock
from simulator.engine.reference.flit import Flit
from simulator.engine.reference.network import CombinedReplies
from simulator.engine.work import TileWork
from simulator.errors import CheckError
from simulator.kinds.gather.dataflow import check_values
from simulator.kinds.gather.reference import run_cluster
from tests.clusters import changed, check_cluster, cluster_bounds, run_compiled
from tests.strategies import BARE, cluster_specs, cluster_works, integer_values, work

COMBINING = changed(BARE, multicast=True)


def on_both(spec: ClusterSpec, tile: TileWork) -> Outcome:
    """The outcome on which both engines agree."""
    outcome = run_cluster(spec, tile, None)
    assert run_compiled(spec, tile).counters() == outcome.counters()
    return outcome


def conflicts(outcome: Outcome) -> int:
    return int(outcome.unit_cycles[CAUSES.index("bank_conflict")])


@pytest.mark.parametrize("queues", ["fifo", "voq"])
@pytest.mark.parametrize("units", [2, 5, 70])
def test_all_who_want_one_word_have_it_as_soon_as_one_alone(queues: str, units: int) -> None:
    spec = changed(COMBINING, units=units, queues=queues)  # type: ignore[arg-type]
    alone = on_both(spec, work([[(0, 0)]] + [[]] * (units - 1)))
    together = on_both(spec, work([[(0, 0)]] * units))
    assert together.cycles == alone.cycles
    assert (together.counts.x_bank_reads, together.counts.replies, together.counts.reply_hops) == (1, units, units)
    assert conflicts(together) == 0
    apart = on_both(changed(spec, multicast=False), work([[(0, 0)]] * units))
    assert apart.cycles == alone.cycles + units - 1


def test_two_words_of_one_bank_take_two_accesses() -> None:
    """Units 0 and 2 want word 0, units 1 and 3 word 2: the pointer stands at unit 0, so that word 2 comes a cycle later."""
    spec = changed(COMBINING, units=4)
    outcome = on_both(spec, work([[(0, 0)], [(0, 2)], [(0, 0)], [(0, 2)]]))
    alone = on_both(spec, work([[(0, 0)], [], [], []]))
    assert (outcome.counts.x_bank_reads, outcome.cycles) == (2, alone.cycles + 1)
    assert conflicts(outcome) == 2


def test_only_heads_combine() -> None:
    """Unit 1 wants word 0 too, but behind word 2 of the same bank: it comes too late to share unit 0's access."""
    outcome = on_both(COMBINING, work([[(0, 0)], [(0, 2), (0, 0)]]))
    assert (outcome.counts.requests, outcome.counts.x_bank_reads) == (3, 3)


def test_requests_for_different_ports_of_a_bank_do_not_combine() -> None:
    """A request's port is that of its slot: the second of unit 0 goes to port 1."""
    spec = changed(COMBINING, bank_ports=2)
    assert on_both(spec, work([[(0, 0)], [(0, 0)]])).counts.x_bank_reads == 1
    assert on_both(spec, work([[(0, 0), (0, 1)], [(0, 1)]])).counts.x_bank_reads == 3


@settings(max_examples=80)
@given(data=st.data())
def test_where_no_word_is_shared_it_changes_nothing(data: st.DataObject) -> None:
    """Also the proof that replies need no arbiter: without multicast their crossbar is simulated."""
    spec = data.draw(cluster_specs(network=("routed",), topologies=("full",)))
    spec = changed(spec, multicast=False, request_flits=1, reply_flits=1)
    tile = data.draw(cluster_works(spec))
    unit = np.repeat(np.arange(spec.units), np.diff(tile.unit_ptr))
    own = replace(
        tile,
        word=(tile.word + unit * tile.words).astype(np.int32),
        words=tile.words * spec.units,
        bank=np.random.default_rng(0).integers(0, spec.banks, size=tile.token_words * tile.words * spec.units).astype(np.int32),
        present=np.tile(tile.present, (1, spec.units)),
    )
    assert on_both(changed(spec, multicast=True), own).counters() == run_cluster(spec, own, None).counters()


@settings(max_examples=80)
@given(data=st.data())
def test_every_law_holds(data: st.DataObject) -> None:
    spec = changed(data.draw(cluster_specs(network=("routed",), topologies=("full",))), request_flits=1, reply_flits=1, multicast=True)
    tile = data.draw(cluster_works(spec))
    values = integer_values(tile)
    outcome = run_cluster(spec, tile, values)
    check_cluster(spec, tile, outcome)
    assert outcome.outputs is not None
    check_values(tile, values, outcome.outputs)
    distinct = np.unique(tile.word)
    counts = outcome.counts
    assert tile.present[:, distinct].sum() <= counts.x_bank_reads <= counts.requests == counts.replies == counts.reply_hops
    assert cluster_bounds(spec, tile).largest[1] <= outcome.cycles


def sixteen(hot_share: float) -> TileWork:
    """16 units want 400 words each of 16 banks: word 0, or any."""
    random = np.random.default_rng(1)
    wanted = np.where(random.random((16, 400)) < hot_share, 0, random.integers(1, 512, (16, 400)))
    return work([[(0, int(word)) for word in words] for words in wanted], banks=16, k_words=512)


@pytest.mark.parametrize("iterations", [1, 4])
def test_a_hot_word_is_no_bound_any_more(iterations: int) -> None:
    """A word that a quarter of all requests want costs no more than a third of what chance costs."""
    tile, spec = sixteen(0.25), changed(BARE, units=16, banks=16, iterations=iterations)
    bounds, combined_bounds = cluster_bounds(spec, tile), cluster_bounds(changed(spec, multicast=True), tile)
    assert bounds.word_cycles == (tile.word == 0).sum() > 3 * 400
    assert combined_bounds.largest == ("unit_cycles", 400)
    assert combined_bounds.word_cycles < 150
    apart, together = on_both(spec, tile), on_both(changed(spec, multicast=True), tile)
    assert together.cycles < apart.cycles / 2.5
    assert together.cycles < on_both(spec, sixteen(0.0)).cycles * 4 / 3
    assert conflicts(together) < conflicts(apart) / 5


def test_bounds_of_shared_words_by_hand() -> None:
    """Word 0 is wanted by three units, once each; word 2, of the same bank, twice by unit 3; word 1 by unit 3 alone."""
    tile = work([[(0, 0)], [(0, 0)], [(0, 0)], [(0, 2), (1, 2), (1, 1)]], banks=2)
    spec = changed(BARE, units=4)
    alone, combined, ideal = (
        cluster_bounds(each, tile) for each in (spec, changed(spec, multicast=True), changed(spec, multicast=True, network="ideal"))
    )
    assert (alone.word_cycles, alone.bank_cycles, alone.network_cycles) == (3, 5, 5)
    # one access for word 0; two for word 2, since unit 3 has one request granted a cycle
    assert (combined.word_cycles, combined.bank_cycles, combined.network_cycles) == (2, 3, 3)
    assert (ideal.word_cycles, ideal.bank_cycles, ideal.network_cycles) == (1, 2, 0)


@pytest.mark.parametrize("keys", [{"topology": "mesh"}, {"reply_flits": 2}, {"request_flits": 2}])
def test_a_cluster_that_cannot_combine_is_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="multicast combines requests at one crossbar"):
        changed(COMBINING, **keys)  # type: ignore[arg-type]
    assert not changed(COMBINING, network="ideal", **keys).combines  # type: ignore[arg-type]


def test_words_that_meet_at_a_unit_would_be_noticed() -> None:
    class Unit:
        def free(self, cycle: int) -> float:
            return 1

        def receive(self, flit: Flit, ready: int) -> None:
            """Take it."""

    replies = CombinedReplies(Clock(), [Unit()], [[1], [1]])
    replies.send(0, Flit(0, 0, 0, 0, 0, 0), 4)
    with pytest.raises(CheckError, match="two words meet at unit 0 in cycle 5"):
        replies.send(1, Flit(0, 1, 1, 1, 0, 0), 4)
