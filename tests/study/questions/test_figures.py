"""Kinds of figures, on figures that can be checked by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydantic import ConfigDict

from simulator.errors import ConfigError
from simulator.specs.documents import validated
from simulator.specs.models import FileModel
from simulator.specs.parse import parse
from simulator.study.measured import load_reference
from simulator.study.questions.answer import filled, said
from simulator.study.questions.estimate import Estimate, computed, constant, on_what
from simulator.study.questions.evidence import ColumnOf, Evidence
from simulator.study.questions.figures import Figure, Found
from simulator.study.questions.spec import Saying
from simulator.study.sweep.expression import Expression
from simulator.study.sweep.study import Row


class OneFigure(FileModel):
    """A file of one figure."""

    model_config = ConfigDict(defer_build=True)
    figure: Figure


class FakeSeen:
    """A point whose energy is uncertain by a factor of 2 either way, and whose time is not."""

    def __init__(self, place: int, assignments: Mapping[str, Any], time: float, energy: float) -> None:
        self.sweep, self.row = "main", Row(place, str(place), assignments, {})
        self.variants = SimpleNamespace(factors=("constant",))
        self._values = {"time": time, "energy": np.array([energy, energy / 2, energy * 2])}

    def value(self, name: str) -> Any:
        return self._values[name]


def column(name: str, of: str) -> ColumnOf:
    return ColumnOf(name, Expression.parse(of), "pJ", name)


def evidence(points: list[FakeSeen]) -> Evidence:
    reference = load_reference("h200")
    columns = {name: column(name, of) for name, of in (("time", "time"), ("energy", "energy"), ("both", "energy * time"))}
    return Evidence(tuple(points), columns, {"h200": reference}, ("constant", *reference.factors))  # type: ignore[arg-type]


def grid(first: Callable[[float], float], second: Callable[[float], float]) -> list[FakeSeen]:
    """Two machines along a density."""
    densities = (1 / 64, 1 / 16, 1 / 4, 1.0)
    places = [(machine, density, of) for machine, of in (("a", first), ("b", second)) for density in densities]
    return [
        FakeSeen(place, {"machine": machine, "density": density}, of(density), 8.0) for place, (machine, density, of) in enumerate(places)
    ]


def found(text: str, known: Evidence, others: Mapping[str, Found] | None = None) -> Found:
    return validated(parse(f"figure: {text}", "study.yaml"), OneFigure).model.figure.found(known, others or {})


def test_a_value_has_the_band_of_its_factors() -> None:
    known = evidence(grid(lambda x: x, lambda x: 1.0))
    value = found("{kind: value, of: both, at: {machine: a, density: 0.25}}", known).estimate
    assert value is not None
    assert (value.nominal, value.band.low, value.band.high) == (2.0, 1.0, 4.0)


def test_what_two_figures_share_cancels_in_their_ratio() -> None:
    known = evidence(grid(lambda x: x, lambda x: 1.0))
    ratio = found("{kind: ratio, of: both, at: {machine: a, density: 0.25}, over: {at: {machine: b}}}", known).estimate
    assert ratio is not None
    assert ratio.nominal == 0.25
    assert not ratio.banded


def test_an_axis_that_is_open_needs_to_be_told_which_end() -> None:
    known = evidence(grid(lambda x: x, lambda x: 1.0))
    with pytest.raises(ConfigError, match="4 points at machine a; allowed: a value for each axis, or best: least"):
        found("{kind: value, of: time, at: {machine: a}}", known)
    least = found("{kind: value, of: time, at: {machine: [a, b]}, best: least}", known).estimate
    assert least is not None
    assert least.nominal == 1 / 64


def test_the_best_along_an_axis_names_what_is_level_with_it() -> None:
    known = evidence(grid(lambda x: x, lambda x: 1.02 * x))
    best = found("{kind: best_along, of: time, along: machine, at: {density: 1}}", known)
    assert best.estimate is not None
    assert best.estimate.nominal == pytest.approx(1.02)
    assert best.words == {"at": "a", "second": "b", "level": "a and b"}


def test_curves_cross_where_their_ratio_is_one() -> None:
    known = evidence(grid(lambda x: x, lambda x: 0.1 * math.sqrt(x)))
    curves = "first: {name: A, at: {machine: a}}, second: {name: B, at: {machine: b}}"
    crossing = found(f"{{kind: crossing, of: time, along: density, {curves}}}", known).words
    # x = 0.1 √x at x = 0.01, below the range
    assert (crossing["crosses"], crossing["throughout"]) == (False, "B")
    known = evidence(grid(lambda x: x, lambda x: 0.4 * math.sqrt(x)))
    crossing = found(f"{{kind: crossing, of: time, along: density, {curves}}}", known).words
    assert crossing["value"] == pytest.approx(0.16)
    assert (crossing["at"], crossing["below"], crossing["above"]) == ("1/6.25", "A", "B")


def test_an_exponent_is_the_slope_between_the_ends() -> None:
    known = evidence(grid(lambda x: 3 * x**1.5, lambda x: 1.0))
    slope = found("{kind: exponent, of: time, along: density, at: {machine: a}, best: least}", known).estimate
    assert slope is not None
    assert slope.nominal == pytest.approx(1.5)


def test_winners_are_counted_by_place() -> None:
    known = evidence(grid(lambda x: x, lambda x: 0.4 * math.sqrt(x)))
    words = found("{kind: winners, of: time, among: [machine], over: [density], names: {a: the first}}", known).words
    assert words["summary"] == "the first at 2 of 4; b at 2 of 4"
    assert (words["places"], words["alone"], words["shared"]) == (4, 4, 0)


def test_arithmetic_of_figures_keeps_what_they_share() -> None:
    double = Estimate(np.array([2.0, 1.0, 4.0]))
    result = computed(Expression.parse("a / b + 1"), {"a": double, "b": double}.__getitem__, factors=1)
    assert result.variants.tolist() == [2.0, 2.0, 2.0]
    with pytest.raises(ConfigError, match="no figure above this one; there are lead"):
        found("{kind: computed, of: led * 2}", evidence([]), {"lead": Found(constant(1, 0))})


def test_what_turns_a_ratio_is_what_takes_it_past_one_alone() -> None:
    ratio = Estimate(np.array([1.2, 0.9, 1.1, 1.2, 1.3]))
    assert on_what(ratio, ("weak", "still")) == (("weak",), ("weak", "still"))


def test_the_gpu_breaks_even_with_itself_where_its_products_say() -> None:
    def curve(kernel: str) -> str:
        return f"{{name: {kernel}, measured: {{reference: h200, kernel: {kernel}, shape: [16384, 4096, 256], quantity: seconds}}}}"

    words = found(f"{{kind: crossing, of: time, along: density, first: {curve('rows-csr')}, second: {curve('dense')}}}", evidence([])).words
    # 58.7 µs dense; rows take 58.2 µs at 1/64 and 112 µs at 1/32
    assert 1 / 64 < words["value"] < 1 / 63
    assert words["below"] == "rows-csr"


def test_a_measured_figure_is_known_as_well_as_it_repeats() -> None:
    text = "{kind: measured, reference: h200, kernel: rows-csr, shape: [4096, 1024, 256], density: 0.015625, quantity: joules}"
    joules = found(text, evidence([])).estimate
    assert joules is not None
    assert joules.nominal == pytest.approx(0.0032844)
    assert (joules.band.low, joules.band.high) == pytest.approx((0.9 * 0.0032844, 1.1 * 0.0032844))


def test_of_several_sentences_the_first_that_holds_is_said() -> None:
    figures = {"lead": Found(Estimate(np.array([2.0, 1.5, 3.0]))), "who": Found(None, {"at": "crossbar"})}
    group = [Saying(when="lead.low > 2", say="sure"), Saying(when="lead > 1", say="{who.at} leads by {lead:x}, {lead:n}"), Saying(say="no")]
    assert said([group], figures) == ("crossbar leads by 2.00× (1.50 to 3.00), 2.00",)
    assert filled("{share:%}", {"share": Found(constant(0.123, 1))}) == "12.3 %"
