"""One network's hardware, as a machine file describes it."""

import pytest

from simulator.kinds.units.machine import UnitsMachine
from simulator.machine.model import Stages
from simulator.network import NetworkSpec
from tests.strategies import machine

NETWORK = {"topology": "butterfly", "radix": 2, "depth": 3, "reply_depth": 5, "iterations": 2, "link_bits": 8}


def small(**fabric: object) -> UnitsMachine:
    return UnitsMachine.of(machine({"bank_ports": 2, "read_latency": 4, "network": NETWORK, **fabric}))


def test_requests_go_from_units_to_bank_ports_and_replies_back() -> None:
    requests, replies = small().networks(Stages(crossing=3, read=4))
    assert (requests.sources, requests.sinks) == (replies.sinks, replies.sources) == (4, 8)
    assert requests == NetworkSpec(4, 8, "butterfly", 2, queues="voq", depth=3, iterations=2, latency=3)
    assert replies == NetworkSpec(8, 4, "butterfly", 2, depth=5, latency=3, flits=4, feed_stages=4)


def test_a_queue_has_slots_for_the_pipeline_before_it() -> None:
    requests, replies = small().networks(Stages(crossing=3, read=4))
    assert (requests.slots(fed=True), requests.slots(fed=False)) == (3, 6)
    assert (replies.slots(fed=True), replies.slots(fed=False)) == (9, 8)


def test_requests_combine_where_the_machine_multicasts() -> None:
    requests, replies = UnitsMachine.of(machine({"multicast": True})).networks(Stages())
    assert (requests.combines, replies.combines) == (True, False)


@pytest.mark.parametrize(("allocator", "text", "registered"), [("islip", "islip(2)", True), ("round_robin", "round_robin", False)])
def test_how_an_allocator_is_told_and_moves_its_pointers(allocator: str, text: str, registered: bool) -> None:
    spec = NetworkSpec(2, 2, queues="voq", allocator=allocator, iterations=2)  # type: ignore[arg-type]
    assert (spec.matching, spec.registered) == (text, registered)


def test_an_allocation_of_several_cycles_is_on_the_way_of_requests_only() -> None:
    requests, replies = small().networks(Stages(crossing=3, allocation=3, read=4))
    assert (requests.latency, replies.latency) == (5, 3)
    assert requests.slots(fed=False) == 3 + 5


def test_what_scatters_multiplies_on_the_way_to_the_network() -> None:
    stages = Stages(feed=2, multiply=3)
    gathered = small().networks(stages)[0]
    scattered = UnitsMachine.of(machine({}, mapping={"dataflow": "scatter"})).networks(stages)[0]
    assert (gathered.feed_stages, scattered.feed_stages) == (2, 5)
    assert small().networks(Stages())[0].feed_stages == 0
