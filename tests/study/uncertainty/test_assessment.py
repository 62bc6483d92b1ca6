"""Every constant at both its ends, on all machines at once."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace
from round_numbers import round_machine
from runs import MACHINES, SMALL, small_run, small_runs

import simulator
from simulator.cost import load_technology
from simulator.cost.router import Crossbar
from simulator.errors import ConfigError
from simulator.machine import Machine
from simulator.repricing import reprice
from simulator.result.saved import saved_run
from simulator.study.uncertainty import Assessment, Factor, Probe, assess
from simulator.study.uncertainty.assessment import METRICS
from simulator.study.uncertainty.factors import ONE_SLICE


@pytest.fixture(scope="module")
def known() -> Assessment:
    return assess(small_runs())


def _factor(known: Assessment, name: str) -> Factor:
    return next(factor for factor in known.factors if factor.name == name)


def _at(known: Assessment, name: str) -> int:
    return known.factors.index(_factor(known, name))


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("metric", METRICS)
def test_the_nominal_figure_is_the_results_own(known: Assessment, machine: str, metric: str) -> None:
    assert known.spread(machine, metric).nominal == pytest.approx(getattr(small_run(machine), metric), rel=1e-12)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_constant_of_dram_moves_the_energy_by_its_bits(known: Assessment, machine: str) -> None:
    # bits × (0.8 − value) pJ at the high end, and nothing of the area
    spread, counts = known.spread(machine, "energy_pj"), small_run(machine).activity.counts
    factor, place = _factor(known, "dram.hbm2e.io_pj_per_bit"), _at(known, "dram.hbm2e.io_pj_per_bit")
    bits = 8 * (counts.dram_read_bytes + counts.dram_write_bytes)
    assert spread.high[place] - spread.nominal == pytest.approx(bits * (factor.high - factor.value))
    assert spread.low[place] - spread.nominal == pytest.approx(bits * (factor.low - factor.value), abs=1e-3)
    assert known.spread(machine, "fabric_area_mm2").high[place] == known.spread(machine, "fabric_area_mm2").nominal


def test_a_packing_factor_of_all_areas_cancels_in_their_ratio(known: Assessment) -> None:
    place = _at(known, "die_utilization")
    alone, ratio = known.spread("crossbar", "fabric_area_mm2"), known.ratio("crossbar", "replication", "fabric_area_mm2")
    # all but the repeaters of wires, which grow with the fabric's side
    assert alone.low[place] == pytest.approx(alone.nominal * 0.85 / 0.51, rel=0.02)
    assert ratio.low[place] == pytest.approx(ratio.nominal, rel=0.01)


def test_an_end_is_what_pricing_again_with_that_constant_gives(known: Assessment) -> None:
    for name in ("sram_read_bit_exponent", "wire_pj_per_bit_mm", "dram.hbm2e.phy_pj_per_bit"):
        factor = _factor(known, name)
        again = reprice(small_run("replication"), overrides={name: factor.high})
        assert known.spread("replication", "energy_pj").high[_at(known, name)] == pytest.approx(again.energy_pj)


def test_what_a_user_has_set_is_no_longer_uncertain() -> None:
    again = reprice(small_run("replication"), overrides={"supply_voltage_v": 0.7, "dram.hbm2e.io_pj_per_bit": 0.5})
    names = {factor.name for factor in assess([again]).factors}
    assert not names & {"supply_voltage_v", "dram.hbm2e.io_pj_per_bit"}
    assert "nominal_voltage_v" in names


def test_what_would_change_cycles_by_itself_is_left_out(known: Assessment) -> None:
    assert not [factor.name for factor in known.factors if factor.name.endswith(("bandwidth_gb_per_s", "burst_bytes"))]


def test_a_machine_against_itself() -> None:
    result = small_run("hybrid")
    known = assess([result])
    ratio = known.ratio("hybrid", "hybrid", "edap_js_mm2")
    assert ratio.nominal == ratio.combined.low == ratio.combined.high == 1.0


def test_the_layout_of_the_crossbar_is_a_factor_of_its_own(known: Assessment) -> None:
    place = _at(known, ONE_SLICE)
    crossbar, replication = (known.spread(name, "fabric_area_mm2") for name in ("crossbar", "replication"))
    assert crossbar.high[place] > crossbar.nominal
    assert replication.high[place] == replication.nominal


def test_the_band_of_the_crossbar_is_the_published_one() -> None:
    """64 × 64 × 256 b at 7 nm: 1.7 mm² laid out whole at the widest pitch; in slices at the narrowest about 0.2."""
    pitch = load_technology("7nm").constants["crossbar_wire_pitch_um"]
    whole = Crossbar(load_technology("7nm", {"crossbar_wire_pitch_um": pitch.high}), 64, 64, 256, False)
    sliced = Crossbar(load_technology("7nm", {"crossbar_wire_pitch_um": pitch.low}), 64, 64, 256, False, slices=8)
    assert whole.area().placed_mm2 == pytest.approx(1.7, rel=0.02)
    assert sliced.area().placed_mm2 == pytest.approx(0.22, rel=0.1)


def test_constants_of_timing_alone_are_named() -> None:
    """The stage count of the crossbar is of its delay: at a clock where it needs several stages, the delays turn it."""
    machine = round_machine("crossbar").model_dump(mode="json")
    quick = Machine.model_validate({**machine, "name": "quick", "clock_ghz": 3.0})
    known = assess([simulator.simulate(quick, simulator.load_workload(SMALL))])
    probe = Probe(known)
    assert probe.changes_cycles(_factor(known, "fo4_delay_ps")) == ("quick",)
    assert probe.changes_cycles(_factor(known, "fp_adder_pj")) == ()


def test_an_unknown_run_is_named(known: Assessment) -> None:
    with pytest.raises(ConfigError, match="crosbar: no such run; allowed: crossbar, hybrid"):
        known.spread("crosbar", "energy_pj")


def test_many_runs_of_one_machine_share_its_rates(known: Assessment) -> None:
    one = saved_run(small_run("crossbar"))
    twice = assess([one, replace(one, counted=replace(one.counted, cycles=2 * one.counted.cycles))])
    assert np.array_equal(twice.totals[0].area_mm2, twice.totals[1].area_mm2)
    assert (twice.totals[1].energy_pj > twice.totals[0].energy_pj).all()
