"""What `auto` becomes, and what a machine's numbers make of its networks."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.cost import Technology, elaborate, load_technology
from simulator.cost.network_geometry import flit_bits, reply_crossbar, request_crossbar, request_queue_slots, slices_of_least_area, x_bank
from simulator.errors import ConfigError


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
    bits = flit_bits(machines.gather())
    assert (bits.request, bits.reply, bits.bank_queue, bits.reply_queue) == (18, 261, 18, 267)


def test_reply_arbiter_only_where_replies_can_collide(seven: Technology, machines: Any) -> None:
    assert request_crossbar(machines.gather(), seven).arbitrated
    assert not reply_crossbar(machines.gather(), seven, 1).arbitrated
    assert reply_crossbar(machines.gather(multicast=True), seven, 1).arbitrated
    assert reply_crossbar(machines.gather(bank_ports=2), seven, 1).arbitrated
    assert reply_crossbar(machines.gather(bank_ports=2), seven, 1).inputs == 128


def test_auto_slices_have_the_least_area(seven: Technology, machines: Any) -> None:
    machine = machines.gather()

    def placed_mm2(slices: int) -> float:
        return 64 * x_bank(machine, seven, slices).area().placed_mm2 + reply_crossbar(machine, seven, slices).area().placed_mm2

    chosen = slices_of_least_area(machine, seven)
    assert placed_mm2(chosen) == min(placed_mm2(slices) for slices in (1, 2, 4, 8, 16))
    assert elaborate(machine, seven).slices == chosen


def test_slices_as_given_and_at_most_one_a_lane(seven: Technology, machines: Any) -> None:
    assert elaborate(machines.gather(network={"slices": 2}), seven).slices == 2
    with pytest.raises(ConfigError, match=r"fabric.network.slices = 32: .* 1 to 16"):
        elaborate(machines.gather(network={"slices": 32}), seven)


def test_latency_from_the_reply_crossbar(seven: Technology, machines: Any) -> None:
    machine = machines.gather({"clock_ghz": 4.0}, network={"slices": 1})
    # 64 × 64 × 261 b in one slice: side 64·261·0.06687 um = 1.117 mm; 2.5·2.8 ps·6 + 0.3 ns/mm·1.117 mm = 0.377 ns;
    # ⌈4 · 0.377 / 0.75⌉ = ⌈2.01⌉ = 3
    assert elaborate(machine, seven).network_latency == 3
    assert elaborate(machines.gather(network={"latency": 5}), seven).network_latency == 5
    assert elaborate(machines.gather(), seven).network_latency == 1


def test_no_network_no_geometry(seven: Technology, machines: Any) -> None:
    for machine in (machines.replication(), machines.systolic(), machines.gather({"clock_ghz": 4.0}, replicas=64, banks=8)):
        elaborated = elaborate(machine, seven)
        assert (elaborated.network_latency, elaborated.slices) == (1, 1)


def test_request_slots_never_exceed_what_can_be_outstanding(machines: Any) -> None:
    assert request_queue_slots(machines.gather(network={"queues": "voq", "depth": 4})) == 16
    assert request_queue_slots(machines.gather(window=512, network={"queues": "voq", "depth": 4})) == 256
    assert request_queue_slots(machines.gather(network={"queues": "fifo", "depth": 4})) == 4


def test_unknown_dram(seven: Technology, machines: Any) -> None:
    with pytest.raises(ConfigError, match=r"dram\.kind: found 'hbm9'"):
        elaborate(machines.gather({"dram": {"kind": "hbm9"}}), seven)


def test_slower_wires_need_more_stages(machines: Any) -> None:
    machine = machines.gather({"clock_ghz": 2.0}, network={"slices": 1})
    stages = [elaborate(machine, load_technology("7nm", {"wire_delay_ns_per_mm": delay})).network_latency for delay in (0.05, 0.2, 0.8)]
    assert stages == sorted(stages)
    assert stages[0] < stages[-1]
