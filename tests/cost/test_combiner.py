"""What combines requests for one word at the arbiters of a crossbar, and what a word that several units want costs."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.activity import Activity, Bounds, Counts
from simulator.cost import Technology
from simulator.cost.registers import Fifo
from simulator.cost.router import Combiner
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.networks import flit_bits
from simulator.machine.model import Machine
from simulator.pricing import elaborate, hardware_of, price


def energy_pj(machine: Machine, technology: Technology, *, reads: int, requests: int = 1000) -> dict[str, float]:
    """Energy by action of so many requests that took so many accesses; in no time, so that no clock and no leakage is in it."""
    counts = Counts(requests=requests, replies=requests, request_hops=requests, reply_hops=requests, x_bank_reads=reads)
    cost = price(Activity(0, machine.unit_count, counts, {}, Bounds(), ()), elaborate(machine, technology), technology)
    return {f"{part.name}.{action}": pj for part in cost.components for action, pj in part.energy_pj_by_action.items()}


def test_comparators_by_hand(seven: Technology) -> None:
    # 64 × 64 × 7 b of 3.5 + 1.35 + 5.9 GE: 308,224 GE · 0.0439 um²; a FIFO shows its head anyway: 4.85 GE
    voq, fifo = Combiner(seven, 64, 64, 7, True), Combiner(seven, 64, 64, 7, False)
    assert voq.area().cell_mm2 * 1e6 == pytest.approx(13_531, abs=1)
    assert fifo.area().cell_mm2 * 1e6 == pytest.approx(6_105, abs=1)
    # 64 · 7 · 4.85 · 3.1 / 5.4 fJ · 0.15556 = 0.1940 pJ a grant, and 7 flops of 2.5 fJ
    assert fifo.energy_pj("compare") == pytest.approx(0.1940, abs=1e-4)
    assert voq.energy_pj("compare") == pytest.approx(0.1940 + 0.0027, abs=1e-4)
    # of two iterations, comparators and multiplexers twice, and heads once
    assert Combiner(seven, 64, 64, 7, True, iterations=2).area().cell_mm2 - voq.area().cell_mm2 == pytest.approx(fifo.area().cell_mm2)
    # clock pins of 28,672 flops behind gates: a tenth of 2.5 fJ · 0.15556
    assert (voq.energy_pj("clock"), fifo.energy_pj("clock")) == (pytest.approx(1.115, abs=1e-3), 0)


@pytest.mark.parametrize(
    ("network", "queued", "iterations"), [({"queues": "voq", "iterations": 3}, True, 3), ({"queues": "fifo"}, False, 1)]
)
def test_a_machine_has_comparators_for_each_iteration_of_its_matching(
    seven: Technology, machines: Any, network: dict[str, Any], queued: bool, iterations: int
) -> None:
    parts = hardware_of(elaborate(machines.gather(multicast=True, network=network, units=32, banks=32), seven), seven).instances
    (combiner,) = [entry.component for entry in parts if entry.part == "combiner"]
    assert isinstance(combiner, Combiner)
    assert (combiner.queued, combiner.iterations) == (queued, iterations)


def test_combined_requests_leave_their_tags_at_home_and_carry_a_bit_a_unit(seven: Technology, machines: Any) -> None:
    apart, together = flit_bits(UnitsMachine.of(machines.gather())), flit_bits(UnitsMachine.of(machines.gather(multicast=True)))
    # 4 b of tag less; at the bank 64 b for 6 b of unit
    assert (together.request, together.reply) == (apart.request - 4, apart.reply - 4)
    assert together.bank_queue == apart.bank_queue - 4 + 64 - 6
    assert together.reply_queue == apart.reply_queue - 4 + 64 - 6
    machine = machines.gather(multicast=True, read_latency=3, network={"latency": 2})
    (line,) = [entry for entry in hardware_of(elaborate(machine, seven), seven).instances if entry.part == "tag line"]
    # 2 L + r = 7 stages of a tag in each of 64 units
    assert (line.count, line.component) == (64, Fifo(seven, 7, 4))


def test_a_copy_for_one_unit_combines_nothing(seven: Technology, machines: Any) -> None:
    alone = {"replicas": 64, "banks": 8, "issue_width": 2}
    plain, shared = (hardware_of(elaborate(machines.gather(**alone, multicast=on), seven), seven).instances for on in (False, True))
    assert plain == shared
    counts = {"reads": 600, "requests": 1000}
    assert energy_pj(machines.gather(**alone, multicast=True), seven, **counts) == energy_pj(machines.gather(**alone), seven, **counts)


def test_a_shared_word_is_read_and_sent_once_and_delivered_to_each(seven: Technology, machines: Any) -> None:
    machine = machines.gather(multicast=True, network={"latency": 1, "slices": 1})
    apart, shared = energy_pj(machine, seven, reads=1000), energy_pj(machine, seven, reads=100)
    once = ("x_banks.read", "reply_network.send", "cluster_wires.word_sent", "request_network.compare")
    each = (
        "reply_network.deliver",
        "cluster_wires.word_delivered",
        "cluster_wires.request",
        "request_network.hop",
        "request_network.grant",
    )
    for action in once:
        assert 0 < shared[action] == pytest.approx(apart[action] / 10)
    for action in each:
        assert 0 < shared[action] == apart[action]
    assert apart["reply_network.send"] == apart["reply_network.deliver"]


def test_where_no_word_is_shared_the_way_of_a_word_costs_what_it_does_without(seven: Technology, machines: Any) -> None:
    """Beyond the tag, which does not travel: 257 b instead of 261."""
    network = {"latency": 1, "slices": 1}
    combining, plain = (energy_pj(machines.gather(multicast=on, network=network), seven, reads=1000) for on in (True, False))
    sides = [combining["cluster_wires.word_sent"] + combining["cluster_wires.word_delivered"], plain["cluster_wires.word"]]
    assert sides[0] / sides[1] == pytest.approx(257 / 261, rel=0.01)
    hops = [combining["reply_network.send"] + combining["reply_network.deliver"], plain["reply_network.hop"]]
    assert hops[0] / hops[1] == pytest.approx(257 / 261, rel=0.03)
