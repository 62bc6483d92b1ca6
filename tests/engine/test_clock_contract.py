"""The clock contract as a datasheet: in which cycle what may happen (rules 1, 2, 3, 10 and 11).

With every latency at 1 and A = 1, a unit that consumes its last operand in cycle c writes the row in c + 1 and the
tile ends at c + 2.
"""

from typing import Any

import pytest

from simulator.engine.cluster import ClusterSpec, Outcome
from simulator.kinds.gather.reference import run_cluster
from tests.clusters import changed
from tests.strategies import BARE, integer_values, work

ALONE = changed(BARE, units=1, network="none")
"""One unit with a copy of its own."""
SINGLE = changed(BARE, units=1, banks=1)
"""One unit that reaches one bank over a network."""


def run(spec: ClusterSpec, *lists: list[tuple[int, int]], **keys: Any) -> Outcome:
    tile = work(lists, banks=spec.banks, **keys)
    return run_cluster(spec, tile, integer_values(tile))


def row(*words: int, of: int = 0) -> list[tuple[int, int]]:
    return [(of, word) for word in words]


def last_consumed(outcome: Outcome, spec: ClusterSpec) -> int:
    return outcome.cycles - 1 - spec.merge_cycles


@pytest.mark.parametrize("latency", [1, 2, 3])
@pytest.mark.parametrize("read_latency", [1, 2, 3])
@pytest.mark.parametrize("network", ["routed", "ideal"])
@pytest.mark.parametrize("queues", ["fifo", "voq"])
def test_unloaded_path(latency: int, read_latency: int, network: Any, queues: Any) -> None:
    """Issue 0; grant 1; access 1 + L; grant of the reply L + r + 1; consumed 2L + r + 1."""
    spec = changed(SINGLE, latency=latency, read_latency=read_latency, network=network, queues=queues)
    assert last_consumed(run(spec, row(0)), spec) == 2 * latency + read_latency + 1


@pytest.mark.parametrize("read_latency", [1, 2, 3])
def test_path_without_a_network(read_latency: int) -> None:
    """Issue 0; access 1; landed at the end of r; consumed r + 1."""
    spec = changed(ALONE, read_latency=read_latency)
    assert last_consumed(run(spec, row(0)), spec) == read_latency + 1


@pytest.mark.parametrize("flits", [1, 2, 3])
def test_a_word_of_several_flits_lands_with_its_last(flits: int) -> None:
    spec = changed(SINGLE, reply_flits=flits)
    assert last_consumed(run(spec, row(0)), spec) == 4 + flits - 1
    assert run(spec, row(0)).counts.reply_hops == flits


def test_a_tile_without_work_takes_no_cycles() -> None:
    assert run(BARE, [], [], k_words=1).cycles == 0
    assert run(ALONE, [], k_words=1).cycles == 0


@pytest.mark.parametrize("latency", [1, 2, 3])
@pytest.mark.parametrize("read_latency", [1, 2, 3])
def test_latency_alone_never_throttles(latency: int, read_latency: int) -> None:
    """Smallest queues, one bank: one word a cycle as soon as the window covers the way there and back."""
    trip = 2 * latency + read_latency + 1
    spec = changed(SINGLE, latency=latency, read_latency=read_latency, depth=2, bank_queue=1, reply_depth=1, window=trip + 1)
    assert last_consumed(run(spec, row(*range(20))), spec) == trip + 19


def test_a_window_one_short_of_the_way_costs_a_cycle_a_turn() -> None:
    """Tags freed in c are used from c + 1, so 4 tags serve 4 words every 5 cycles."""
    spec = changed(SINGLE, window=4)
    assert last_consumed(run(spec, row(*range(8))), spec) == 4 + 7 + 1
    assert last_consumed(run(spec, row(*range(12))), spec) == 4 + 11 + 2


def test_a_window_of_one_waits_for_every_word() -> None:
    spec = changed(ALONE, window=1)
    assert last_consumed(run(spec, row(0, 1, 2)), spec) == 2 + 3 + 3


def test_a_request_slot_freed_in_a_cycle_is_used_in_the_next() -> None:
    """Depth 1: pushed in 0, granted in 1, so the next push is in 2."""
    spec = changed(SINGLE, depth=1)
    assert last_consumed(run(spec, row(*range(5))), spec) == 4 + 2 * 4


@pytest.mark.parametrize("queues", ["fifo", "voq"])
def test_losers_of_a_bank_wait_a_cycle_each(queues: Any) -> None:
    spec = changed(BARE, units=4, banks=1, queues=queues)
    assert [last_consumed(run(spec, *[row(0)] * n, *[[]] * (4 - n)), spec) for n in (1, 2, 3, 4)] == [4, 5, 6, 7]


def test_a_bank_gives_one_word_a_cycle_and_a_port() -> None:
    """Tags 0 and 1 go to ports 0 and 1; iSLIP has both ports busy from the second cycle on."""
    one = changed(BARE, banks=1, issue_width=2)
    two = changed(one, bank_ports=2)
    lists = row(0, 1), row(2, 3)
    assert last_consumed(run(one, *lists), one) == 4 + 3
    assert last_consumed(run(two, *lists), two) == 4 + 2
    in_step = changed(two, allocator="round_robin")
    assert last_consumed(run(in_step, *lists), in_step) == 4 + 3


def test_a_request_uses_the_port_that_its_tag_names() -> None:
    """Both units' first tag is 0, so the second port is of no use to two single requests."""
    spec = changed(BARE, banks=1, bank_ports=2)
    assert last_consumed(run(spec, row(0), row(1)), spec) == 5


def test_head_of_line_blocking() -> None:
    """Unit 1's word of bank 1 waits behind its word of bank 0 in a FIFO, and passes it with a queue for each output."""
    fifo, voq = (changed(BARE, issue_width=2, queues=queues) for queues in ("fifo", "voq"))
    lists = row(0), row(0, 1)
    assert last_consumed(run(fifo, *lists), fifo) == 6
    assert last_consumed(run(voq, *lists), voq) == 5


def test_one_flit_an_input_each_cycle() -> None:
    spec = changed(BARE, units=1, issue_width=2)
    assert last_consumed(run(spec, row(0, 1)), spec) == 5


def test_one_operand_a_cycle_whatever_arrives() -> None:
    spec = changed(ALONE, issue_width=2)
    assert last_consumed(run(spec, row(*range(6))), spec) == 2 + 5


@pytest.mark.parametrize(("stages", "merge"), [(1, 1), (2, 4), (3, 9), (4, 12), (5, 20), (8, 32)])
def test_the_merge_tree_writes_after_a_pass_for_each_level(stages: int, merge: int) -> None:
    """c + A · (1 + ⌈log2 A⌉)."""
    spec = changed(ALONE, accumulate_latency=stages)
    assert spec.merge_cycles == merge
    assert run(spec, row(0)).cycles == 2 + merge + 1


@pytest.mark.parametrize("stages", [1, 2, 5])
def test_an_accumulator_is_free_a_pipeline_after_its_last_multiply(stages: int) -> None:
    """One accumulator: row 0 multiplies in 2, row 1 issues in 2 + A and multiplies in 4 + A."""
    spec = changed(ALONE, accumulators=1, accumulate_latency=stages)
    assert last_consumed(run(spec, row(0) + row(1, of=1)), spec) == 4 + stages
    roomy = changed(spec, accumulators=2)
    assert last_consumed(run(roomy, row(0) + row(1, of=1)), roomy) == 3


def test_rows_whose_words_are_all_zero_take_no_accumulator_and_write_nothing() -> None:
    spec = changed(ALONE, accumulators=1, scan_width=8)
    outcome = run(spec, row(0) + row(1, of=1) + row(2, of=2), zero_words=[0, 1])
    assert last_consumed(outcome, spec) == 2
    counts = outcome.counts
    assert (counts.rows_merged, counts.output_bank_writes, counts.entries_dropped, counts.requests) == (1, 1, 2, 1)


@pytest.mark.parametrize(("scan", "cycles"), [(1, 12), (2, 6), (5, 3), (12, 1), (64, 1)])
def test_a_list_of_zero_words_takes_as_long_as_its_scan(scan: int, cycles: int) -> None:
    outcome = run(changed(ALONE, scan_width=scan), row(*range(12)), zero_words=range(12))
    assert (outcome.cycles, outcome.counts.list_entries, outcome.counts.entries_dropped, outcome.counts.x_bank_reads) == (cycles, 12, 12, 0)


def test_a_scan_drops_what_follows_the_last_issue_of_a_cycle() -> None:
    """Word 0 issues, 1 and 2 are dropped in the same cycle, word 3 stops the scan and issues in the next."""
    spec = changed(ALONE, scan_width=4)
    assert last_consumed(run(spec, row(0, 1, 2, 3), zero_words=[1, 2]), spec) == 3


def test_issue_width_counts_requests_and_scan_width_entries() -> None:
    """Width of a cycle = max(issue_width, scan_width) = 3: two words and a zero word between them."""
    spec = changed(ALONE, issue_width=3, scan_width=1, window=2)
    outcome = run(spec, row(0, 1, 2, 3), zero_words=[1])
    assert spec.examine_width == 3
    assert last_consumed(outcome, spec) == 2 + 3


def test_a_row_that_ends_in_zero_words_merges_when_its_end_has_been_seen() -> None:
    """Word 0 multiplies in 2; the eighth entry after it is dropped in 8."""
    outcome = run(ALONE, row(*range(9)), zero_words=range(1, 9))
    assert outcome.cycles == 8 + 1 + 1


def test_token_words_are_walked_one_after_another_without_a_barrier() -> None:
    outcome = run(ALONE, row(0, 1, 2), token_words=4)
    assert last_consumed(outcome, ALONE) == 2 + 11
    assert (outcome.counts.list_entries, outcome.counts.rows_merged) == (12, 4)


def test_a_perfect_network_keeps_the_banks() -> None:
    """Four requests at once for one bank: one access a cycle."""
    spec = changed(BARE, units=4, banks=1, network="ideal")
    assert last_consumed(run(spec, *[row(0)] * 4), spec) == 4 + 3
    spread = changed(spec, banks=4)
    assert last_consumed(run(spread, row(0), row(1), row(2), row(3)), spread) == 4


@pytest.mark.parametrize("network", ["routed", "ideal", "none"])
@pytest.mark.parametrize("feed", [1, 2, 4])
def test_a_long_way_to_the_network_delays_the_first_grant(feed: int, network: Any) -> None:
    """Issue 0; grant, or access without a network, F; all else follows."""
    plain = ALONE if network == "none" else changed(SINGLE, network=network)
    spec = changed(plain, feed=feed)
    assert last_consumed(run(spec, row(0)), spec) == last_consumed(run(plain, row(0)), plain) + feed - 1


@pytest.mark.parametrize("network", ["routed", "ideal"])
def test_an_allocation_of_several_cycles_delays_a_request_and_throttles_nothing(network: Any) -> None:
    """Issue 0; the allocation begins in 1 and ends in P, access P + L: one word a cycle as soon as the window covers the way."""
    spec = changed(SINGLE, allocation=3, network=network, depth=2, bank_queue=1, reply_depth=1)
    assert last_consumed(run(spec, row(0)), spec) == 4 + 2
    assert last_consumed(run(spec, row(*range(20))), spec) == 4 + 2 + 19


@pytest.mark.parametrize("product", [0, 1, 3])
def test_a_product_of_several_cycles_delays_the_write_and_holds_the_accumulator(product: int) -> None:
    """The last operand is taken in 2; its product is there P later, the row is written A later, its accumulator free then."""
    spec = changed(ALONE, multiply_latency=product, accumulate_latency=2)
    assert spec.merge_cycles == product + 4
    assert run(spec, row(0)).cycles == 2 + product + 4 + 1
    one = changed(spec, accumulators=1)
    assert last_consumed(run(one, row(0) + row(1, of=1)), one) == 4 + product + 2
