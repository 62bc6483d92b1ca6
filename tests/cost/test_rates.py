"""Totals are `price` itself, summed: for every kind of machine, whatever was counted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import gather_machines

from simulator.activity import COUNTERS, Activity, Bounds, Counts, OperationActivity
from simulator.cost import Technology
from simulator.kinds.units.machine import UnitsMachine
from simulator.machine import Machine, load_machine
from simulator.pricing import counted, elaborate, price, pricer_of

COUNTS = st.builds(Counts, **{name: st.integers(0, 10**6) for name in COUNTERS})
RUNS = st.lists(st.tuples(st.sampled_from(["gather", "scatter"]), COUNTS), min_size=1, max_size=3)


def _activity(run: list[tuple[str, Counts]], cycles: int) -> Activity:
    operations = tuple(
        OperationActivity(f"op{index}", "SpMM", (1, 1, 1), 0, 0, cycles, 0, 1, counts, {}, Bounds(), {"dataflow": flow})
        for index, (flow, counts) in enumerate(run)
    )
    return Activity(cycles, 1, Counts.total(counts for _, counts in run), {}, Bounds(), operations)


def _agree(machine: Machine, technology: Technology, run: list[tuple[str, Counts]], cycles: int) -> None:
    elaborated = elaborate(machine, technology)
    activity, pricer = _activity(run, cycles), pricer_of(elaborated, technology)
    cost, form = price(activity, elaborated, technology), pricer.rates
    vector = counted(machine, activity).vector(form.kinds)
    assert form.area_mm2 == pytest.approx(cost.area_mm2, rel=1e-12)
    assert form.fabric_area_mm2 == pytest.approx(cost.fabric_area_mm2, rel=1e-12)
    assert form.energy_pj @ vector == pytest.approx(cost.energy_pj, rel=1e-12)
    assert form.fabric_energy_pj @ vector == pytest.approx(cost.fabric_energy_pj, rel=1e-12)
    leakage_pj = sum(part.leakage_pj for part in cost.components)
    assert form.energy_pj[-1] * cycles >= leakage_pj * (1 - 1e-12) >= 0


@settings(max_examples=15)
@given(run=RUNS, cycles=st.integers(1, 10**6))
@pytest.mark.parametrize("name", ["crossbar", "hybrid", "replication", "partition", "systolic"])
def test_shipped_machines(seven: Technology, name: str, run: list[tuple[str, Counts]], cycles: int) -> None:
    _agree(load_machine(name), seven, run, cycles)


@settings(max_examples=25)
@given(machine=gather_machines(), run=RUNS)
def test_any_machine(seven: Technology, machine: Machine, run: list[tuple[str, Counts]]) -> None:
    _agree(machine, seven, run, 1000)


@settings(max_examples=15)
@given(machine=gather_machines(lane_tree=True), run=RUNS)
def test_any_machine_of_sampled_products(seven: Technology, machine: Machine, run: list[tuple[str, Counts]]) -> None:
    _agree(machine, seven, run, 1000)


@settings(max_examples=15)
@given(machine=gather_machines(dataflow="scatter"), run=RUNS)
def test_any_scatter_machine(seven: Technology, machine: Machine, run: list[tuple[str, Counts]]) -> None:
    _agree(machine, seven, run, 1000)


@settings(max_examples=25)
@given(machine=gather_machines(multicast=False, lane_tree=True), run=RUNS)
def test_any_machine_of_both_dataflows(seven: Technology, machine: Machine, run: list[tuple[str, Counts]]) -> None:
    assume(UnitsMachine.of(machine).copy_sums >= 1)
    mapping = machine.mapping.model_copy(update={"dataflow": "both", "order": "natural"})
    _agree(machine.model_copy(update={"mapping": mapping}), seven, run, 1000)


SYSTOLIC = st.fixed_dictionaries(
    {
        "rows": st.sampled_from([4, 8]),
        "cols": st.sampled_from([4, 16]),
        "weight_load": st.sampled_from(["overlapped", "serial"]),
        "gate_zeros": st.booleans(),
        "column_skip": st.booleans(),
        "skip_zero_tiles": st.booleans(),
        "n_m": st.sampled_from(["none", "2:4"]),
    }
)


@settings(max_examples=25)
@given(fabric=SYSTOLIC, decoder=st.booleans(), run=RUNS)
def test_any_systolic_array(seven: Technology, fabric: dict[str, Any], decoder: bool, run: list[tuple[str, Counts]]) -> None:
    keys = {"name": "array", "weight_decoder": decoder, "fabric": {"kind": "systolic", **fabric}}
    _agree(Machine.model_validate(keys), seven, run, 1000)
