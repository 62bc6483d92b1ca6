"""A result priced again is the result that a run in that technology would have given."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from round_numbers import round_machine
from runs import MACHINES, SMALL, small_run

import simulator
from simulator.errors import ConfigError, OutputError
from simulator.machine import Machine
from simulator.repricing import PriceList, reprice
from simulator.result import Result
from simulator.result.saved import SavedRun, read_runs, result_files, saved_run


def _changed(machine: str, **keys: object) -> Machine:
    return Machine.model_validate({**round_machine(machine).model_dump(mode="json", exclude={"mapping"}), **keys})


@pytest.mark.parametrize("machine", ["crossbar", "systolic"])
def test_it_is_what_simulating_there_gives_to_the_byte(machine: str, tmp_path: Path) -> None:
    there = round_machine(machine).model_copy(update={"technology": "10nm", "technology_overrides": {"macro_placement": 1.5}})
    simulated = simulator.simulate(there, simulator.load_workload(SMALL))
    again = reprice(small_run(machine), "10nm", {"macro_placement": 1.5})
    simulated.to_json(tmp_path / "simulated.json")
    again.to_json(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "simulated.json").read_bytes()


@pytest.mark.parametrize("machine", MACHINES)
def test_without_a_change_nothing_changes(machine: str) -> None:
    assert reprice(small_run(machine)).to_dict() == small_run(machine).to_dict()


def test_there_and_back_again() -> None:
    there = reprice(small_run("hybrid"), "28nm")
    assert there.area_mm2 > 2 * small_run("hybrid").area_mm2
    assert reprice(there, "7nm").to_dict() == small_run("hybrid").to_dict()


@pytest.mark.parametrize("machine", MACHINES)
def test_a_price_list_agrees_with_the_whole_price(machine: str) -> None:
    overrides = {"energy_scale": 0.5, "dram.hbm2e.move_pj_per_bit": 3.0}
    priced, whole = PriceList("10nm", overrides).price(saved_run(small_run(machine))), reprice(small_run(machine), "10nm", overrides)
    for name in ("area_mm2", "fabric_area_mm2", "energy_pj", "fabric_energy_pj", "power_w", "power_density_w_per_mm2", "edap_js_mm2"):
        assert priced.metric(name) == pytest.approx(getattr(whole, name), rel=1e-9), name


def test_slices_are_settled_again_and_latency_must_stay() -> None:
    result = small_run("crossbar")
    slow = {"wire_delay_ns_per_mm": 20.0}
    with pytest.raises(ConfigError, match=r"crossbar ran with .*\.latency: 1, but .* auto is \d+ cycles in 7nm; simulate again"):
        reprice(result, overrides=slow)
    held = reprice(result, overrides=slow, hold_latency=True)
    assert held.machine.fabric.network.latency == 1
    assert held.energy_pj == pytest.approx(result.energy_pj)
    wide = reprice(result, overrides={"crossbar_wire_pitch_um": 0.004})
    assert wide.elaborated.slices < result.elaborated.slices
    assert wide.cycles == result.cycles


@pytest.mark.parametrize(("name", "value"), [("bandwidth_gb_per_s", 500.0), ("burst_bytes", 128.0)])
def test_what_would_change_a_cycle_is_refused(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=r"systolic ran with dram_\w+ = .* in 7nm with these constants would be .*; simulate again"):
        reprice(small_run("systolic"), overrides={f"dram.hbm2e.{name}": value})


def test_another_version_is_refused() -> None:
    with pytest.raises(OutputError, match=r"crossbar: made by sparsim 0\.0\.1, whose counters may mean something else"):
        reprice(replace(small_run("crossbar"), version="0.0.1"))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"wire_pj": 1.0}, "technology_overrides.wire_pj: 7nm has no such constant; nearest: wire_pj_per_bit_mm"),
        ({"dram.hbm2f.io_pj_per_bit": 1.0}, "no such DRAM device.*nearest: hbm2"),
        ({"dram.hbm2e.io": 1.0}, "hbm2e has no such constant"),
        ({"dram.hbm2e.io_pj_per_bit": -1.0}, "found -1; allowed: a number from 0"),
        ({"dram.hbm2e.phy_area_mm2": 0.0}, "found 0; allowed: a number above 0"),
    ],
)
def test_a_wrong_constant_is_named(overrides: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        reprice(small_run("crossbar"), overrides=overrides)


def test_a_machine_file_may_nest_the_constants_of_dram() -> None:
    machine = _changed("systolic", technology_overrides={"dram": {"hbm2e": {"io_pj_per_bit": 0.7}}, "fo4_delay_ps": 3})
    assert machine.technology_overrides == {"dram.hbm2e.io_pj_per_bit": 0.7, "fo4_delay_ps": 3.0}


def test_runs_are_read_without_the_rest_of_their_files(tmp_path: Path) -> None:
    for name in MACHINES:
        (tmp_path / "deep" / name).mkdir(parents=True)
        small_run(name).to_json(tmp_path / "deep" / name / "result.json")
    (tmp_path / ".draft.part").mkdir()
    small_run("crossbar").to_json(tmp_path / ".draft.part" / "result.json")
    files = result_files(tmp_path)
    assert len(files) == len(MACHINES)
    read = {run.name: run for run in read_runs(files) if isinstance(run, SavedRun)}
    for name in MACHINES:
        expected = saved_run(Result.load(tmp_path / "deep" / name / "result.json"))
        assert read[name] == expected


def test_runs_of_one_machine_share_it(tmp_path: Path) -> None:
    for name in ("result-a.json", "result-b.json"):
        small_run("crossbar").to_json(tmp_path / name)
    first, second = read_runs(result_files(tmp_path))
    assert isinstance(first, SavedRun)
    assert isinstance(second, SavedRun)
    assert first.elaborated is second.elaborated


def test_thousands_of_runs_of_a_few_machines_are_priced_in_under_a_second() -> None:
    runs = [saved_run(small_run(machine)) for machine in MACHINES]
    prices, start = PriceList(overrides={"flop_fj_per_bit": 4.0}, hold_latency=True), time.process_time()
    priced = [prices.price(run) for run in runs * (4000 // len(runs))]
    assert time.process_time() - start < 1
    assert len({run.energy_pj for run in priced}) == len(runs)
