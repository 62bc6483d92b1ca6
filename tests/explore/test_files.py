"""Sweep files mean what their writer thinks, and every mistake in one is named with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import ConfigError
from simulator.explore.expression import Expression
from simulator.explore.load import load_sweep
from simulator.explore.point import Invalid, Point
from simulator.explore.spec import AxisSpec


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("fabric.units / 4", 16.0),
        ("fabric.units // 5 * 2 + 1", 25),
        ("max(fabric.units, 8) if fabric.kind == 'gather' else 0", 64),
        ("not (fabric.units < 1e-3) and fabric.units in [32, 64]", True),
        ("log2(fabric.units) - round(1.4)", 5.0),
        ("workload.operations.0.weight.density < 0.5 < 1", True),
    ],
)
def test_expressions(text: str, value: Any) -> None:
    names = {"fabric.units": 64, "fabric.kind": "gather", "workload.operations.0.weight.density": 0.1}
    assert Expression.parse(text).value(names.__getitem__) == value


@pytest.mark.parametrize(
    "text", ["", "1 +", "__import__('os')", "fabric.units ** 9", "[x for x in 'ab']", "open('f')", "a; b", "lambda: 1", "f'{a}'"]
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="found"):
        Expression.parse(text)


@given(st.text(alphabet="abc.019 +-*/()<>=[],'\"", max_size=30))
def test_no_text_makes_an_expression_fail_in_any_other_way(text: str) -> None:
    try:
        Expression.parse(text).value(lambda name: 3)
    except ConfigError:
        return


def test_ranges() -> None:
    assert AxisSpec(logspace=(1, 64), count=7, integer=True).expanded() == (1, 2, 4, 8, 16, 32, 64)
    assert AxisSpec(linspace=(0, 1), count=3).expanded() == (0.0, 0.5, 1.0)
    assert AxisSpec(linspace=(1, 3), count=9, integer=True).expanded() == (1, 2, 3)


def _points(*overrides: str) -> list[Any]:
    space = load_sweep("sweep.yaml", overrides)
    return [point for place in space.places() if (point := space.resolve(place)) is not None]


@pytest.mark.usefixtures("place")
def test_derived_keys_conditions_and_groups() -> None:
    points = _points(
        "axes={machine: [small.yaml, array.yaml], fabric.window: {values: [2, 4], when: fabric.kind == 'gather'}}",
        "zip=[{workload.operations.0.shape.m: [8, 32], workload.operations.0.shape.k: [16, 64]}]",
        "machine=null",
        "set={fabric.accumulators: {value: '${fabric.window * 2}', when: fabric.kind == 'gather'}}",
        "where=['workload.operations.0.shape.m < 32 or fabric.kind == \"systolic\"']",
    )
    assert all(isinstance(point, Point) for point in points)
    # both windows are the same point on a systolic array, but two places
    assert [tuple(point.assignments.values()) for point in points] == [
        ("small.yaml", 2, 8, 16), ("small.yaml", 4, 8, 16), *2 * [("array.yaml", 8, 16), ("array.yaml", 32, 64)],
    ]  # fmt: skip
    assert [point.elaborated.machine.gather.accumulators for point in points[:2]] == [4, 8]


@pytest.mark.usefixtures("place")
def test_a_density_reaches_every_random_weight_in_place_of_its_nnz(place: Path) -> None:
    workload = place / "tiny.yaml"
    workload.write_text(workload.read_text(encoding="utf-8").replace("density: 0.2", "nnz: 7"), encoding="utf-8")
    (point,) = _points("axes={workload.density: [0.5]}")
    assert point.recipe.make().operations[0].weight.nnz == 128


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("axes={fabric.replcas: [1]}", "unknown key; allowed in fabric: .*; nearest: replicas"),
        ("axes={workload.operations.0.shape.q: [1]}", "unknown key; allowed in workload.operations.0.shape: batch, m, k, n"),
        ("axes={fabric.replicas: []}", "found an empty list; allowed: .*a list of 1 to 10000"),
        ("axes={fabric.replicas: [1, 1]}", "found 1 twice"),
        ("axes={fabric.window: {logspace: [1, 4]}}", "count: belongs beside"),
        ("axes={fabric.window: {logspace: [0, 4], count: 3}}", "numbers above 0"),
        ("zip=[{fabric.units: [1, 2], fabric.lanes: [1]}]", "fabric.units has 2, fabric.lanes has 1"),
        ("set={fabric.banks: '${fabric.units +}'}", "no expression"),
        ("where=['fabric.unitz > 1']", "nearest: units"),
        ("constraints=['area_mm < 1']", "nearest: "),
        ("objectives={second: min}", "unknown metric; .*; nearest: seconds"),
        ("objectives={seconds: least}", "min, max"),
        ("search={method: gird}", "nearest: grid"),
        ("search={method: random}", "needs a number of points"),
        ("search={points: 5}", "grid runs all combinations"),
        ("machine=smal.yaml", "no such file.*small.yaml"),
        ("set={fabric.window: 2}", "fabric.window is given twice"),
        ("set={machine: small.yaml}", "set: machine: allowed as base"),
    ],
)
def test_mistakes_are_named(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_sweep("sweep.yaml", [override])


@pytest.mark.usefixtures("place")
def test_an_invalid_value_says_the_line_of_the_sweep_file(place: Path) -> None:
    sweep = place / "sweep.yaml"
    sweep.write_text(sweep.read_text(encoding="utf-8").replace("window: [1, 2, 4]", "window: [1, 2.5]"), encoding="utf-8")
    reasons = [point.reason for point in _points() if isinstance(point, Invalid)]
    assert reasons[0].startswith("sweep.yaml:6: fabric.window: found 2.5; allowed: an integer from 1")
