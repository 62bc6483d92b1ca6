"""What `auto` becomes, and what a machine's numbers make of its networks."""

from __future__ import annotations

import math
from typing import Any

import pytest

from simulator.cost import Technology, load_technology
from simulator.cost.delay import wire
from simulator.errors import ConfigError
from simulator.kinds.gather.parts import GatherParts, reply_network
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.networks import flit_bits, request_queues
from simulator.kinds.units.parts import slices_of_least_area
from simulator.machine.model import Stages
from simulator.pricing import elaborate


def test_dram_share_in_bytes_per_cycle(seven: Technology, machines: Any) -> None:
    # hbm2e: 460 GB/s / 32 · 0.85 = 12.21875 bytes a ns; at 2 GHz half of it a cycle, and 100 ns are 200 cycles
    dram = {"kind": "hbm2e", "stacks": 1, "share": 0.03125, "latency_ns": 100}
    slow = elaborate(machines.gather({"dram": dram}), seven)
    fast = elaborate(machines.gather({"dram": dram, "clock_ghz": 2.0}), seven)
    assert slow.dram_bytes_per_cycle == pytest.approx(12.21875)
    assert fast.dram_bytes_per_cycle == pytest.approx(6.109375)
    assert (slow.dram_latency_cycles, fast.dram_latency_cycles, slow.dram_burst_bytes) == (100, 200, 32)


def test_flit_widths_by_hand(machines: Any) -> None:
    # 4 KiB of 32-byte words: 128 words (7 b) in 64 banks (6 b), window 16 (4 b), valid: 18 b; reply 256 + 4 + 1 = 261 b
    # at the bank 18 - 6 + 6 (64 units); a reply waits with its unit: 267 b
    bits = flit_bits(UnitsMachine.of(machines.gather()))
    assert (bits.request, bits.reply, bits.bank_queue, bits.reply_queue) == (18, 261, 18, 267)


def test_what_passes_several_routers_carries_where_it_goes(machines: Any) -> None:
    # + 6 b of unit each; in a Beneš network inner routers choose a path by source and sink, so + 6 b of port for replies
    for topology, port_bits in (("clos", 0), ("mesh", 0), ("benes", 6)):
        bits = flit_bits(UnitsMachine.of(machines.gather(network={"topology": topology})))
        assert (bits.routed_request, bits.routed_reply) == (18 + 6, 261 + 6 + port_bits)


def test_narrow_links_carry_a_part_of_the_word(machines: Any) -> None:
    narrow = machines.gather(network={"link_bits": 64})
    assert (flit_bits(UnitsMachine.of(narrow)).reply, UnitsMachine.of(narrow).reply_flits) == (64 + 4 + 1, 4)
    assert flit_bits(UnitsMachine.of(machines.gather(network={"link_bits": 512}))).reply == 261, "no link is wider than the word"
    assert flit_bits(UnitsMachine.of(machines.gather(replicas=64, banks=8, network={"link_bits": 64}))).reply == 261, "no network, no links"


def test_reply_arbiter_only_where_replies_can_collide(seven: Technology, machines: Any) -> None:
    def arbitrated(**fabric: Any) -> bool:
        return reply_network(UnitsMachine.of(machines.gather(**fabric)), seven, 1).crossbars[0].arbitrated

    assert GatherParts().networks(UnitsMachine.of(machines.gather()), seven, 1)[0].crossbars[0].arbitrated
    assert not arbitrated()
    assert not arbitrated(multicast=True)
    assert arbitrated(bank_ports=2)
    assert arbitrated(network={"link_bits": 64})
    assert arbitrated(network={"topology": "clos"})
    assert reply_network(UnitsMachine.of(machines.gather(bank_ports=2)), seven, 1).crossbars[0].inputs == 128


@pytest.mark.parametrize("topology", ["full", "butterfly"])
def test_auto_slices_have_the_least_area(seven: Technology, machines: Any, topology: str) -> None:
    machine = machines.gather(network={"topology": topology})

    def placed_mm2(slices: int) -> float:
        return (
            64 * GatherParts().bank(UnitsMachine.of(machine), seven, slices).area().placed_mm2
            + reply_network(UnitsMachine.of(machine), seven, slices).placed_mm2
        )

    chosen = slices_of_least_area(GatherParts(), UnitsMachine.of(machine), seven)
    assert placed_mm2(chosen) == min(placed_mm2(slices) for slices in (1, 2, 4, 8, 16))
    assert elaborate(machine, seven).slices == chosen


def test_slices_as_given_and_at_most_one_a_lane(seven: Technology, machines: Any) -> None:
    assert elaborate(machines.gather(network={"slices": 2}), seven).slices == 2
    with pytest.raises(ConfigError, match=r"fabric.network.slices = 32: .* 1 to 16"):
        elaborate(machines.gather(network={"slices": 32}), seven)


def test_latency_from_the_reply_crossbar(seven: Technology, machines: Any) -> None:
    machine = machines.gather({"clock_ghz": 4.0}, network={"slices": 1})
    # 64 × 64 × 261 b in one slice: side 64·261·0.06687 um = 1.117 mm; 2.5·12 ps·6 + 0.3 ns/mm·1.117 mm = 0.515 ns, and half of the
    # way through a cluster of 7.5 mm², 1.37 mm, 0.205 ns: ⌈4 · 0.720 / 0.75⌉ = ⌈3.84⌉ = 4
    assert elaborate(machine, seven).network_latency == 4
    assert elaborate(machines.gather(network={"latency": 5}), seven).network_latency == 5
    assert elaborate(machines.gather(), seven).network_latency == 1


def test_no_network_no_geometry(seven: Technology, machines: Any) -> None:
    for machine in (machines.replication(), machines.systolic(), machines.gather({"clock_ghz": 4.0}, replicas=64, banks=8)):
        elaborated = elaborate(machine, seven)
        assert (elaborated.network_latency, elaborated.slices) == (1, 1)


def test_request_slots_never_exceed_what_can_be_outstanding(seven: Technology, machines: Any) -> None:
    def slots(network: dict[str, Any], **fabric: Any) -> list[int]:
        return [queue.fifo.slots for queue in request_queues(UnitsMachine.of(machines.gather(network=network, **fabric)), seven, Stages())]

    assert slots({"queues": "voq", "depth": 4}) == [16]
    assert slots({"queues": "voq", "depth": 4}, window=512) == [256]
    assert slots({"queues": "fifo", "depth": 4}) == [4]
    # behind a link one slot more; behind a unit 4 queues of 4, then 4 of 5, then 4 of 5
    assert slots({"topology": "butterfly", "queues": "voq", "depth": 4}) == [16, 20]
    assert slots({"topology": "butterfly", "queues": "voq", "depth": 4}, window=2) == [2, 8, 20]
    assert slots({"topology": "butterfly", "queues": "fifo", "depth": 4}) == [4, 5]


def test_latency_is_that_of_the_slowest_router_and_its_link(seven: Technology, machines: Any) -> None:
    stages = {
        topology: [
            elaborate(machines.gather({"clock_ghz": clock}, network={"topology": topology, "slices": 1}), seven).network_latency
            for clock in (0.5, 1.0, 2.0)
        ]
        for topology in ("full", "clos", "mesh", "ring")
    }
    for series in stages.values():
        assert series == sorted(series)
    # a small router and a short link are quick; a Clos network has links as long as the network is wide
    assert stages["mesh"][1] == 1
    assert stages["mesh"][2] < stages["full"][2]
    assert stages["clos"][2] > stages["mesh"][2]


def test_a_link_adds_its_delay_to_the_router(seven: Technology, machines: Any) -> None:
    # 0.15 ns/mm · 2 mm is 0.3 ns, at 4 GHz and a fill of 0.75 another 1.6 stages
    crossbar = reply_network(UnitsMachine.of(machines.gather(network={"slices": 4})), seven, 4).crossbars[0]
    without = 4.0 * crossbar.delay().ns(seven) / 0.75
    assert (crossbar.delay() + wire(2.0)).stages(seven, 4.0) == math.ceil(without + 4.0 * 0.15 * 2.0 / 0.75)


def test_unknown_dram(seven: Technology, machines: Any) -> None:
    with pytest.raises(ConfigError, match=r"dram\.kind: found 'hbm9'"):
        elaborate(machines.gather({"dram": {"kind": "hbm9"}}), seven)


def test_slower_wires_need_more_stages(machines: Any) -> None:
    machine = machines.gather({"clock_ghz": 2.0}, network={"slices": 1})
    stages = [elaborate(machine, load_technology("7nm", {"wire_delay_ns_per_mm": delay})).network_latency for delay in (0.05, 0.2, 0.8)]
    assert stages == sorted(stages)
    assert stages[0] < stages[-1]
