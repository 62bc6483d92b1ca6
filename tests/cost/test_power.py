"""Power by kind, three areas of a whole machine, and power density where heat is."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.activity import COUNTERS, Activity, Bounds, Counts
from simulator.cost import Cost, Technology
from simulator.cost.heat import LeakageLaw, Package
from simulator.cost.types import SPREAD, ComponentCost
from simulator.pricing import elaborate, price


def part(name: str, die_mm2: float, energy: dict[str, float], leakage_pj: float) -> ComponentCost:
    return ComponentCost(name, 1, die_mm2 / 4, die_mm2 / 2, die_mm2, energy, leakage_pj)


def sample() -> Cost:
    """One microsecond: a pJ is a µW."""
    return Cost(
        "7nm",
        1e-6,
        (
            part("mac_lanes", 1.0, {"mac": 600e3, "mac_gated": 100e3, "clock": 200e3}, 100e3),
            part("cluster_wires", 0.2, {"word": 2e6}, 0.0),
            part("clock_and_control", 0.8, {"clock_tree": 250e3, "control": 50e3}, 20e3),
            part("dram", 0.0, {"move": 500e3}, 0.0),
        ),
        LeakageLaw(85.0, 20.0),
    )


def test_heat_by_hand() -> None:
    # 3.22 W on 2 mm² of fabric, of which 0.12 leak at 85 °C: lanes 1 mm², wires all of it, control 0.8 mm²; no DRAM
    heat = sample().heat(Package(ambient_c=45.0, sink_c_mm2_per_w=20.0, die_c_mm2_per_w=6.0))
    lanes, control = heat.component_c["mac_lanes"], heat.component_c["clock_and_control"]
    leaking = {"mac_lanes": 0.1 * 2 ** ((lanes - 85) / 20), "clock_and_control": 0.02 * 2 ** ((control - 85) / 20)}
    assert heat.leakage_w == pytest.approx(sum(leaking.values()))
    power_w = 0.9 + 2.0 + 0.3 + heat.leakage_w
    assert lanes == pytest.approx(45 + 20 * power_w / 2 + 6 * (0.9 + leaking["mac_lanes"]) / 1.0)
    assert control == pytest.approx(45 + 20 * power_w / 2 + 6 * (0.3 + leaking["clock_and_control"]) / 0.8)
    assert heat.component_c["cluster_wires"] == pytest.approx(45 + 20 * power_w / 2 + 6 * 2.0 / 2)
    assert heat.die_c == pytest.approx(45 + 26 * power_w / 2)
    assert "dram" not in heat.component_c


def test_power_by_kind_by_hand() -> None:
    # in W: lanes 0.7 + 0.2 + 0.1; wires 2; control 0.05 + 0.25 + 0.02; DRAM 0.5
    power = sample().power_by_component()
    lanes, control = power["mac_lanes"], power["clock_and_control"]
    assert (lanes.dynamic_w, lanes.clock_w, lanes.leakage_w, lanes.total_w) == pytest.approx((0.7, 0.2, 0.1, 1.0))
    assert (control.dynamic_w, control.clock_w, control.leakage_w) == pytest.approx((0.05, 0.25, 0.02))
    whole = sample().power
    assert (whole.dynamic_w, whole.clock_w, whole.leakage_w) == pytest.approx((3.25, 0.45, 0.12))
    assert whole.total_w == pytest.approx(3.82)


def test_heat_of_wires_is_spread_over_the_fabric() -> None:
    # 2 W over 1.0 + 0.2 + 0.8 mm², not over the 0.2 mm² of their repeaters; lanes 1 W over their own 1 mm²
    assert sample().power_density_by_component() == pytest.approx({"mac_lanes": 1.0, "cluster_wires": 1.0, "clock_and_control": 0.4})


def test_three_areas_of_a_machine() -> None:
    assert (sample().cell_area_mm2, sample().placed_area_mm2, sample().area_mm2) == pytest.approx((0.5, 1.0, 2.0))


def test_kinds_of_power_add_up_on_every_machine(seven: Technology, machines: Any) -> None:
    everything = Counts(*range(1000, 1000 + len(COUNTERS)))
    for machine in (machines.gather(), machines.replication(), machines.systolic()):
        cost = price(Activity(500, 64, everything, {}, Bounds(), ()), elaborate(machine, seven), seven)
        assert cost.cell_area_mm2 < cost.placed_area_mm2 < cost.area_mm2
        assert sum(power.total_w for power in cost.power_by_component().values()) == pytest.approx(cost.power.total_w)
        assert min(cost.power.dynamic_w, cost.power.clock_w, cost.power.leakage_w) > 0
        heat = cost.power_density_by_component()
        spread = {entry.name for entry in cost.components if entry.name in SPREAD}
        own = sum(heat[entry.name] * entry.die_mm2 for entry in cost.components if entry.name in heat and entry.name not in spread)
        assert own + sum(heat[name] for name in spread) * cost.fabric_area_mm2 == pytest.approx(
            cost.power.total_w - cost.power_by_component()["dram"].total_w
        )


def test_an_idle_machine_takes_clock_and_leakage(seven: Technology, machines: Any) -> None:
    cost = price(Activity(1000, 64, Counts(), {}, Bounds(), ()), elaborate(machines.gather(), seven), seven)
    control = cost.power_by_component()["clock_and_control"].dynamic_w
    assert cost.power.dynamic_w == pytest.approx(control)
    assert cost.power.clock_w > 0
    assert cost.power.leakage_w > 0
