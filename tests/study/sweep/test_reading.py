"""Sweep files mean what their writer thinks, and every mistake in one is named with its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import ConfigError
from simulator.study.sweep.expression import Expression
from simulator.study.sweep.point import Invalid, Point
from simulator.study.sweep.reading import load_sweep
from simulator.study.sweep.spec import AxisSpec


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


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("'a' * 1000000000000 == 'b'", r'found "a" beside \*, which is for numbers'),
        ("[1] * 1000000000000 == 1", r"found a list beside \*"),
        ("'%1000000000d' % 1 == 'b'", "beside %"),
        ("round(7, -1000000000) > 1", "allowed: at most 300"),
        ("1/0 > 2", "division by zero"),
        ("fabric.units / (1 - 1) > 2", "division by zero"),
        ("fabric.units > 1 and 'a' < 1", "not supported between"),
    ],
)
def test_a_part_without_a_value_is_refused_at_once_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"^file:3: {re.escape(text)}: cannot be computed: .*{reason}"):
        Expression.parse(text, "file:3")


def test_text_that_is_looked_up_is_multiplied_by_nothing() -> None:
    condition = Expression.parse("fabric.kind * fabric.units == 'a'", "file:3")
    with pytest.raises(ConfigError, match=r"^file:3: .* cannot be computed: found \"gather\" beside \*"):
        condition.holds({"fabric.kind": "gather", "fabric.units": 10**12}.__getitem__)


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
    return [point for place in space.coordinates() if (point := space.resolve(place)) is not None]


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
    assert [point.elaborated.machine.fabric.accumulators for point in points[:2]] == [4, 8]


_WIDE = "fabric.accumulators: {values: [1, 2], when: fabric.window > 20}"
_WINDOW = "fabric.window: {values: [30], when: fabric.units > 1}"


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("axes", [f"{_WIDE}, {_WINDOW}", f"{_WINDOW}, {_WIDE}"])
def test_conditions_do_not_depend_on_the_order_of_axes(axes: str) -> None:
    points = _points(f"axes={{{axes}}}")
    assert [(point.assignments["fabric.window"], point.assignments["fabric.accumulators"]) for point in points] == [(30, 1), (30, 2)]


@pytest.mark.usefixtures("place")
def test_conditions_wait_for_a_key_however_it_is_spelled() -> None:
    window = "fabric.window: {values: [30], when: workload.operations.0.weight.density > 0.5}"
    density = "workload.density: {values: [0.9], when: fabric.units > 1}"
    (point,) = _points(f"axes={{{window}, {density}}}")
    assert point.assignments == {"fabric.window": 30, "workload.density": 0.9}


@pytest.mark.usefixtures("place")
def test_conditions_in_a_circle_are_refused() -> None:
    window = "fabric.window: {values: [30], when: fabric.accumulators > 1}"
    with pytest.raises(ConfigError, match=r"when: conditions of axes that wait for each other: .*fabric\.window"):
        load_sweep("sweep.yaml", [f"axes={{{_WIDE}, {window}}}"])


@pytest.mark.usefixtures("place")
def test_a_condition_on_its_own_key_means_the_value_of_the_file() -> None:
    (point,) = _points("axes={fabric.units: {values: [8], when: fabric.units == 4}}")
    assert point.elaborated.machine.fabric.units == 8


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("axis", "bad"), [("fabric.lane_tree: [1, true]", 1), ("fabric.lane_tree: [true, 1]", 1), ("fabric.window: [1, true]", True)]
)
def test_one_and_true_are_two_values(axis: str, bad: object) -> None:
    for point in _points(f"axes={{{axis}}}"):
        (value,) = point.assignments.values()
        assert isinstance(point, Invalid) == (value is bad)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ("workload == 'tiny.yaml'", 9),
        ("machine == 'other.yaml'", 0),
        ("workload.density < 0.5", 9),
        ("workload.*.weight.density > 0.5", 0),
        ("workload.operations.0.shape.k == 16", 9),
    ],
)
def test_conditions_know_the_base_files_and_short_names(condition: str, left: int) -> None:
    points = _points(f'where=["{condition}"]')
    assert [type(point) for point in points] == [Point] * left


@pytest.mark.usefixtures("place")
def test_a_key_has_the_value_of_an_axis_that_spells_it_otherwise() -> None:
    points = _points("axes={workload.density: [0.1, 0.5]}", "where=[workload.operations.0.weight.density > 0.3]")
    assert [point.assignments["workload.density"] for point in points] == [0.5]


@pytest.mark.usefixtures("place")
def test_a_short_name_of_different_values_has_none(place: Path) -> None:
    other = (
        "  - {name: more, kind: SpMM, shape: {m: 8, k: 8, n: 8}, weight: {pattern: uniform, density: 0.5}, activation: {pattern: dense}}"
    )
    with (place / "tiny.yaml").open("a", encoding="utf-8") as file:
        file.write(f"{other}\n")
    reasons = {point.reason for point in _points("where=[workload.density < 0.9]")}
    (reason,) = reasons
    assert reason.endswith("workload.density: in tiny.yaml not one value but 0.2, 0.5; name an operation")


@pytest.mark.usefixtures("place")
def test_what_fails_only_when_computed_fails_its_points_and_names_its_place() -> None:
    condition = "'1 / (fabric.window - 1) < 2'"
    for setting in (f"where=[{condition}]", f"set={{fabric.accumulators: {{value: 1, when: {condition}}}}}"):
        bad, good = _points("axes={fabric.window: [1, 2]}", setting)
        assert isinstance(good, Point)
        assert re.search(r"(where\.0|when): 1 / \(fabric\.window - 1\) < 2: cannot be computed: division by zero", bad.reason)
    bad, good = _points(f"axes={{fabric.window: [1, 2], fabric.accumulators: {{values: [1], when: {condition}}}}}")
    assert isinstance(good, Point)
    assert bad.assignments == {"fabric.window": 1, "fabric.accumulators": 1}
    assert "division by zero" in bad.reason


@pytest.mark.usefixtures("place")
def test_what_is_no_scalar_is_no_value_of_a_key() -> None:
    (point,) = _points("axes={fabric.window: [1]}", "set={fabric.accumulators: '${fabric.network}'}")
    assert point.reason.endswith("fabric.network: found a mapping; allowed: a number, text, true or false")


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
        ("axes={fabric.window: {linspace: [1, 4], count: 3}}", "fabric.window takes integers alone; allowed: integer: true"),
        ("axes={fabric.window: {linspace: [1, 4]}}", "needs count, how many values it has; allowed: count: an integer from 2"),
        ("where=['fabric.window = 4']", "no expression; allowed: .*; equal is written =="),
        ("axes={fabric.replcas: [1]}", "unknown key; allowed in fabric: .*; nearest: replicas"),
        ("axes={workload.operations.0.shape.q: [1]}", "unknown key; allowed in workload.operations.0.shape: batch, m, k, n"),
        ("axes={fabric.replicas: []}", "found an empty list; allowed: .*a list of 1 to 10000"),
        ("axes={fabric.replicas: [1, 1]}", "found 1 twice"),
        ("axes={fabric.window: {values: [1, 4], count: 2}}", "count: says how many values linspace and logspace have"),
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
        ("axes={fabric.window: {values: [1], when: fabric.unitz > 1}}", r"axes\.\"fabric\.window\"\.when: .*nearest: units"),
        ("axes={fabric.window: {values: [1], when: 1/0 > 1}}", r"axes\.\"fabric\.window\"\.when: 1/0 > 1: cannot be computed: division"),
        ("set={fabric.banks: '${fabric.unitz}'}", r"set\.\"fabric\.banks\": .*nearest: units"),
        ("set={fabric.banks: {value: 8, when: fabric.unitz > 1}}", r"when: .*nearest: units"),
        ("set={fabric.banks: '${[1, 2]}'}", r"set\.\"fabric\.banks\": \[1, 2\]: found a list; allowed: a number, text"),
        ("constraints=['fabric.units > 1000']", r"constraints\.0: fabric\.units: neither a metric nor an axis .* where"),
        ("constraints=['energy_pj / 0 < 5']", r"constraints\.0: energy_pj / 0 < 5: cannot be computed: division by zero"),
        ("constraints=[\"energy_pj < 'a'\"]", r"constraints\.0: energy_pj < 'a': cannot be computed: '<' not supported"),
        ("constraints=[\"fabric.window < 'a'\"]", r"constraints\.0: .*cannot be computed: '<' not supported"),
        ("zip=[{}]", r"zip\.0: a group without axes"),
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


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("set={fabric.accumulators: 4}", "constraints=[fabric.accumulators < 2]"), "neither a metric nor an axis"),
        (
            ("axes={fabric.window: {values: [2], when: fabric.units > 1}}", "constraints=[fabric.window < 2]"),
            "an axis that every point has",
        ),
        (("machine=null", "axes={machine: {values: [small.yaml], when: 2 > 1}}"), "without a machine there is no point"),
    ],
)
def test_mistakes_of_two_keys_are_named(settings: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_sweep("sweep.yaml", settings)


def test_a_file_that_a_group_names_is_missed_where_the_group_stands(place: Path) -> None:
    text = (
        "name: n\nworkload: tiny.yaml\naxes: {fabric.window: [1]}\nzip:\n  - fabric.banks: [4, 8]\n    machine: [small.yaml, smal.yaml]\n"
    )
    (place / "zipped.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"^zipped\.yaml:6: zip\.0\.machine: .*nearest: small\.yaml"):
        load_sweep("zipped.yaml")
