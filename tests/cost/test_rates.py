"""The linear form of a machine's price is `price` itself, summed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import gather_machines

from simulator.activity import COUNTERS, Counts
from simulator.cost import Counted, Technology
from simulator.machine import Machine, load_machine
from simulator.pricing import elaborate, pricer_of


def _agree(machine: Machine, technology: Technology, counts: Counts, cycles: int) -> None:
    elaborated = elaborate(machine, technology)
    pricer, run = pricer_of(elaborated, technology), Counted(counts, cycles)
    cost, form, counted = pricer.price(run), pricer.rates, run.vector(pricer.kinds)
    assert form.area_mm2 == pytest.approx(cost.area_mm2, rel=1e-12)
    assert form.fabric_area_mm2 == pytest.approx(cost.fabric_area_mm2, rel=1e-12)
    assert form.energy_pj @ counted == pytest.approx(cost.energy_pj, rel=1e-12)
    assert form.fabric_energy_pj @ counted == pytest.approx(cost.fabric_energy_pj, rel=1e-12)


COUNTS = st.builds(Counts, **{name: st.integers(0, 10**6) for name in COUNTERS})


@settings(max_examples=15)
@given(counts=COUNTS, cycles=st.integers(1, 10**6))
@pytest.mark.parametrize("name", ["crossbar", "hybrid", "replication", "partition", "systolic"])
def test_shipped_machines(seven: Technology, name: str, counts: Counts, cycles: int) -> None:
    _agree(load_machine(name), seven, counts, cycles)


@settings(max_examples=25)
@given(machine=gather_machines(), counts=COUNTS)
def test_any_machine(seven: Technology, machine: Machine, counts: Counts) -> None:
    _agree(machine, seven, counts, 1000)


@settings(max_examples=15)
@given(machine=gather_machines(dataflow="scatter"), counts=COUNTS)
def test_any_scatter_machine(seven: Technology, machine: Machine, counts: Counts) -> None:
    _agree(machine, seven, counts, 1000)
