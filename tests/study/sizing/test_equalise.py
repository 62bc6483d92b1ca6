"""Machines made equal by their size alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from round_numbers import round_machine
from strategies import operation, sparse, workload

from simulator.cost import load_technology
from simulator.errors import ConfigError
from simulator.machine import Machine
from simulator.pipeline import simulate
from simulator.study.design import design_of
from simulator.study.sizing import area_mm2, dram_gb_per_s, equalise
from simulator.study.sizing.scale import resized, size_of
from simulator.workload import Workload

NAMES = ("crossbar", "hybrid", "replication", "partition", "systolic")
TECHNOLOGY = load_technology("7nm")
MACHINES = [round_machine(name) for name in NAMES]
NOTHING = Workload("nothing", ())


def _small_work() -> Workload:
    import numpy as np

    random = np.random.default_rng(5)
    return workload(operation(sparse(random, 32, 24, 0.3), sparse(random, 24, 32, 0.8)))


def _sram_kib(machine: Machine) -> float:
    fabric = machine.fabric
    if fabric.kind == "systolic":
        return fabric.x_buffer_kib + fabric.w_buffer_kib + fabric.y_buffer_kib
    x_kib = fabric.clusters * fabric.banks_per_copy * fabric.bank_kib
    return x_kib + fabric.units * (fabric.weight_bank_kib + fabric.output_bank_kib)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(MACHINES[:4]), st.floats(3.0, 30.0))
def test_the_largest_size_that_fits_the_area(machine: Machine, cap: float) -> None:
    (sized,) = equalise([machine], "area", NOTHING, to=f"{cap}mm2")
    assert design_of(sized.machine) == design_of(machine) == sized.kind
    assert area_mm2(sized.machine, TECHNOLOGY) == sized.achieved <= cap
    larger = resized(machine, size_of(sized.machine) + 1)
    assert larger is not None
    assert area_mm2(larger, TECHNOLOGY) == sized.next_size
    assert sized.next_size is not None
    assert sized.next_size > cap


def test_a_static_area_is_the_area_of_a_run() -> None:
    for machine in MACHINES:
        result = simulate(machine, _small_work())
        assert area_mm2(machine, TECHNOLOGY) == pytest.approx(result.fabric_area_mm2, rel=1e-12)
        assert area_mm2(machine, TECHNOLOGY, include_dram=True) == pytest.approx(result.area_mm2, rel=1e-12)


def test_the_first_machine_is_the_measure_and_stays_as_it_is() -> None:
    sized = equalise(MACHINES, "area", NOTHING)
    assert [entry.machine.name for entry in sized] == list(NAMES)
    assert sized[0].machine is MACHINES[0]
    assert sized[0].changes == ()
    assert {entry.target for entry in sized} == {area_mm2(MACHINES[0], TECHNOLOGY)}
    assert all(-0.12 < entry.difference <= 0 for entry in sized)


def test_a_systolic_array_has_the_sram_of_what_it_is_compared_with() -> None:
    crossbar, *_, systolic = equalise(MACHINES, "area", NOTHING, to="10mm2")
    assert _sram_kib(systolic.machine) == _sram_kib(crossbar.machine) != _sram_kib(MACHINES[4])
    assert systolic.machine.fabric.rows == systolic.machine.fabric.cols


def test_the_aspect_of_an_array_is_kept() -> None:
    wide = round_machine("systolic", ["fabric.rows=16", "fabric.cols=64"])
    (sized,) = equalise([wide], "area", NOTHING, to="9mm2")
    assert sized.machine.fabric.cols == 4 * sized.machine.fabric.rows


def test_the_changes_lead_from_the_one_to_the_other() -> None:
    (sized,) = equalise([MACHINES[1]], "area", NOTHING, to="20mm2")
    again = round_machine("hybrid", [f"{change.key}={change.after}" for change in sized.changes])
    assert again == sized.machine
    assert {change.key for change in sized.changes} == {"fabric.units", "fabric.replicas"}


@pytest.mark.parametrize(("to", "gb_per_s"), [("50GB/s", 50.0), ("2TB/s", 2000.0), ("391", 391.0)])
def test_bandwidth_is_a_share_of_as_few_devices_as_give_it(to: str, gb_per_s: float) -> None:
    for sized in equalise(MACHINES, "bandwidth", NOTHING, to=to):
        assert dram_gb_per_s(sized.machine, TECHNOLOGY) == pytest.approx(gb_per_s, rel=1e-12)
        assert {change.key for change in sized.changes} <= {"dram.stacks", "dram.share"}
        assert sized.machine.dram.stacks == (1 if gb_per_s <= 391 else 6)


def test_other_bandwidths_are_named() -> None:
    slow = round_machine("hybrid", ["dram.share=0.01"])
    _, sized = equalise([MACHINES[0], slow], "area", NOTHING)
    assert sized.notes == ("its DRAM gives 3.91 GB/s, that of crossbar 12.22 GB/s; --equal bandwidth or --best makes them equal",)


def test_power_is_a_cap_and_throughput_is_reached() -> None:
    work = _small_work()
    machines = [
        round_machine(name, ["fabric.units=8", "fabric.banks=8", f"fabric.replicas={copies}"])
        for name, copies in (("crossbar", 1), ("replication", 8))
    ]
    _, power = equalise(machines, "power", work)
    assert simulate(power.machine, work).fabric_power_w == power.achieved <= power.target
    assert power.next_size is None or power.next_size > power.target
    _, speed = equalise(machines, "throughput", work)
    assert simulate(speed.machine, work).effective_tops == speed.achieved >= speed.target * (1 - 1e-9)


@pytest.mark.parametrize(
    ("quantity", "to", "said"),
    [
        ("area", "0.5mm2", "crossbar: 0.5 mm² is too small for a crossbar scaled by its size alone: it has "),
        ("bandwidth", "90TB/s", "crossbar: 9e+04 GB/s of hbm2e would take 231 devices of at most 64; allowed: up to 2.502e+04 GB/s"),
        ("area", "5W", "--to 5W: allowed: area above 0 in mm2, mm² (as 5mm²), or one of the machines crossbar"),
        ("area", "crosbar", "nearest: crossbar"),
        ("power", "-1", "--to -1: allowed: "),
        ("throughput", "900TOPS", "900 TOPS is out of reach for a crossbar scaled by its size alone: it has "),
    ],
)
def test_a_refusal_says_why(quantity: str, to: str, said: str) -> None:
    small = round_machine("crossbar", ["fabric.units=4", "fabric.banks=8"])
    with pytest.raises(ConfigError, match=re.escape(said)):
        equalise([small], quantity, _small_work(), to=to)  # type: ignore[arg-type]


def test_best_needs_a_cap() -> None:
    with pytest.raises(ConfigError, match="--best needs a cap"):
        equalise(MACHINES, "bandwidth", NOTHING, best=True)
