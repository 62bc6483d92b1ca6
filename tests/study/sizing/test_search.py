"""Branch and bound finds what simulating every design finds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from strategies import operation, sparse, workload

from simulator.cost import load_technology
from simulator.errors import ConfigError, MappingError
from simulator.kinds.sizes import Grid
from simulator.machine import Machine, load_machine
from simulator.pipeline import simulate
from simulator.result import Result
from simulator.run.floor import Floor
from simulator.study.design import design_of
from simulator.study.sizing import Objective, area_mm2, equalise
from simulator.study.sizing.problem import Limits, Problem
from simulator.study.sizing.quantities import value_of
from simulator.study.sizing.runner import Incumbent, InTurn, RunResult
from simulator.study.sizing.scale import families, grid_of, rebuilt
from simulator.study.sizing.search import Found, best_design

TECHNOLOGY = load_technology("7nm")
random = np.random.default_rng(3)
WORK = workload(
    operation(sparse(random, 10, 8, 0.4), sparse(random, 8, 8, 0.7), "first"),
    operation(sparse(random, 6, 10, 0.4), sparse(random, 10, 8, 0.9), "second", ("first",)),
)
GATHER: Grid = {
    "fabric.units": (8,),
    "fabric.lanes": (2, 4),
    "fabric.token_groups": (1, 2),
    "fabric.replicas": (1, 2, 4, 8),
    "banks a unit of the cluster": (2,),
    "fabric.bank_kib": (0.03125, 0.25),
    "fabric.network.slices": ("auto", 1),
    "mapping.tokens_per_tile": ("auto", 1),
}
SYSTOLIC: Grid = {
    "fabric.rows": (4, 8),
    "fabric.cols": (4, 16),
    "fabric.dataflow": ("best", "os"),
    "fabric.x_buffer_kib": (64.0,),
    "fabric.w_buffer_kib": (8.0,),
    "fabric.y_buffer_kib": (4.0,),
}
KEPT = ("fabric.token_groups", "fabric.bank_kib", "fabric.network.slices")
KINDS = ("crossbar", "hybrid", "replication", "partition", "systolic")


def _problem(name: str, objective: Objective, limits: Limits, budget: int | None = None) -> Problem:
    machine = load_machine(name)
    return Problem(machine, objective, limits, TECHNOLOGY, Floor(WORK), budget)


def _grid(name: str) -> Grid:
    return SYSTOLIC if name == "systolic" else GATHER


def _found(name: str, objective: Objective, limits: Limits, budget: int | None = None, run: InTurn | None = None) -> Found | None:
    return best_design(_problem(name, objective, limits, budget), _grid(name), run or InTurn(WORK))


def _every_run(machine: Machine, grid: Grid) -> list[Result]:
    """All designs of the grid that are legal and hold the workload."""
    runs = []
    for family in families(machine, grid):
        for keys in family.members:
            design = rebuilt(machine, {**family.keys, **keys})
            try:
                runs += [] if design is None else [simulate(design, WORK)]
            except (ConfigError, MappingError):
                continue
    return runs


@pytest.mark.parametrize("name", KINDS)
def test_it_finds_what_simulating_everything_finds(name: str) -> None:
    runs = _every_run(load_machine(name), _grid(name))
    areas = sorted(run.fabric_area_mm2 for run in runs)
    powers = sorted(run.fabric_power_w for run in runs)
    middle = sorted(run.seconds for run in runs)[len(runs) // 2]
    runner = InTurn(WORK)  # what it remembers of one question serves the next
    questions: list[tuple[Objective, Limits]] = [
        *[(objective, Limits(area_mm2=areas[len(areas) // 2])) for objective in ("time", "energy", "edap")],  # type: ignore[misc]
        ("time", Limits(power_w=powers[len(powers) // 2])),
        ("area", Limits(seconds=middle)),
    ]
    for objective, limits in questions:
        allowed = [
            run
            for run in runs
            if (limits.area_mm2 is None or run.fabric_area_mm2 <= limits.area_mm2)
            and (limits.power_w is None or run.fabric_power_w <= limits.power_w)
            and (limits.seconds is None or run.seconds <= limits.seconds)
        ]
        found = _found(name, objective, limits, run=runner)
        assert found is not None
        assert value_of(found.result, objective) == min(value_of(run, objective) for run in allowed)
        assert design_of(found.machine) == name
        counts = found.counts
        assert counts.skipped == 0
        assert counts.illegal + counts.over_cap + counts.pruned + counts.given_up + counts.simulated == counts.designs
        assert counts.given_up + counts.simulated <= len(runs)


def test_bounds_save_simulations() -> None:
    found = _found("hybrid", "time", Limits())
    assert found is not None
    assert found.counts.simulated < 0.7 * found.counts.designs


def test_a_budget_is_kept_and_what_it_left_out_is_counted() -> None:
    found = _found("hybrid", "energy", Limits(), budget=1)
    assert found is not None
    assert found.counts.simulated + found.counts.given_up == 1
    assert found.counts.skipped > 0


def test_nothing_within_the_limits_is_nothing_found() -> None:
    assert _found("crossbar", "time", Limits(area_mm2=0.01)) is None


def test_what_is_seen_does_not_depend_on_how_many_run_at_once() -> None:
    class Backwards(InTurn):
        def bound(self, machines: Sequence[Machine], rival: Incumbent) -> list[float | MappingError]:
            return super().bound(machines[::-1], rival)[::-1]

        def attempt(self, machines: Sequence[Machine], rival: Incumbent) -> list[RunResult | None]:
            return super().attempt(machines[::-1], rival)[::-1]

    assert _found("crossbar", "time", Limits()) == _found("crossbar", "time", Limits(), run=Backwards(WORK))


@pytest.mark.parametrize("name", KINDS)
def test_the_grid_holds_the_kind_and_the_machine_itself(name: str) -> None:
    machine = load_machine(name)
    designs = [rebuilt(machine, {**family.keys, **family.members[0]}) for family in families(machine, grid_of(machine))]
    assert {design_of(design) for design in designs if design is not None} == {name}
    own = [
        family
        for family in families(machine, grid_of(machine))
        if all(getattr(machine.fabric, key.split(".")[1]) == value for key, value in family.keys.items())
    ]
    assert len(own) == 1


def test_the_best_is_within_the_cap_and_says_what_it_saw() -> None:
    slow = load_machine("replication", ["dram.share=0.01"])
    crossbar, sized = equalise(
        [load_machine("crossbar"), slow], "area", WORK, to="2.5mm2", best=True, objective="time", search="grid", budget=8, keep=KEPT
    )
    assert crossbar.kind == "crossbar"
    assert sized.kind == "replication"
    assert area_mm2(sized.machine, TECHNOLOGY) == pytest.approx(sized.achieved)
    assert sized.achieved <= 2.5
    assert sized.search is not None
    assert sized.search.simulated + sized.search.given_up <= 8
    assert sized.machine.dram == load_machine("crossbar").dram
    if sized.search.skipped:
        assert "cut short" in sized.notes[0]


@pytest.mark.parametrize(("name", "key"), [("crossbar", "fabric.lanes"), ("partition", "fabric.replicas"), ("systolic", "fabric.rows")])
def test_a_key_that_is_kept_has_one_value(name: str, key: str) -> None:
    machine = load_machine(name)
    free, kept = grid_of(machine), grid_of(machine, [key])
    assert len(free[key]) > 1
    assert kept == {**free, key: (getattr(machine.fabric, key.split(".")[1]),)}


def test_what_no_search_tries_cannot_be_kept() -> None:
    with pytest.raises(ConfigError, match=r"^--keep fabric\.lane: no search tries it; .*; nearest: fabric\.lanes$"):
        equalise([load_machine("crossbar")], "area", WORK, best=True, keep=["fabric.lane"])


def test_no_design_within_the_cap_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"crossbar: no design of its kind in the grid that holds the workload keeps to 0\.1 mm²"):
        equalise([load_machine("crossbar")], "area", WORK, to="0.1mm2", best=True, search="grid")
