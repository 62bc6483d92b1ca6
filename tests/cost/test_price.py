"""Pricing: every counter is paid, sums add up, and the hardware is what the machine says."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.activity import COUNTERS, Activity, Bounds, Counts
from simulator.cost import Cost, Technology, around, load_technology
from simulator.cost.hardware import FREE
from simulator.cost.sram import SramBank
from simulator.cost.technology import CONSTANTS
from simulator.errors import ConfigError
from simulator.kinds.gather import parts as gather
from simulator.kinds.scatter import parts as scatter
from simulator.kinds.systolic import parts as systolic
from simulator.kinds.units.parts import COMPONENTS as UNITS
from simulator.machine.model import Machine
from simulator.pricing import elaborate, hardware_of, price
from simulator.result.codec import cost_from_dict, plain

SEVEN = load_technology("7nm")

PAID_BY = {
    "macs_useful": {"mac_lanes"},
    "mac_slots": {"mac_lanes"},
    "list_entries": {"presence_bits"},
    "weight_bank_reads": {"weight_banks"},
    "weight_bits_filled": {"weight_banks"},
    "requests": {"queues", "cluster_wires"},
    "request_hops": {"request_network", "queues"},
    "x_bank_reads": {"x_banks"},
    "x_words_filled": {"x_banks", "presence_bits"},
    "replies": {"landing_registers", "cluster_wires"},
    "reply_hops": {"reply_network", "queues"},
    "accumulator_updates": {"accumulators"},
    "rows_merged": {"accumulators"},
    "output_bank_writes": {"output_banks"},
    "output_bank_reads": {"output_banks"},
    "output_bank_drains": {"output_banks"},
    "x_trunk_bytes": {"fill_broadcast"},
    "w_trunk_bytes": {"fill_broadcast"},
    "drain_bytes": {"drain_bus"},
    "buffer_read_bytes": {"activation_buffer"},
    "buffer_write_bytes": {"activation_buffer"},
    "dram_read_bytes": {"dma_staging", "dram_phy", "dram"},
    "dram_write_bytes": {"dma_staging", "dram_phy", "dram"},
}
"""Components of the crossbar machine that pay for an event."""


def activity(cycles: int, **counts: int) -> Activity:
    return Activity(cycles, 64, Counts(**counts), {}, Bounds(), ())


def priced(machine: Machine, technology: Technology, cycles: int = 0, **counts: int) -> Cost:
    return price(activity(cycles, **counts), elaborate(machine, technology), technology)


def component(cost: Cost, name: str) -> Any:
    return next(part for part in cost.components if part.name == name)


def test_every_counter_is_charged_or_free() -> None:
    charged = {
        counter
        for charge in gather.CHARGES + gather.COMBINED + scatter.CHARGES + systolic.CHARGES + around.CHARGES
        for counter in (*charge.plus, *charge.minus)
    }
    assert charged | set(FREE) == set(COUNTERS)
    assert not charged & set(FREE)


@pytest.mark.parametrize("counter", PAID_BY)
def test_an_event_is_paid_by_its_components_and_no_other(seven: Technology, machines: Any, counter: str) -> None:
    cost = priced(machines.gather(), seven, **{counter: 1000})
    assert {part.name for part in cost.components if part.energy_pj != 0} == PAID_BY[counter]


def test_price_by_a_few_lines_of_other_code(seven: Technology, machines: Any) -> None:
    counts = {"x_bank_reads": 700, "x_words_filled": 90, "macs_useful": 5000, "mac_slots": 8000, "dram_read_bytes": 640}
    cost = priced(machines.gather(network={"slices": 2}), seven, **counts)
    half_word = SramBank(seven, 2, 128, halves=1)
    x_banks = 2 * (700 * half_word.energy_pj("read") + 90 * half_word.energy_pj("write"))
    assert component(cost, "x_banks").energy_pj == pytest.approx(x_banks)
    # a bf16 MAC: (9.1·64·(8/11)^-0.45 fJ + 0.40·2^1.17 pJ)·0.15556 + 64 flops · 2.5 fJ · 0.15556 = 0.24456 + 0.02489 pJ
    # and 16 b of weight past each of 8000 lanes of √((1,088 + 5,237.7 + 5.9 · 64) GE · 0.0439 / 0.65 / 0.85) = 23.09 um
    assert component(cost, "mac_lanes").energy_pj == pytest.approx((5000 + 0.2 * 3000) * 0.26945 + 8000 * 16 * 0.02309 * 0.0657, rel=1e-3)
    assert component(cost, "dram").energy_pj == pytest.approx(640 * 8 * 4.3)


@pytest.mark.parametrize("slots", [0, 3000])
def test_ungated_zeros_cost_a_full_mac(seven: Technology, machines: Any, slots: int) -> None:
    gated = component(priced(machines.systolic(), seven, macs_useful=1000, mac_slots=1000 + slots), "pe_array")
    ungated = component(priced(machines.systolic(gate_zeros=False), seven, macs_useful=1000, mac_slots=1000 + slots), "pe_array")
    assert gated.energy_pj_by_action["mac"] == ungated.energy_pj_by_action["mac"]
    assert gated.energy_pj_by_action["mac_gated"] == pytest.approx(0.2 * ungated.energy_pj_by_action["mac_gated"])


def test_stalled_cycles_take_clock_and_leakage(seven: Technology, machines: Any) -> None:
    for machine, cell in ((machines.gather(), "mac_lanes"), (machines.systolic(), "pe_array")):
        idle = priced(machine, seven, cycles=1000)
        assert set(component(idle, cell).energy_pj_by_action) >= {"clock"}
        assert component(idle, cell).energy_pj_by_action["clock"] > 0
        assert component(idle, cell).leakage_pj > 0
        assert component(idle, "clock_and_control").energy_pj > 0


def test_leakage_by_hand(seven: Technology, machines: Any) -> None:
    # 64 banks · 2 halves · 4 KiB · 0.00659 mW/KiB = 3.374 mW; 1,000 cycles of 1 ns: 3.374 mW · 1 us = 3,374 pJ
    cost = priced(machines.gather(), seven, cycles=1000)
    assert component(cost, "x_banks").leakage_pj == pytest.approx(3374, abs=1)


def test_sums_over_components_and_actions(seven: Technology, machines: Any) -> None:
    everything = {entry.name: 1000 + index for index, entry in enumerate(fields(Counts))}
    for machine in (machines.gather(), machines.replication(), machines.systolic()):
        cost = priced(machine, seven, cycles=500, **everything)
        by_action = sum(sum(part.energy_pj_by_action.values()) + part.leakage_pj for part in cost.components)
        assert cost.energy_pj == pytest.approx(by_action)
        assert cost.energy_pj == pytest.approx(sum(cost.energy_pj_by_component().values()))
        assert cost.area_mm2 == pytest.approx(sum(cost.area_mm2_by_component().values()))
        assert cost.power.total_w == pytest.approx(cost.energy_pj * 1e-12 / cost.seconds)
        assert cost.fabric_energy_pj < cost.energy_pj
        assert all(value >= 0 for part in cost.components for value in part.energy_pj_by_action.values())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=len(COUNTERS), max_size=len(COUNTERS)), st.integers(0, 10**6), st.integers(2, 5))
def test_price_is_linear_in_the_activity(values: list[int], cycles: int, times: int) -> None:
    elaborated = elaborate(Machine.model_validate({"name": "x", "fabric": {"kind": "gather"}}), SEVEN)
    counts = Counts(*values)
    once = price(Activity(cycles, 64, counts, {}, Bounds(), ()), elaborated, SEVEN)
    more = price(Activity(cycles * times, 64, counts * times, {}, Bounds(), ()), elaborated, SEVEN)
    assert more.energy_pj == pytest.approx(times * once.energy_pj)
    assert more.area_mm2 == once.area_mm2


def test_one_copy_a_unit_has_no_network(seven: Technology, machines: Any) -> None:
    cost = priced(machines.replication(), seven, cycles=10, requests=1000, replies=1000)
    for name in ("request_network", "reply_network", "queues"):
        assert component(cost, name).die_mm2 == 0
        assert component(cost, name).energy_pj == 0
        assert component(cost, name).instances == 0
    assert component(cost, "cluster_wires").energy_pj > 0
    assert component(cost, "x_banks").energy_pj > 0  # the multiplexer between a unit and its banks


def test_components_and_their_order(seven: Technology, machines: Any) -> None:
    assert tuple(part.name for part in priced(machines.gather(), seven).components) == (*UNITS, *around.COMPONENTS)
    assert tuple(part.name for part in priced(machines.systolic(), seven).components) == (*systolic.COMPONENTS, *around.COMPONENTS)
    for machine in (machines.gather(), machines.systolic(skip_zero_tiles=True)):
        named = {entry.name for entry in hardware_of(elaborate(machine, seven), seven).instances}
        assert named == set((*UNITS, *around.COMPONENTS) if machine.fabric.kind == "gather" else (*systolic.COMPONENTS, *around.COMPONENTS))


def test_instances_by_hand(seven: Technology, machines: Any) -> None:
    machine = machines.gather(token_groups=2, replicas=4, banks=8)
    counts = {(entry.name, entry.part): entry.count for entry in hardware_of(elaborate(machine, seven), seven).instances}
    assert counts["x_banks", "banks"] == 64
    assert counts["mac_lanes", "lanes"] == 1024
    assert counts["reply_network", "crossbar"] == 8
    assert counts["queues", "request queue"] == 64
    assert counts["queues", "reply queue"] == 64
    assert counts["weight_banks", "banks"] == 64


def test_staging_has_room_for_the_chunks_of_three_streams(seven: Technology, machines: Any) -> None:
    # 12.22 bytes a ns · 100 ns = 1,222 bytes, within one chunk of 4 KiB; and two more: 12 KiB a stream, as wide as its trunk
    dram = {"share": 0.03125, "latency_ns": 100}
    plain = {"weight_decoder": False, "activation_format": "dense"}
    machine = machines.gather({"dram": dram, "trunks": {"drain_bytes_per_cycle": 64}, **plain})
    elaborated = elaborate(machine, seven)
    assert elaborated.dma_slots == 3
    staging = {entry.part: entry for entry in hardware_of(elaborated, seven).instances if entry.name == "dma_staging"}
    assert {part: entry.count for part, entry in staging.items()} == {"in": 2, "out": 1}
    assert staging["in"].component == SramBank(seven, 12, 2048, "1r1w", halves=1)
    assert staging["out"].component == SramBank(seven, 12, 512, "1r1w", halves=1)


def test_three_areas(seven: Technology, machines: Any) -> None:
    cost = priced(machines.gather(), seven)
    for part in cost.components:
        if part.name != "dram":
            assert part.cell_mm2 <= part.placed_mm2 <= part.die_mm2
    x_banks, lanes, phy = (component(cost, name) for name in ("x_banks", "mac_lanes", "dram_phy"))
    assert x_banks.placed_mm2 == pytest.approx(1.35 * x_banks.cell_mm2)
    assert lanes.placed_mm2 == pytest.approx(lanes.cell_mm2 / 0.65)
    assert lanes.die_mm2 == pytest.approx(lanes.placed_mm2 / 0.85)
    assert phy.die_mm2 == phy.placed_mm2 == phy.cell_mm2


def test_more_copies_shrink_the_network_and_grow_the_banks(seven: Technology, machines: Any) -> None:
    costs = [priced(machines.gather(replicas=copies, banks=64 // copies), seven) for copies in (1, 2, 4, 8)]
    networks = [component(cost, "reply_network").die_mm2 for cost in costs]
    assert networks == sorted(networks, reverse=True)
    banks = [component(priced(machines.gather(replicas=copies, banks=64), seven), "x_banks").cell_mm2 for copies in (1, 2, 4, 8)]
    assert banks == sorted(banks)
    one, four = (priced(machines.gather(replicas=copies, banks=64 // copies), seven, x_trunk_bytes=100) for copies in (1, 4))
    assert component(one, "fill_broadcast").energy_pj < component(four, "fill_broadcast").energy_pj


def test_broadcast_of_weights_reaches_all_groups(seven: Technology, machines: Any) -> None:
    energy = [
        component(priced(machines.gather(token_groups=groups, banks=8), seven, w_trunk_bytes=100), "fill_broadcast").energy_pj
        for groups in (1, 4, 16)
    ]
    assert energy == sorted(energy)


def test_repricing_refuses_another_latency(seven: Technology, machines: Any) -> None:
    machine = machines.gather({"clock_ghz": 2.0}, network={"slices": 1})
    slow = load_technology("7nm", {"wire_delay_ns_per_mm": 1.5})
    with pytest.raises(ConfigError, match=r"ran with fabric\.network\.latency: 2, but .*: auto is 14 cycles in 7nm; simulate again"):
        price(activity(10), elaborate(machine, seven), slow)
    fixed = machines.gather({"clock_ghz": 2.0}, network={"slices": 1, "latency": 2})
    assert price(activity(10), elaborate(fixed, seven), slow).energy_pj > 0


def test_repricing_in_another_node(seven: Technology, twenty_eight: Technology, machines: Any) -> None:
    elaborated = elaborate(machines.replication(), seven)
    counts = activity(100, x_bank_reads=1000, macs_useful=1000, mac_slots=1000)
    here, there = price(counts, elaborated, seven), price(counts, elaborated, twenty_eight)
    assert there.technology == "28nm"
    assert there.area_mm2 > here.area_mm2
    assert there.fabric_energy_pj > here.fabric_energy_pj


def test_ideal_memory_changes_no_hardware(seven: Technology, machines: Any) -> None:
    elaborated = elaborate(machines.gather(), seven)
    ideal = replace(elaborated, dram_bytes_per_cycle=math.inf, dram_latency_cycles=0)
    assert price(activity(10), ideal, seven) == price(activity(10), elaborated, seven)


def test_a_run_of_no_cycles_has_no_power(seven: Technology, machines: Any) -> None:
    cost = priced(machines.gather(), seven)
    assert cost.power.total_w == 0
    assert set(cost.power_density_by_component().values()) == {0.0}


def test_cost_round_trips_through_json(seven: Technology, machines: Any) -> None:
    cost = priced(machines.gather(), seven, cycles=100, requests=7)
    assert cost_from_dict(plain(cost)) == cost


LATENCIES = ("feed_latency", "read_latency", "multiply_latency", "accumulate_latency")


def test_no_constant_is_dead(seven: Technology, machines: Any) -> None:
    everything = dict.fromkeys(COUNTERS, 1000) | {"mac_slots": 2000}
    integer = {"datatypes": {"weight": "int8", "activation": "int8", "accumulate": "int32"}}
    fleet = [
        machines.gather(bank_ports=2, multicast=True, network={"slices": 4, "latency": 1, "iterations": 2, "allocation": 3}),
        machines.gather(integer, replicas=8, banks=8, network={"latency": 1, "slices": 1}),
        machines.systolic({"clock_ghz": 1.5}),
    ]
    auto = machines.gather(
        {"clock_ghz": 4.0}, units=256, banks=256, network={"slices": 1, "allocation": "auto"}, **dict.fromkeys(LATENCIES, "auto")
    )
    auto_integer = machines.gather({"clock_ghz": 4.0, **integer}, **dict.fromkeys(LATENCIES, "auto"))

    def answer(technology: Technology) -> list[object]:
        return [or_refused(machine, technology) for machine in (auto, auto_integer, *fleet)]

    def or_refused(machine: Machine, technology: Technology) -> object:
        try:
            stages = elaborate(machine, technology).stages
        except ConfigError as error:
            return str(error)
        cost = priced(machine, technology, cycles=100, **everything) if machine in fleet else None
        return stages, cost and (cost.energy_pj, cost.area_mm2)

    def matters(name: str) -> bool:
        return any(answer(seven.model_copy(update={name: getattr(seven, name) * factor})) != here for factor in (0.02, 50))

    here = answer(seven)
    unused = [name for name in CONSTANTS if not matters(name)]
    # the wide integer multiplier is for formats that no machine file can name; test_datapath holds it
    assert unused == ["int_wide_multiplier_ge_per_bit2"]
