"""Laws of the whole model: what splits, what doubles, and what wires alone may change."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.activity import COUNTERS
from simulator.cost import load_technology
from simulator.cost.mac import Accumulators, MacLane
from simulator.cost.registers import RegisterFile, array_energy
from simulator.cost.sram import SramBank
from simulator.pricing import elaborate, hardware_of
from tests.cost.test_price import component, priced

SEVEN = load_technology("7nm")
LANES, WORDS, BITS = st.integers(1, 128), st.integers(1, 64), st.sampled_from([8, 16, 32])


@settings(max_examples=50)
@given(lanes=LANES, rows=st.integers(1, 16), sums=st.integers(1, 8), window=WORDS, bits=BITS)
def test_lanes_split_into_two_units_change_no_energy_of_a_lane(lanes: int, rows: int, sums: int, window: int, bits: int) -> None:
    wide, half = (Accumulators(SEVEN, rows, sums, count, "fp32") for count in (2 * lanes, lanes))
    landed, landed_half = (RegisterFile(SEVEN, window, count * bits, count) for count in (2 * lanes, lanes))
    for one, two in ((wide, half), (landed, landed_half)):
        assert one.area().cell_mm2 == pytest.approx(2 * two.area().cell_mm2)
        assert one.leakage_mw() == pytest.approx(2 * two.leakage_mw())
        assert dict(one.actions()) == pytest.approx({action: 2 * pj for action, pj in two.actions().items()})


@given(lanes=LANES, words=WORDS, bits=BITS)
def test_latches_of_lanes_split_likewise(lanes: int, words: int, bits: int) -> None:
    area_mm2 = 1e-6 * words * bits * lanes
    wide, half = (array_energy(SEVEN, words, bits * count, area_mm2 * count / lanes, count) for count in (2 * lanes, lanes))
    assert (wide.read_pj, wide.write_pj) == pytest.approx((2 * half.read_pj, 2 * half.write_pj))


def test_a_small_bank_of_lanes_reads_and_writes_over_a_lanes_side() -> None:
    # 1 KiB of 512 b is less as latches: 7.2 · 8,192 · 0.0439 um² = 2,589 um², of which a lane of 16 has 161.8 um², 12.72 um wide
    whole, lanes = (SramBank(SEVEN, 1, 512, halves=1, lanes=count) for count in (1, 16))
    assert whole.area() == lanes.area()
    latches_um2 = 7.2 * 8192 * 0.0439
    side_mm = (latches_um2 / 16) ** 0.5 * 1e-3
    write_pj = 512 * (5e-3 * SEVEN.energy_scale + 0.0657 * side_mm) * max(1.0, latches_um2 * 1e-6 / lanes.area().cell_mm2)
    assert lanes.energy_pj("write") == pytest.approx(write_pj, rel=1e-3)
    assert lanes.energy_pj("write") < whole.energy_pj("write")


def test_twice_the_clusters_cost_twice_but_for_the_wires_between_them(machines: Any) -> None:
    one = machines.gather(units=16, banks=16, lanes=8, network={"latency": 2, "slices": 2})
    two = machines.gather(units=32, banks=16, lanes=8, token_groups=2, network={"latency": 2, "slices": 2})
    events = dict.fromkeys(COUNTERS, 1000) | {"mac_slots": 2000}
    single, double = (
        priced(machine, SEVEN, 100, **{name: count * times for name, count in events.items()}) for machine, times in ((one, 1), (two, 2))
    )
    shared = {"activation_buffer", "dma_staging", "clock_and_control", "dram", "dram_phy", "fill_broadcast", "drain_bus"}
    local = [part.name for part in single.components if part.name not in shared and part.instances]
    assert {"mac_lanes", "x_banks", "accumulators", "request_network", "reply_network", "queues", "cluster_wires"} <= set(local)
    for name in local:
        first, second = component(single, name), component(double, name)
        assert second.die_mm2 == pytest.approx(2 * first.die_mm2), name
        assert second.energy_pj == pytest.approx(2 * first.energy_pj), name
    # wires that reach both clusters are longer than those of one
    for name in ("fill_broadcast", "drain_bus"):
        assert component(double, name).energy_pj > 2 * component(single, name).energy_pj


def test_energies_of_all_but_wires_doubled_double_all_but_wires(machines: Any) -> None:
    # sub-banks and latches are a choice by energy, so that all macros are held whole
    technology = SEVEN.model_copy(update={"sram_subbank_kib": 1e6, "latch_array_ge_per_bit": 1e6})
    machine = machines.gather(network={"latency": 1, "slices": 1})
    events = dict.fromkeys(COUNTERS, 1000) | {"mac_slots": 2000}

    def energy_pj(**factors: float) -> float:
        moved = technology.model_copy(update={name: factor * getattr(technology, name) for name, factor in factors.items()})
        cost = priced(machine, moved, 100, **events)
        return cost.energy_pj - component(cost, "dram").energy_pj - sum(component(cost, "dram_phy").energy_pj_by_action.values())

    gates = dict.fromkeys(("energy_scale", "sram_energy_scale", "sram_leakage_mw_per_kib", "logic_leakage_mw_per_mm2"), 2.0)
    wires = {"wire_pj_per_bit_mm": 2.0}
    assert energy_pj(**gates, **wires) == pytest.approx(2 * energy_pj())
    assert energy_pj(**gates) + energy_pj(**wires) == pytest.approx(3 * energy_pj())
    assert energy_pj() < energy_pj(**wires) < energy_pj(**gates) < 2 * energy_pj()


def test_lanes_of_a_machine_are_handed_to_what_is_local_to_them(machines: Any) -> None:
    machine = machines.gather(lanes=16)
    parts = {(entry.name, entry.part): entry.component for entry in hardware_of(elaborate(machine, SEVEN), SEVEN).instances}
    assert [getattr(parts[name], "lanes", None) for name in (("landing_registers", "window"), ("accumulators", "rows"))] == [16, 16]
    assert isinstance(parts["output_banks", "banks"], SramBank)
    assert parts["output_banks", "banks"].lanes == 16
    assert isinstance(parts["mac_lanes", "lanes"], MacLane)
