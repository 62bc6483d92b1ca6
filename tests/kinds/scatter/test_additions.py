"""Banks that add (rule 16): a word is added to again A cycles later, by one port of its bank at a time."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from simulator.activity import CAUSES
from simulator.engine.batch import WorkBatch
from simulator.engine.cluster import ClusterSpec, Outcome
from simulator.engine.reference.flit import Flit
from simulator.engine.reference.watching import ClusterParts
from simulator.engine.work import TileWork
from simulator.kinds.scatter.compiled.engine import run_scatters
from simulator.kinds.scatter.dataflow import scatter_bounds
from simulator.kinds.scatter.reference import run_scatter
from tests.clusters import changed
from tests.differential.cases import Case, cases
from tests.strategies import BARE, work

ALONE = changed(BARE, units=1, banks=1, network="none")
"""One unit at one bank: a product that is sent in cycle t is at the bank in t + 1."""
PAIR = changed(BARE, units=2, banks=1, bank_ports=2, network="ideal")
"""Two units at two ports of one bank, a cycle further away."""


def tile(*lists: list[tuple[int, int]], zero_columns: tuple[int, ...] = ()) -> TileWork:
    """Lists of (column, word); the activations of some columns are zero."""
    made = work(lists, banks=1)
    present = np.ones((1, 1 + int(made.own.max())), dtype=np.bool_)
    present[0, list(zero_columns)] = False
    return replace(made, present=present)


def run(spec: ClusterSpec, of: TileWork) -> Outcome:
    """On both engines, which agree."""
    reference, (compiled,) = run_scatter(spec, of, None), [run_scatters(spec, WorkBatch([of]), [None]).outcome(0)]
    assert reference.counters() == compiled.counters()
    return reference


def causes(outcome: Outcome) -> dict[str, int]:
    return {cause: int(n) for cause, n in zip(CAUSES, outcome.unit_cycles, strict=True) if n}


@pytest.mark.parametrize("stages", [1, 2, 3, 6])
def test_a_second_product_for_a_word_waits_for_the_sum_of_the_first(stages: int) -> None:
    """Sent in 0, 1, 2; at the bank in 1, 2, 3. The first is added to from 1, the second from 1 + A, the third, behind it, from 2 + A.

    It is written r + A later; the tile ends a cycle after. The second is the oldest from 2 on, and waits in the A − 1 cycles 2 … A.
    The third is the oldest from 2 + A on, and could have been taken in 3, if nothing had been before it.
    """
    outcome = run(changed(ALONE, accumulate_latency=stages), tile([(0, 5), (1, 5), (2, 6)]))
    assert outcome.cycles == (2 + stages) + 1 + stages + 1
    waits = {"bank_conflict": stages} if stages > 1 else {}
    latency = {} if stages > 1 else {"latency": 1}
    assert causes(outcome) == {"computing": 3, **waits, **latency, "drain": stages + 1}


@pytest.mark.parametrize("stages", [1, 4])
def test_products_for_different_words_never_wait(stages: int) -> None:
    outcome = run(changed(ALONE, accumulate_latency=stages), tile([(0, 5), (1, 6), (2, 7), (3, 8)]))
    assert outcome.cycles == 4 + 1 + stages + 1
    assert "bank_conflict" not in causes(outcome)


@pytest.mark.parametrize("stages", [1, 2, 5])
def test_of_two_ports_that_want_a_word_in_one_cycle_the_second_waits(stages: int) -> None:
    """Unit 0 sends in 0 from slot 0, by port 0, and in 1 from slot 1, by port 1; unit 1 drops an entry in 0 and sends in 1, by port 0.

    Both products for word 0 are there in 3. Port 0 adds its own from 3, port 1 from 3 + A; that is written 1 + A later.
    """
    lists = [(0, 2), (1, 0)], [(2, 1), (3, 0)]
    outcome = run(changed(PAIR, accumulate_latency=stages), tile(*lists, zero_columns=(2,)))
    assert outcome.cycles == 3 + stages + 1 + stages + 1
    assert causes(outcome) == {
        "issue": 1,
        "computing": 3,
        "latency": 4,
        "bank_conflict": stages,
        "drain": 2 + 2 * stages,
        "imbalance": stages,
    }
    apart = run(changed(PAIR, accumulate_latency=stages), tile([(0, 2), (1, 0)], [(2, 1), (3, 3)], zero_columns=(2,)))
    assert apart.cycles == 3 + 1 + stages + 1


def test_a_queue_that_waits_for_its_word_holds_up_the_unit() -> None:
    """One slot: sent in 0; the next is sent when that has left, in 2, and taken in 5, since A = 4; the third is sent in 6."""
    spec = changed(ALONE, accumulate_latency=4, bank_queue=1)
    outcome = run(spec, tile([(0, 0), (1, 0), (2, 1)]))
    assert outcome.cycles == 7 + 1 + 4 + 1
    assert causes(outcome)["bank_conflict"] == 3 - 1


@settings(max_examples=60, deadline=None)
@given(cases())
def test_no_product_is_added_before_its_word_is_there_nor_later_than_it_could_be(case: Case) -> None:
    """Nor does one wait where A = 1 and a bank has one port; and the bound of the hot word is never above what was needed."""
    spec, of = changed(case.spec, multicast=False), case.scatter()
    added: dict[int, list[int]] = defaultdict(list)
    of_port: list[tuple[int, int, int]] = []

    def watch(parts: ClusterParts) -> None:
        for port in parts.ports:
            last = [-1]

            def touch(flit: Flit, port=port, last: list[int] = last) -> None:  # type: ignore[no-untyped-def]
                cycle = port.clock.cycle
                added[flit.word].append(cycle)
                of_port.append((flit.word, max(flit.ready, last[0] + 1), cycle))
                last[0] = cycle

            port.touch = touch  # type: ignore[method-assign]

    outcome = run_scatter(spec, of, None, watch)
    stages = spec.accumulate_latency
    for cycles in added.values():
        assert all(later - earlier >= stages for earlier, later in pairwise(cycles))
    waited = 0
    for word, could, did in of_port:
        waited += did - could
        for cycle in range(could, did):
            assert any(cycle - stages < began <= cycle for began in added[word])
    if stages == 1 and spec.bank_ports == 1:
        assert waited == 0
    batch = WorkBatch([of])
    assert scatter_bounds(spec, batch, batch.wanted(batch.own)).max() <= outcome.cycles
