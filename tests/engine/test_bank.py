"""A bank port alone, in front of a reply path of a few slots."""

from dataclasses import dataclass, field

import pytest

from simulator.engine.reference.bank import BankPort
from simulator.engine.reference.clock import Clock
from simulator.engine.reference.flit import Flit
from simulator.kinds.gather.reference import run_cluster
from tests.clusters import changed
from tests.strategies import BARE, integer_values, work


@dataclass
class Replies:
    """A reply path that never drains; it logs (unit, ready)."""

    slots: int
    log: list[tuple[int, int]] = field(default_factory=list)

    def free(self, port: int, flit: Flit, cycle: int) -> float:
        return self.slots - len(self.log)

    def send(self, port: int, flit: Flit, ready: int) -> None:
        self.log.append((flit.unit, ready))


def serve(
    words: list[int], *, slots: int = 99, read_latency: int = 1, multicast: bool = False, cycles: int = 20
) -> tuple[Replies, BankPort]:
    """Requests of units 0, 1, … for these words, one arriving in each cycle from 1 on."""
    clock, replies = Clock(), Replies(slots)
    bank = BankPort(clock, 0, 99, read_latency, replies, None, multicast=multicast)
    clock.start(bank.run())
    for unit, word in enumerate(words):
        bank.receive(Flit(unit, 0, word, 0, 0, 0), 1)
    clock.env.run(until=cycles * 4)
    return replies, bank


@pytest.mark.parametrize("read_latency", [1, 2, 5])
def test_one_access_a_cycle_in_order_and_pipelined(read_latency: int) -> None:
    replies, bank = serve([7, 8, 7], read_latency=read_latency)
    assert replies.log == [(0, 1 + read_latency), (1, 2 + read_latency), (2, 3 + read_latency)]
    assert bank.clock.counts["x_bank_reads"] == 3


def test_an_access_waits_for_a_reply_slot() -> None:
    replies, bank = serve([0, 1, 2], slots=2)
    assert replies.log == [(0, 2), (1, 3)]
    assert [flit.unit for flit in bank.queue.flits] == [2]


def test_multicast_serves_all_who_want_the_word_of_the_head() -> None:
    replies, bank = serve([5, 6, 5, 5], multicast=True)
    assert replies.log == [(0, 2), (2, 2), (3, 2), (1, 3)]
    assert bank.clock.counts["x_bank_reads"] == 2


def test_multicast_serves_the_oldest_and_as_many_as_there_are_reply_slots() -> None:
    replies, bank = serve([5, 5, 5, 5], slots=3, multicast=True)
    assert replies.log == [(0, 2), (1, 2), (2, 2)]
    assert [flit.unit for flit in bank.queue.flits] == [3]


def test_slots_of_all_that_multicast_served_come_back_in_the_next_cycle() -> None:
    _, bank = serve([5, 5, 5], multicast=True, cycles=2)
    assert [bank.free(cycle) for cycle in (1, 2)] == [96, 99]


def test_a_request_that_arrives_earlier_is_served_earlier_whenever_it_was_sent() -> None:
    clock, replies = Clock(), Replies(99)
    bank = BankPort(clock, 0, 99, 1, replies, None, multicast=False)
    clock.start(bank.run())
    bank.receive(Flit(0, 0, 0, 0, 0, 0), 9)
    bank.receive(Flit(1, 0, 0, 0, 0, 0), 3)
    clock.env.run(until=80)
    assert replies.log == [(1, 4), (0, 10)]


def test_a_broadcast_word_costs_one_access_on_a_perfect_network() -> None:
    tile = work([[(0, 0)]] * 4, banks=1)
    spec = changed(BARE, units=4, banks=1, network="ideal", multicast=True)
    outcome = run_cluster(spec, tile, integer_values(tile))
    assert (outcome.counts.x_bank_reads, outcome.counts.replies, outcome.cycles) == (1, 4, 6)
