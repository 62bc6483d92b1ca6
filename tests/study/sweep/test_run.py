"""Sweeps: the right figures, once, whatever happens to the workers."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest
from msgspec.structs import replace
from study.sweep.cases import DEADLY, LOG, deadly, hungry, logged, mortal, stored
from study.sweep.conftest import Run

import simulator
from simulator.errors import ConfigError
from simulator.study.sweep.reading import load_sweep
from simulator.study.sweep.run import Options, run_sweep
from simulator.study.sweep.spec import SearchSpec, SweepSpec
from simulator.study.sweep.store import Store
from simulator.study.sweep.strategies import STRATEGIES, _sample, random
from simulator.study.sweep.study import broken_constraints
from simulator.version import MODEL_VERSION


def test_every_point_has_the_figures_of_a_run_of_its_own(sweep: Run) -> None:
    run = sweep()
    assert [dict(row.assignments) for row in run.rows] == [
        {"fabric.window": window, "fabric.replicas": copies} for window in (1, 2, 4) for copies in (1, 2, 4)
    ]
    workload = simulator.load_workload("tiny.yaml")
    for row in run.rows:
        machine = simulator.load_machine("small.yaml", [f"{path}={value}" for path, value in row.assignments.items()])
        alone = simulator.simulate(machine, workload)
        assert row.record is not None
        assert {name: row.record[name] for name in alone.metrics()} == alone.metrics()
        assert row.record["energy_pj_by_component"] == alone.energy_pj_by_component


def test_a_finished_sweep_computes_nothing(sweep: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LOG, str(place / "log"))
    first = sweep(function=logged)
    again = sweep(function=logged)
    assert (first.computed, again.computed) == (9, 0)
    assert again.rows == first.rows
    assert len((place / "log").read_text().splitlines()) == 9


def test_a_sweep_file_may_name_every_strategy() -> None:
    assert get_args(SearchSpec.model_fields["method"].annotation) == tuple(STRATEGIES)


def test_another_technology_simulates_nothing(sweep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ("set={fabric.network.latency: 1, fabric.network.slices: 1}", "axes={technology: [7nm], fabric.window: [1, 2]}")
    sweep("sweep.yaml", *settings)
    monkeypatch.setattr("simulator.study.sweep.point.time_workload", None)
    run = sweep("sweep.yaml", *settings, "axes={technology: [7nm, 28nm], fabric.window: [1, 2]}")
    assert [row.failure for row in run.rows] == [None] * 4
    assert run.computed == 2
    areas = [row.metric("area_mm2") for row in run.rows]
    assert areas[2] > areas[0]
    assert [row.metric("cycles") for row in run.rows[:2]] == [row.metric("cycles") for row in run.rows[2:]]


def test_points_that_differ_in_technology_alone_are_simulated_once(sweep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulator.study.sweep import point as job

    calls: list[int] = []
    real = job.time_workload
    monkeypatch.setattr(job, "time_workload", lambda *given, **named: calls.append(1) or real(*given, **named))  # type: ignore[func-returns-value]
    axes = "axes={technology: [7nm, 28nm], technology_overrides.supply_voltage_v: [0.6, 0.7]}"
    run = sweep("sweep.yaml", axes, "set={fabric.network.latency: 1, fabric.network.slices: 1}")
    assert (len(run.rows), len(calls)) == (4, 1)
    assert len({row.metric("energy_pj") for row in run.rows}) == 4


def test_points_that_differ_around_a_fabric_simulate_it_once(sweep: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from simulator.kinds.units import decision

    runs: list[int] = []
    real = decision.run_plan

    def run_plan(plan: Any, setting: Any, *given: Any, **named: Any) -> Any:
        runs.append(setting.spec.window)
        return real(plan, setting, *given, **named)

    monkeypatch.setattr(decision, "run_plan", run_plan)
    axes = (
        "axes={dram.latency_ns: [50, 100], trunks.drain_bytes_per_cycle: [32, 64], activation_buffer_kib: [32, 64], fabric.window: [1, 2]}"
    )
    recalled = sweep("sweep.yaml", axes)
    # in two ways each, of which the quicker one is taken
    assert (recalled.computed, sorted(runs)) == (16, [1, 1, 2, 2])
    afresh = sweep("sweep.yaml", axes, store="afresh.sqlite", recalled=0)
    assert len(runs) == 2 * (2 + 16)
    assert [(row.key, row.record) for row in recalled.rows] == [(row.key, row.record) for row in afresh.rows]


def test_another_version_of_the_model_or_other_data_is_computed_anew(sweep: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sweep().computed == 9
    workload = place / "tiny.yaml"
    workload.write_text(workload.read_text(encoding="utf-8").replace("0.2", "0.3"), encoding="utf-8")
    assert sweep().computed == 9
    monkeypatch.setattr("simulator.study.sweep.point.MODEL_VERSION", replace(MODEL_VERSION, timing=0))
    assert sweep().computed == 9
    monkeypatch.setattr("simulator.study.sweep.point.MODEL_VERSION", replace(MODEL_VERSION, cost=0))
    assert sweep().computed == 9


def test_a_name_is_no_reason_to_compute_anew(sweep: Run, place: Path) -> None:
    sweep()
    for file, old, new in (("small.yaml", "name: small", "name: renamed"), ("tiny.yaml", "name: tiny", "name: renamed")):
        (place / file).write_text((place / file).read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert sweep().computed == 0


def test_two_sweeps_share_points_and_an_edited_axis_adds_only_what_is_new(sweep: Run) -> None:
    sweep()
    assert sweep("sweep.yaml", "name=other", "axes={fabric.replicas: [1, 2, 4], fabric.window: [4, 8]}").computed == 3


def test_combinations_that_are_no_machine_are_said_first_and_do_not_stop_the_rest(place: Path) -> None:
    from simulator.study.sweep.run import Event, Finished, Planned

    events: list[Event] = []
    space = load_sweep("sweep.yaml", ["axes={fabric.replicas: [1, 3, 4]}"])
    with Store(place / "store.sqlite") as base:
        run = run_sweep(space, base, Options(), events.append)
    assert isinstance(events[0], Planned)
    assert [row.label for row in events[0].invalid] == ["replicas 3"]
    assert "do not divide units = 4" in events[0].invalid[0].reason
    assert [event.row.place for event in events[1:] if isinstance(event, Finished)] == [0, 2]
    assert [row.failure for row in run.rows] == [None, "invalid", None]


def test_a_machine_that_cannot_hold_the_workload_fails_alone(sweep: Run) -> None:
    run = sweep("sweep.yaml", "axes={mapping.tokens_per_tile: [auto, 1000]}")
    assert [row.failure for row in run.rows] == [None, "mapping"]
    assert "mapping.tokens_per_tile = 1000" in run.rows[1].reason


def test_processes_give_what_one_process_gives(sweep: Run, place: Path) -> None:
    sweep(store="one.sqlite")
    run = sweep(store="two.sqlite", executor="processes", workers=2)
    assert run.computed == 9
    assert stored(place / "one.sqlite") == stored(place / "two.sqlite")


def test_a_point_that_takes_its_process_down_fails_alone(sweep: Run) -> None:
    run = sweep(executor="processes", workers=2, function=deadly)
    failed = [(dict(row.assignments), row.failure) for row in run.rows if row.failure]
    assert failed == [(DEADLY, "killed")]


def test_a_worker_that_dies_for_another_reason_fails_nothing(sweep: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LOG, str(place / "died"))
    run = sweep(executor="processes", workers=2, function=mortal)
    assert (place / "died").exists()
    assert [row.failure for row in run.rows] == [None] * 9


def test_an_unexpected_error_is_recorded_and_retried_only_when_asked(sweep: Run) -> None:
    run = sweep(function=hungry)
    assert {(row.failure, row.reason) for row in run.rows} == {("error", "RuntimeError: a bug")}
    assert sweep().computed == 0
    again = sweep(retry=True)
    assert (again.computed, again.failures) == (9, [])


def test_a_point_that_cannot_be_priced_leaves_others_of_its_timing_alone(sweep: Run) -> None:
    """Supply voltages and scales beyond what any technology has."""
    for key, absurd in (("supply_voltage_v", 1e200), ("energy_scale", 1e308)):
        run = sweep("sweep.yaml", f"axes={{technology_overrides.{key}: [0.7, {absurd}]}}", store=f"{key}.sqlite")
        assert [row.failure is None for row in run.rows] == [True, False], key
        again = sweep("sweep.yaml", f"axes={{technology_overrides.{key}: [0.7]}}", store=f"{key}.sqlite")
        assert (again.failures, again.computed) == ([], 0)
        assert f"technology_overrides.{key}: found {absurd:g}" in run.rows[1].reason


@pytest.mark.parametrize("seconds", [1e10, float("inf")])
def test_a_limit_beyond_reason_is_none(sweep: Run, seconds: float) -> None:
    assert sweep(time_limit_s=seconds).failures == []


def test_a_point_that_takes_too_long_is_stopped(sweep: Run) -> None:
    run = sweep("sweep.yaml", "axes={fabric.window: [1]}", "set={workload.operations.0.shape.m: 4096}", time_limit_s=0.001)
    assert [(row.failure, row.reason) for row in run.rows] == [("time limit", "not done after 0.001 s")]


@pytest.mark.parametrize("method", ["random", "halton"])
def test_a_draw_is_of_distinct_points_and_repeats(sweep: Run, method: str) -> None:
    run = sweep("sweep.yaml", f"search={{method: {method}, points: 5, seed: 3}}")
    chosen = [tuple(row.assignments.values()) for row in run.rows]
    assert len(set(chosen)) == 5
    again = sweep("sweep.yaml", f"search={{method: {method}, points: 5, seed: 3}}", "name=other")
    assert ([row.key for row in again.rows], again.computed) == ([row.key for row in run.rows], 0)


@pytest.mark.parametrize("method", ["nsga2", "tpe"])
def test_an_adaptive_search_walks_the_same_way_again(sweep: Run, method: str) -> None:
    setting = f"search={{method: {method}, points: 8, population: 4, seed: 1}}"
    run = sweep("sweep.yaml", setting)
    assert len(run.rows) >= 4
    again = sweep("sweep.yaml", setting)
    assert ([row.key for row in again.rows], again.computed) == ([row.key for row in run.rows], 0)


def test_random_draws_from_a_space_of_any_size(place: Path) -> None:
    keys = ("window", "accumulators", "bank_kib", "weight_bank_kib", "output_bank_kib")
    axes = ", ".join(f"fabric.{key}: {{linspace: [1, 100000], count: 10000, integer: true}}" for key in keys)
    space = load_sweep("sweep.yaml", [f"axes={{{axes}}}", "search={method: random, points: 5}"])
    assert space.size == 10_000**5
    first, again = (next(random(space, lambda place: True)) for _ in range(2))
    assert first == again
    assert len(set(first)) == 5


def test_a_large_draw_goes_on_as_a_small_one_would(monkeypatch: pytest.MonkeyPatch) -> None:
    as_before = list(_sample(Random(3), 10**6, 250))
    monkeypatch.setattr("simulator.study.sweep.strategies._LARGEST", 0)
    assert list(_sample(Random(3), 10**6, 250)) == as_before


@pytest.mark.parametrize("method", ["grid", "random", "halton", "nsga2", "tpe"])
def test_conditions_that_leave_no_point_are_said(sweep: Run, method: str) -> None:
    search = "{method: grid}" if method == "grid" else f"{{method: {method}, points: 4}}"
    with pytest.raises(ConfigError, match="where: no combination that was looked at meets its conditions"):
        sweep("sweep.yaml", "where=[fabric.window > 4]", f"search={search}")


def test_a_constraint_that_cannot_be_computed_is_broken_and_says_why(sweep: Run) -> None:
    text = "1 / (fabric.window - 1) < 2"
    first, second = sweep("sweep.yaml", "axes={fabric.window: [1, 2]}", f"constraints=['{text}']").rows
    assert first.broken == (f"{text}: cannot be computed: division by zero",)
    assert (first.breaks(text), first.feasible, second.broken) == (True, False, ())


def test_a_constraint_of_an_older_sweep_on_a_key_without_a_value_is_not_met() -> None:
    spec = SweepSpec(name="a", machine="m", workload="w", axes={"fabric.window": (1,)}, constraints=("fabric.units > 1000",))
    (broken,) = broken_constraints(spec, {"fabric.window": 1}, {"energy_pj": 1.0})
    assert broken == "fabric.units > 1000: fabric.units: neither a metric nor a value that an axis gave this point"
