"""Machines of a sweep that are scaled to one area."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from study.sweep.conftest import Run

from simulator import load_machine
from simulator.errors import ConfigError
from simulator.study.breakeven.breakeven import Question, find_break_even
from simulator.study.breakeven.crossings import Scale
from simulator.study.sizing.scale import own_area_mm2, within_area
from simulator.study.sweep.point import Point
from simulator.study.sweep.reading import load_sweep
from simulator.study.sweep.run import Options
from simulator.study.sweep.store import Store
from simulator.study.sweep.study import Study, rows_csv

AXES = "axes={machine: [small.yaml, array.yaml], workload.density: [0.1, 0.5]}"
BARE = (AXES, "machine=null")


def test_every_machine_has_at_most_the_area_of_the_first(sweep: Run) -> None:
    run = sweep("sweep.yaml", *BARE, "equal=area")
    small, array = load_machine("small.yaml"), load_machine("array.yaml")
    target = own_area_mm2(small)
    sized = within_area(array, target, small)
    for row in run.rows:
        if row.assignments["machine"] == "small.yaml":
            assert (row.sizes, row.metric("fabric_area_mm2")) == ({}, pytest.approx(target))
        else:
            assert row.metric("fabric_area_mm2") == pytest.approx(sized.achieved)
            assert row.metric("fabric_area_mm2") <= target < (sized.next_size or 0.0)
            assert row.sizes["fabric.rows"] == sized.machine.fabric.rows != array.fabric.rows


def test_the_target_has_what_set_gives_all_machines(sweep: Run) -> None:
    run = sweep("sweep.yaml", *BARE, "equal=area", "set={technology: 28nm}")
    target = own_area_mm2(load_machine("small.yaml", ["technology=28nm"]))
    assert target > 2 * own_area_mm2(load_machine("small.yaml"))
    for row in run.rows:
        assert 0.5 * target < row.metric("fabric_area_mm2") <= target * (1 + 1e-12)


def test_a_break_even_of_machines_of_one_area(place: Path) -> None:
    scale = Scale(0.1, 0.5, logarithmic=True)
    question = Question("workload.density", ("small.yaml", "array.yaml"), "tiny.yaml", ("fabric_area_mm2",), scale, 2, 0.5, equal_area=True)
    with Store(place / "store.sqlite") as store:
        answer = find_break_even(question, store, Options())
    (curve,) = answer.curves
    assert answer.equal_area
    target = own_area_mm2(load_machine("small.yaml"))
    assert curve.first == (pytest.approx(target),) * 2
    assert curve.second == (pytest.approx(within_area(load_machine("array.yaml"), target, load_machine("small.yaml")).achieved),) * 2


def test_scaling_leaves_what_an_axis_has_set(sweep: Run) -> None:
    points = sweep("sweep.yaml", "axes={fabric.window: [1, 2], fabric.replicas: [2, 4]}", "equal={area: 0.3}").points.values()
    assert {point.elaborated.machine.fabric.window for point in points} == {1, 2}
    for point in points:
        assert own_area_mm2(point.elaborated.machine) <= 0.3


def test_a_target_may_be_a_number(sweep: Run) -> None:
    target = 1.5 * own_area_mm2(load_machine("small.yaml"))
    run = sweep("sweep.yaml", *BARE, f"equal={{area: {target}}}")
    gather = within_area(load_machine("small.yaml"), target).machine
    for row in run.rows:
        sized = within_area(load_machine(str(row.assignments["machine"])), target, gather)
        assert row.metric("fabric_area_mm2") == pytest.approx(sized.achieved)
    # the array has the SRAM of the gather machine as that was scaled
    array = next(point for point in run.points.values() if point.elaborated.machine.name == "array").elaborated.machine
    assert array.model_dump()["fabric"]["y_buffer_kib"] == gather.fabric.units * gather.fabric.output_bank_kib


def test_sizes_are_kept_with_the_rows(sweep: Run) -> None:
    study = sweep("sweep.yaml", *BARE, "equal=area")
    assert Study.from_dict(json.loads(json.dumps(study.to_dict()))).rows == study.rows
    rows = list(csv.DictReader(io.StringIO(rows_csv(study.rows))))
    assert [row["scaled.fabric.rows"] for row in rows] == [str(row.sizes.get("fabric.rows", "")) for row in study.rows]
    assert "scaled.fabric.rows" not in next(csv.reader(io.StringIO(rows_csv(sweep().rows))))


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("equal=power", 'equal: found "power"; allowed: area'),
        ("equal={area: 0}", "a number above 0"),
        ("equal={area: smal.yaml}", "smal.yaml: no such file"),
        ("equal={area: 1e-6}", "too small for a crossbar"),
    ],
)
def test_mistakes_of_equal_are_named(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_sweep("sweep.yaml", [override])


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("override", ["axes={fabric.units: [4, 8]}", "set={fabric.units: 8}"])
def test_what_scaling_settles_is_no_axis(override: str) -> None:
    with pytest.raises(ConfigError, match=r"fabric\.units: settled by equal"):
        load_sweep("sweep.yaml", [override, "equal=area"])


@pytest.mark.usefixtures("place")
def test_a_target_cannot_follow_from_a_workload_that_is_an_axis() -> None:
    derived = "set={fabric.accumulators: '${workload.operations.0.shape.n}'}"
    with pytest.raises(ConfigError, match=r"accumulators.*: the workload is an axis; what equal scales machines to is found without axes"):
        load_sweep("sweep.yaml", ["workload=null", "axes={workload: [tiny.yaml]}", "equal=area", derived])
    load_sweep("sweep.yaml", ["equal=area", derived])


def _patterns(*overrides: str) -> list[Any]:
    space = load_sweep("sweep.yaml", ["axes={workload.operations.0.weight.pattern: [uniform, per_row]}", *overrides])
    return [space.resolve(at) for at in space.coordinates()]


@pytest.mark.usefixtures("place")
def test_a_pattern_takes_the_place_of_another_with_its_keys(place: Path) -> None:
    workload = place / "tiny.yaml"
    workload.write_text(workload.read_text(encoding="utf-8").replace("density: 0.2", "density: 0.2, seed: 7"), encoding="utf-8")
    when = "when: workload.operations.0.weight.pattern =="
    count = f"workload.operations.0.weight.count: {{value: 3, {when} 'per_row'}}"
    density = f"workload.operations.0.weight.density: {{value: 0.5, {when} 'uniform'}}"
    uniform, per_row = _patterns(f"set={{{count}, {density}}}")
    assert isinstance(uniform, Point)
    assert isinstance(per_row, Point)
    assert uniform.recipe.make().operations[0].weight.nnz == 128
    assert per_row.recipe.make().operations[0].weight.nnz == 16 * 3
    assert {point.recipe.document.model.operations[0].weight.seed for point in (uniform, per_row)} == {7}


@pytest.mark.usefixtures("place")
def test_a_key_that_no_pattern_of_the_axis_has_is_named() -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        _patterns("set={workload.operations.0.weight.bankz: 4}")
    # without its own keys a pattern is no workload, and says so
    assert "count" in _patterns()[1].reason
