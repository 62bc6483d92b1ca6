"""The cause of every unit-cycle in examples small enough to be worked out by hand.

All latencies are 1: issue t; grant t + 1; access t + 2; grant of the reply t + 3; consumed t + 4; with A = 1 the row is
written a cycle after its last multiply.
"""

from typing import Any

from simulator.activity import CAUSES
from simulator.engine.cluster import ClusterSpec
from simulator.kinds.gather.reference import run_cluster
from tests.clusters import changed
from tests.strategies import BARE, integer_values, work

ALONE = changed(BARE, units=1, network="none")


def causes(spec: ClusterSpec, *lists: list[tuple[int, int]], **keys: Any) -> dict[str, int]:
    """Unit-cycles by cause, over all units; without those that are 0."""
    tile = work(lists, banks=spec.banks, **keys)
    outcome = run_cluster(spec, tile, integer_values(tile))
    assert outcome.unit_cycles.sum() == spec.units * outcome.cycles
    return {cause: int(n) for cause, n in zip(CAUSES, outcome.unit_cycles, strict=True) if n}


def test_one_word_and_an_idle_neighbour() -> None:
    # unit 0: issue, latency (1, 2, 3), computing (4), drain (5); unit 1 has nothing to do for 6 cycles
    assert causes(BARE, [(0, 0)], []) == {"issue": 1, "latency": 3, "computing": 1, "drain": 1, "imbalance": 6}


def test_two_units_want_one_bank() -> None:
    # unit 1 loses in cycle 1 and knows it in cycle 2; it ends in 7 cycles, unit 0 in 6
    assert causes(BARE, [(0, 0)], [(0, 0)]) == {
        "issue": 2,
        "latency": 6,
        "bank_conflict": 1,
        "computing": 2,
        "drain": 2,
        "imbalance": 1,
    }


def test_an_input_sends_one_flit_a_cycle() -> None:
    # Both words are issued in 0. Output 0 wins the input in 1, so the older flit, for bank 1, waits: known in 2.
    # 1 latency, 2 contention, 3 latency, 4 computing (the younger word), 5 computing, 6 drain
    spec = changed(BARE, units=1, issue_width=2)
    assert causes(spec, [(0, 1), (1, 0)]) == {"issue": 1, "latency": 2, "network_contention": 1, "computing": 2, "drain": 1}


def test_a_reply_behind_another_units_reply_is_network_contention() -> None:
    # Words of 3 flits; even words live in bank 0. Unit 1: word 1 is granted its reply in 3, word 2 in 6 (its link is busy
    # till then), so they are consumed in 6 and 9. Unit 0 drops two zero words, issues in 2, and its reply waits in bank 0
    # behind unit 1's from 5 on, leaves in 9 when that has left, and is consumed in 12.
    # unit 0: issue 0-2, latency 3-5, contention 6-9, latency 10-11, computing 12, drain 13
    # unit 1: issue 0, latency 1-5, computing 6, latency 7-8, computing 9, drain 10, imbalance 11-13
    spec = changed(BARE, reply_flits=3)
    assert causes(spec, [(0, 4), (0, 6), (0, 8)], [(0, 1), (0, 2)], zero_words=[4, 6]) == {
        "issue": 3 + 1,
        "latency": 5 + 7,
        "network_contention": 4,
        "computing": 1 + 2,
        "drain": 2,
        "imbalance": 3,
    }


def test_followers_in_a_queue_are_network_contention() -> None:
    # FIFO. Unit 1's first word loses bank 0 to unit 0 in cycles 1 and 2 (unit 0's second word is for bank 0 as well,
    # but round-robin serves unit 1 in 2). Its second word, for bank 1, is never the oldest while it waits.
    spec = changed(BARE, queues="fifo", issue_width=2)
    assert causes(spec, [(0, 0)], [(0, 0), (0, 1)]) == {
        "issue": 2,
        "latency": 3 + 3,
        "bank_conflict": 1,
        "computing": 1 + 2,
        "drain": 2,
        "imbalance": 2,
    }


def test_waiting_behind_a_request_in_a_bank_queue_is_bank_conflict() -> None:
    # A perfect network brings both requests to bank 0 at the end of 1; unit 0's is served in 2, unit 1's in 3: known in 3.
    spec = changed(BARE, network="ideal")
    assert causes(spec, [(0, 0)], [(0, 0)]) == {
        "issue": 2,
        "latency": 6,
        "bank_conflict": 1,
        "computing": 2,
        "drain": 2,
        "imbalance": 1,
    }


def test_no_accumulator_for_the_next_row() -> None:
    # A = 2: issue 0, latency 1, computing 2, accumulators full 3, issue 4, latency 5, computing 6, drain 7-10
    spec = changed(ALONE, accumulators=1, accumulate_latency=2)
    assert causes(spec, [(0, 0), (1, 1)]) == {"issue": 2, "latency": 2, "computing": 2, "accumulators_full": 1, "drain": 4}


def test_a_scan_that_only_drops_is_issue() -> None:
    # issue 0, latency 1, computing 2, dropping 3-8, drain 9
    assert causes(ALONE, [(0, word) for word in range(9)], zero_words=range(1, 9)) == {
        "issue": 7,
        "latency": 1,
        "computing": 1,
        "drain": 1,
    }


def test_rows_that_still_merge_at_the_end_are_drain_and_before_it_are_hidden() -> None:
    # A = 4 merges for 12 cycles. Row 0's merge hides behind row 1's words.
    spec = changed(ALONE, accumulate_latency=4)
    assert causes(spec, [(0, 0), *((1, word) for word in range(1, 20))]) == {"issue": 1, "latency": 1, "computing": 20, "drain": 12}


def test_one_copy_a_unit_never_waits_for_a_network_or_a_bank() -> None:
    entries = [(row, word) for row in range(4) for word in range(6)]
    found = causes(changed(ALONE, accumulate_latency=4, accumulators=2), entries, zero_words=[3])
    assert not {"network_contention", "bank_conflict", "imbalance"} & set(found)
