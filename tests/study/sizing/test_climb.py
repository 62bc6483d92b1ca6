"""A search by single steps ends where no step is better, says so by steps that it simulated, and is found again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import operation, sparse, workload

from simulator.cost import load_technology
from simulator.errors import ConfigError
from simulator.kinds.sizes import neighbours, value_at
from simulator.machine import Machine, load_machine
from simulator.pipeline import simulate
from simulator.result import Result
from simulator.run.floor import Floor
from simulator.study.design import design_of
from simulator.study.sizing import Objective, equalise
from simulator.study.sizing import runner as runner_module
from simulator.study.sizing.certificate import TOLERANCE, Certificate, Neighbour, Walk
from simulator.study.sizing.climb import certify, climb
from simulator.study.sizing.looks import Standing
from simulator.study.sizing.problem import Limits, Problem
from simulator.study.sizing.quantities import value_of
from simulator.study.sizing.runner import InTurn, RunResult
from simulator.study.sizing.scale import SEARCHED, rebuilt
from simulator.study.sizing.sized import certified
from simulator.study.sizing.steps import identity, single_steps
from simulator.workload.types import Workload

TECHNOLOGY = load_technology("7nm")
random = np.random.default_rng(3)
WORK = workload(operation(sparse(random, 10, 8, 0.4), sparse(random, 8, 8, 0.7), "first"))
KINDS = ("crossbar", "hybrid", "replication", "partition", "systolic")
SMALL = ("fabric.units=8", "fabric.lanes=4", "fabric.banks=8", "fabric.bank_kib=0.5", "activation_buffer_kib=16")
ALL_BUT_WINDOW = tuple(key for key in SEARCHED if key != "fabric.window")


def _problem(machine: Machine, objective: Objective = "edap", limits: Limits | None = None, budget: int | None = None) -> Problem:
    return Problem(machine, objective, limits or Limits(), TECHNOLOGY, Floor(WORK), budget)


@pytest.mark.parametrize(
    ("ladder", "own", "found"),
    [((1, 2, 4), 2, [1, 4]), ((1, 2, 4), 3, [2, 4]), ((1, 2, 4), 8, [4]), (("a", 1, 2), "a", [1, 2]), ((True, False), True, [False])],
)
def test_a_step_goes_to_the_next_number_or_any_word(ladder: Sequence[Any], own: Any, found: list[Any]) -> None:
    assert neighbours(ladder, own) == found


@pytest.mark.parametrize("name", KINDS)
def test_steps_lead_to_other_machines_of_the_design(name: str) -> None:
    machine = load_machine(name)
    steps = single_steps(machine)
    assert len({identity(step.machine) for step in steps} | {identity(machine)}) == len(steps) + 1
    assert {design_of(step.machine) for step in steps} == {design_of(machine)}
    for step in steps:
        assert rebuilt(machine, step.keys) == step.machine
        assert any(value_at(machine, key) != value for key, value in step.keys.items())
    kept = single_steps(machine, ["trunks.w_bytes_per_cycle"])
    assert {identity(step.machine) for step in steps} - {identity(step.machine) for step in kept} == {
        identity(step.machine) for step in steps if "trunks.w_bytes_per_cycle" in step.keys
    }


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("crossbar", {"fabric.units", "fabric.window", "fabric.output_bank_kib", "fabric.network.iterations", "activation_buffer_kib"}),
        ("systolic", {"fabric.rows", "fabric.cols", "fabric.y_buffer_kib", "fabric.column_skip", "trunks.x_bytes_per_cycle"}),
    ],
)
def test_every_key_that_decides_has_a_step_each_way(name: str, keys: set[str]) -> None:
    machine = load_machine(name)
    alone = [next(iter(step.keys.items())) for step in single_steps(machine) if len(step.keys) == 1]
    for key in keys:
        ways = [value for found, value in alone if found == key]
        own = value_at(machine, key)
        assert ways == [False] if own is True else any(value < own for value in ways) and any(value > own for value in ways)


def test_a_naive_array_stays_one() -> None:
    tried = {key for step in single_steps(load_machine("systolic-naive")) for key in step.keys}
    assert "fabric.rows" in tried
    assert not tried & {"fabric.skip_zero_tiles", "fabric.column_skip", "fabric.n_m", "fabric.row_order"}


@pytest.mark.parametrize("name", ["crossbar", "systolic"])
def test_no_single_step_from_what_is_found_is_better(name: str) -> None:
    small = SMALL if name == "crossbar" else ("fabric.rows=8", "fabric.cols=8", "fabric.dataflow=os")
    free = {"fabric.lanes", "fabric.bank_kib", "fabric.window", "fabric.accumulators", "fabric.rows"}
    keep = [key for key in SEARCHED if key not in free]
    found = climb(_problem(load_machine(name, small)), InTurn(WORK), keep)
    assert found is not None
    assert found.walk.certificate.holds
    best = simulate(found.machine, WORK)
    assert best == found.result
    assert found.walk.best == found.walk.certificate.value == best.edap_js_mm2
    steps = single_steps(found.machine, keep)
    assert [each.keys for each in found.walk.certificate.neighbours] == [step.keys for step in steps]
    for step, told in list(zip(steps, found.walk.certificate.neighbours, strict=True))[::7]:
        if told.ratio is not None:
            assert simulate(step.machine, WORK).edap_js_mm2 / best.edap_js_mm2 == told.ratio >= 1 - TOLERANCE
        elif told.bound is not None:
            assert simulate(step.machine, WORK).edap_js_mm2 / best.edap_js_mm2 >= told.bound > 1 - TOLERANCE
    assert found.walk.best < simulate(load_machine(name, small), WORK).edap_js_mm2


@settings(max_examples=3, deadline=None)
@given(st.sampled_from(["time", "energy", "edap"]), st.sampled_from([1, 4, 64]))
def test_with_one_free_key_it_finds_the_best_of_all(objective: Objective, window: int) -> None:
    machine = load_machine("crossbar", [*SMALL, f"fabric.window={window}"])
    every = [simulate(load_machine("crossbar", [*SMALL, f"fabric.window={each}"]), WORK) for each in (1, 2, 4, 8, 16, 32, 64)]
    found = climb(_problem(machine, objective), InTurn(WORK), ALL_BUT_WINDOW)
    assert found is not None
    assert found.walk.best <= min(value_of(run, objective) for run in every) * (1 + TOLERANCE)


def test_a_valley_of_the_buffer_is_crossed() -> None:
    chain = workload(
        operation(sparse(random, 16, 12, 0.4), sparse(random, 12, 64, 0.7), "first"),
        operation(sparse(random, 8, 16, 0.4), sparse(random, 16, 64, 0.7), "second"),
    )
    machines = [load_machine("crossbar", [*SMALL, f"activation_buffer_kib={kib}"]) for kib in (0.25, 0.5, 2.0, 32.0)]
    least, next_to_it, fits, too_large = (simulate(machine, chain).edap_js_mm2 for machine in machines)
    assert fits < least < next_to_it
    assert fits < too_large
    keep = [key for key in SEARCHED if key != "activation_buffer_kib"]
    found = climb(Problem(machines[0], "edap", Limits(), TECHNOLOGY, Floor(chain)), InTurn(chain), keep)
    assert found is not None
    assert found.machine.activation_buffer_kib == 2.0


class Valleys(InTurn):
    """Runs that take as many thousands of cycles as is told of the values of some keys; 99 where nothing is."""

    def __init__(self, work: Workload, keys: Sequence[str], thousands: Mapping[tuple[Any, ...], float]) -> None:
        super().__init__(work)
        self.keys = keys
        self.thousands = thousands

    def run(self, machines: Sequence[Machine]) -> list[RunResult]:
        return list(map(self._told, super().run(machines)))

    def rehearse(self, machines: Sequence[Machine]) -> list[RunResult]:
        return list(map(self._told, super().rehearse(machines)))

    def _told(self, run: RunResult) -> RunResult:
        if not isinstance(run, Result):
            return run
        thousands = self.thousands.get(tuple(value_at(run.machine, key) for key in self.keys), 99)
        return replace(run, activity=msgspec.structs.replace(run.activity, cycles=int(1000 * thousands)))


def _all_but(*keys: str) -> list[str]:
    return [key for key in SEARCHED if key not in keys]


def test_a_valley_of_a_trunk_is_crossed() -> None:
    """Where a bus of twice the width is worse, and one of four times better: another way to run a chain may be the best there."""
    key = "trunks.w_bytes_per_cycle"
    problem, valleys = _problem(load_machine("crossbar", [*SMALL, f"{key}=64"]), "time"), Valleys(WORK, [key], {(64,): 5, (256,): 4})
    assert certify(problem, valleys, _all_but(key)).holds
    found = climb(problem, valleys, _all_but(key))
    assert found is not None
    assert value_at(found.machine, key) == 256


def test_a_memory_is_leapt_to_with_the_mapping_free_to_suit_it() -> None:
    """Where another size helps only with another choice of the mapping, and that choice only with another size."""
    free = ("fabric.weight_bank_kib", "mapping.tokens_per_tile")
    thousands: dict[tuple[Any, ...], float] = {
        (0.5, 2): 10,
        (1.0, 2): 19,
        (2.0, 2): 19,
        (0.5, 1): 19,
        (0.5, "auto"): 19,
        (1.0, "auto"): 15,
        (2.0, "auto"): 5,
        (2.0, 1): 1,
    }
    start = load_machine("crossbar", [*SMALL, "fabric.weight_bank_kib=0.5", "mapping.tokens_per_tile=2"])
    problem, valleys = _problem(start, "time"), Valleys(WORK, free, thousands)
    assert certify(problem, valleys, _all_but(*free)).holds
    found = climb(problem, valleys, _all_but(*free))
    assert found is not None
    assert [value_at(found.machine, key) for key in free] == [2.0, 1]
    assert climb(problem, valleys, _all_but("fabric.weight_bank_kib")).machine == start  # type: ignore[union-attr]
    thousands[2.0, 2] = 9  # two sizes further, beyond one that does not help
    further = climb(problem, valleys, _all_but("fabric.weight_bank_kib"))
    assert further is not None
    assert value_at(further.machine, "fabric.weight_bank_kib") == 2.0


def test_a_rehearsal_finds_a_shape_that_is_better_with_another_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither helps alone, and the shape comes near."""
    monkeypatch.setattr(runner_module, "WORTH_REHEARSING", 1)
    wide = workload(operation(sparse(random, 16, 12, 0.4), sparse(random, 12, runner_module.PART * 64, 0.7), "wide"))
    keys = ("fabric.token_groups", "fabric.output_bank_kib")
    start = load_machine("partition", [*SMALL, "fabric.token_groups=2", "fabric.replicas=1", "fabric.output_bank_kib=1"])
    problem = Problem(start, "time", Limits(), TECHNOLOGY, Floor(wide))
    for near, best in ((11, (4, 2.0)), (13, (2, 1.0))):
        found = climb(problem, Valleys(wide, keys, {(2, 1.0): 10, (4, 1.0): near, (2, 2.0): 12, (4, 2.0): 8}), _all_but(*keys))
        assert found is not None
        assert tuple(value_at(found.machine, key) for key in keys) == best


def test_the_gap_is_what_bounds_leave_of_other_shapes() -> None:
    free = {"fabric.lanes", "fabric.window"}
    found = climb(_problem(load_machine("crossbar", SMALL)), InTurn(WORK), [key for key in SEARCHED if key not in free])
    assert found is not None
    walk = found.walk
    assert 0 <= walk.gap < 1
    assert walk.bound <= walk.best
    for lanes in (4, 8, 16, 32, 64):
        other = rebuilt(found.machine, {"fabric.lanes": lanes})
        if other is not None:
            assert simulate(other, WORK).edap_js_mm2 >= walk.bound


def test_caps_are_kept() -> None:
    machine = load_machine("crossbar", SMALL)
    area = simulate(machine, WORK).fabric_area_mm2
    free = {"fabric.window", "fabric.output_bank_kib"}
    found = climb(_problem(machine, "time", Limits(area_mm2=area)), InTurn(WORK), [key for key in SEARCHED if key not in free])
    assert found is not None
    assert found.result.fabric_area_mm2 <= area
    assert found.walk.over_cap > 0
    assert climb(_problem(machine, "time", Limits(area_mm2=0.001)), InTurn(WORK)) is None


def test_a_budget_ends_it_and_it_says_so() -> None:
    found = climb(_problem(load_machine("crossbar", SMALL), budget=1), InTurn(WORK), ALL_BUT_WINDOW)
    assert found is not None
    assert found.walk.cut_short


def test_what_is_found_does_not_depend_on_how_many_run_at_once() -> None:
    class Backwards(InTurn):
        def run(self, machines: Sequence[Machine]) -> list[RunResult]:
            return super().run(machines[::-1])[::-1]

    keep = [key for key in SEARCHED if key not in ("fabric.window", "fabric.accumulators")]
    problem = _problem(load_machine("crossbar", SMALL))
    assert climb(problem, InTurn(WORK), keep) == climb(problem, Backwards(WORK), keep)


def test_progress_tells_the_best_so_far() -> None:
    heard: list[Standing] = []
    found = climb(_problem(load_machine("crossbar", SMALL)), InTurn(WORK), ALL_BUT_WINDOW, heard.append)
    assert found is not None
    bests = [standing.best for standing in heard if standing.best is not None]
    assert bests == sorted(bests, reverse=True)
    assert bests[-1] <= found.walk.best
    assert heard[-1].simulated == found.walk.simulated


def test_a_machine_that_is_not_the_best_is_told_so() -> None:
    wasteful = load_machine("crossbar", [*SMALL, "fabric.window=64"])
    certificate = certify(_problem(wasteful), InTurn(WORK), ALL_BUT_WINDOW)
    assert not certificate.holds
    assert certificate.best is not None
    assert certificate.best.keys == {"fabric.window": 32}
    assert "NOT the best by 1 % (the best, fabric.window: 32, has -" in certified(certificate)


def test_a_certificate_is_what_its_steps_say() -> None:
    level = Neighbour({"a": 1}, 1 - TOLERANCE / 2)
    assert Certificate("edap", 1.0, (level, Neighbour({"b": 1}, None, "over the cap"))).holds
    assert not Certificate("edap", 1.0, (level, Neighbour({"b": 1}, 0.98))).holds
    assert Certificate("edap", 1.0, ()).holds


def test_what_was_found_is_found_again_without_a_run() -> None:
    class Memory:
        def __init__(self) -> None:
            self.kept: dict[str, Any] = {}

        def sizes(self, key: str) -> dict[str, Any] | None:
            return self.kept.get(key)

        def add_sizes(self, key: str, found: Mapping[str, Any]) -> None:
            self.kept[key] = found

    class Never(InTurn):
        def run(self, machines: Sequence[Machine]) -> list[RunResult]:
            raise AssertionError("simulated again")

    memory, machine = Memory(), load_machine("crossbar", SMALL)
    options: dict[str, Any] = {"to": "9mm2", "best": True, "keep": ALL_BUT_WINDOW, "memory": memory}
    first = equalise([machine], "area", WORK, **options)
    assert first == equalise([machine], "area", WORK, run=Never(WORK), **options)
    assert first[0].walk is not None
    assert Walk.from_dict(first[0].walk.to_dict()) == first[0].walk
    with pytest.raises(AssertionError, match="simulated again"):
        equalise([machine], "area", WORK, run=Never(WORK), objective="time", **options)
    grid = equalise([machine], "area", WORK, search="grid", budget=2, **options)
    assert grid == equalise([machine], "area", WORK, search="grid", budget=2, run=Never(WORK), **options)


def test_nothing_within_the_cap_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"crossbar: neither it nor any shape of its kind .* keeps to 0\.001 mm²"):
        equalise([load_machine("crossbar")], "area", WORK, to="0.001mm2", best=True)


def test_a_large_workload_is_rehearsed_and_then_found_on_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "WORTH_REHEARSING", 1)
    tokens = runner_module.PART * 64
    wide = workload(operation(sparse(random, 16, 12, 0.4), sparse(random, 12, tokens, 0.7), "wide"))
    problem = Problem(load_machine("crossbar", [*SMALL, "fabric.window=64"]), "edap", Limits(), TECHNOLOGY, Floor(wide))
    heard: list[Standing] = []
    found = climb(problem, InTurn(wide), ALL_BUT_WINDOW, heard.append)
    assert found is not None
    assert heard[0].stage == "rehearsal: starts"
    assert found.walk.rehearsed > 0
    assert found.walk.certificate.holds
    assert found.result == simulate(found.machine, wide)
    monkeypatch.undo()
    assert climb(problem, InTurn(wide), ALL_BUT_WINDOW).walk.rehearsed == 0  # type: ignore[union-attr]


def test_a_rehearsal_has_room_for_the_weights_that_the_whole_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "WORTH_REHEARSING", 1)
    many = workload(operation(sparse(random, 64, 64, 0.5), sparse(random, 64, runner_module.PART * 64, 0.9), "many"))
    small_banks = (*SMALL[:3], "fabric.bank_kib=0.5", "fabric.weight_bank_kib=0.25")
    for kib, from_buffer in ((4.0, False), (8.0, True)):
        machine = load_machine("crossbar", [*small_banks, f"activation_buffer_kib={kib}"])
        (part,), whole = InTurn(many).rehearse([machine]), simulate(machine, many)
        assert isinstance(part, Result)
        for run in (part, whole):
            counts = run.activity.operations[0].counts
            assert (counts.buffer_read_bytes > 0) == from_buffer


def test_a_rehearsal_leaves_tensors_where_the_whole_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "WORTH_REHEARSING", 1)
    tokens = runner_module.PART * 64
    wide = workload(
        operation(sparse(random, 16, 12, 0.4), sparse(random, 12, tokens, 0.7), "first"),
        operation(sparse(random, 8, 16, 0.4), sparse(random, 16, tokens, 0.7), "second"),
    )
    for kib in (0.5, 4.0, 16.0):
        machine = load_machine("crossbar", [*SMALL, f"activation_buffer_kib={kib}"])
        (part,), whole = InTurn(wide).rehearse([machine]), simulate(machine, wide)
        assert isinstance(part, Result)
        assert part.machine == machine
        assert part.fabric_area_mm2 == whole.fabric_area_mm2
        homes = [[each.details["y_home"] for each in run.activity.operations] for run in (part, whole)]
        assert homes[0] == homes[1]
