"""Every kind of picture can be read, with names as long as names may be: no text on another, none cut, no axes pressed to nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
from matplotlib.figure import Figure
from report.legible import faults
from sample_results import FABRICS, GATHER_AREAS, sample_result

from simulator.network import NetworkSpec, draw
from simulator.network.traffic import TrafficPoint
from simulator.report.pictures import PICTURES, in_style
from simulator.report.plots import FIGURES
from simulator.report.plots.fitting import briefs
from simulator.report.plots.networks import load_latency_figure, topology_figure
from simulator.report.plots.style import finish
from simulator.report.plots.tornado import tornado_figure
from simulator.result import Result
from simulator.study.breakeven.answer import BreakEven, Curve, MeasuredLine
from simulator.study.breakeven.crossings import Crossing, CrossingBand
from simulator.study.breakeven.plots import Entry, break_even_figure, break_evens_figure
from simulator.study.load_latency import NetworkCurve
from simulator.study.questions.estimate import Estimate
from simulator.study.questions.picture import picture
from simulator.study.questions.spec import PictureSpec
from simulator.study.sweep.plots import FIGURES as SWEEP_FIGURES
from simulator.study.sweep.study import Row
from simulator.study.uncertainty import Factor

Make = Callable[[], Figure | None]
LONG = tuple(f"{name}-with-a-name-that-goes-on-and-on-and-on-until-it-has-many"[:60] for name in FABRICS)
VALUES = tuple(2.0**-step for step in range(8, -1, -1))


def _called(like: str, name: str) -> Result:
    found = sample_result(like)
    machine = found.machine.model_copy(update={"name": name})
    return replace(found, elaborated=msgspec.structs.replace(found.elaborated, machine=machine))


def _results(kind: str) -> Make:
    return lambda: FIGURES[kind]([_called(like, name) for like, name in zip(FABRICS, LONG, strict=True)])


def _twelve(kind: str) -> Make:
    return lambda: FIGURES[kind]([_called(tuple(FABRICS)[place % 5], f"{place}-{LONG[place % 5]}"[:60]) for place in range(12)])


def _break_even() -> Figure | None:
    """Three panels, two crossings close together, a measured device."""
    crossings = tuple(Crossing(at, 1.01 * at, "first", "second", at) for at in (0.02, 0.022))
    bands = tuple(CrossingBand(at / 2, None, "flop_fj_per_bit", 0.2, 0.3) for at in (0.02, 0.022))
    device = MeasuredLine("NVIDIA H200: a warp a row, X gathered from L2 through the chip's crossbar", (VALUES[2], 1.0), (2e7, 9e7))
    first, second = tuple(3e7 * value for value in VALUES), tuple(1e6 * (1 + value) for value in VALUES)
    curves = tuple(
        Curve(metric, VALUES, first, second, crossings, first, tuple(2 * each for each in first), bands, measured=(device,))
        for metric in ("edap_js_mm2", "energy_pj", "seconds")
    )
    return break_even_figure(BreakEven("workload.density", (LONG[0], LONG[4]), LONG[1], True, curves, {}))


def _break_evens() -> Figure:
    return break_evens_figure(
        [
            Entry(load, first, second, "workload.density", metric, first, second, 0.02, 0.01, None, "", 0.001, 1.0, True)
            for load in ("tinygpt", LONG[2])
            for first in LONG[:3]
            for second in LONG[3:]
            for metric in ("edap_js_mm2", "energy_pj", "seconds")
        ]
    )


def _tornado() -> Figure:
    known = [SimpleNamespace(factor=Factor(f"constant_{n}", "fJ/bit", 1, 0.5, 2, "", ""), at_low=1.1, at_high=1.8) for n in range(12)]
    ratio = SimpleNamespace(nominal=1.4, combined=SimpleNamespace(low=0.8, high=3.0))
    pair = SimpleNamespace(first=LONG[0], second=LONG[4], metric="energy_pj", ratio=ratio, influences=known)
    return tornado_figure([pair, pair])  # type: ignore[list-item]


def _load_latency() -> Figure:
    points = tuple(TrafficPoint(load, 0.2, 2_300.0 + 100 * load, 1.0) for load in (0.9, 0.95, 1.0))
    return load_latency_figure(NetworkCurve(LONG[0], "uniform", NetworkSpec(sources=32, sinks=32), 1000, points, 0.2, {"sinks": 0.205}))


def _sweep(kind: str) -> Make:
    rows = []
    for place, (machine, window) in enumerate((machine, window) for machine in LONG for window in (1, 2, 4)):
        record: dict[str, Any] = dict.fromkeys(("seconds", "energy_pj"), (1 + place) * 10.0 ** (place % 3))
        record |= {"area_mm2": 2.0 + place, "fabric_area_mm2": 2.0 + place}
        record |= {f"{name}_by_component": {part: area * record[name] for part, area in GATHER_AREAS.items()} for name in record}
        rows.append(Row(place, "", {"machine": machine, "fabric.window": window}, record))
    study = SimpleNamespace(rows=rows, spec=SimpleNamespace(name=LONG[3], objectives={"seconds": "min", "energy_pj": "min"}))
    return lambda: SWEEP_FIGURES[kind](study)  # type: ignore[arg-type]


class _Evidence:
    """Two columns, another figure for each machine."""

    columns = {name: SimpleNamespace(label="energy × time × area of a useful MAC", unit="pJ ns mm²") for name in ("one", "two", "three")}  # noqa: RUF012

    def __init__(self, xs: Sequence[Any]) -> None:
        self._points = [{"x": x, "machine": machine} for x in xs for machine in LONG]

    def points(self, sweep: str | None, at: Any) -> list[Any]:
        return [SimpleNamespace(row=SimpleNamespace(assignments=assignments)) for assignments in self._points]

    def best(self, own: list[Any], column: str, which: str) -> Any:
        return own[0]

    def estimate(self, point: Any, column: str) -> Estimate:
        value = 1.0 + LONG.index(point.row.assignments["machine"])
        return Estimate(np.array([value, value / 2, value * 2]))


def _study(form: str, xs: Sequence[Any], **more: Any) -> Make:
    keys = {"x": "x", "lines": ("machine",), "panels": ("one", "two"), "title": f"{' '.join(LONG[:2])}, at one area", **more}
    spec = PictureSpec(form=form, **keys)  # type: ignore[arg-type]
    return lambda: picture(spec, _Evidence(xs))  # type: ignore[arg-type]


KINDS: dict[str, Make] = {
    **{name: _results(name) for name in PICTURES},
    "breakeven": _break_even,
    "breakevens": _break_evens,
    "tornado": _tornado,
    "load_latency": _load_latency,
    "topology": lambda: topology_figure(draw("mesh", 4, 4, 2), f"{LONG[0]}, reply network"),
    **{f"sweep-{name}": _sweep(name) for name in SWEEP_FIGURES},
    "study-lines": _study("lines", VALUES),
    "study-bars": _study("bars", LONG[:2]),
    "study-three": _study("lines", VALUES, panels=("one", "two", "three")),
    "study-stacked": _study("bars", LONG[:2], panels=("one", "two", "three"), stacked=True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_on_a_screen(kind: str) -> None:
    _check(KINDS[kind])


@pytest.mark.parametrize("kind", ["energy", "tradeoff", "bandwidth", "breakeven", "load_latency", "sweep-pareto", "study-lines"])
def test_in_a_column(kind: str) -> None:
    with in_style("column"):
        _check(KINDS[kind])


@pytest.mark.parametrize("kind", ["energy", "bandwidth"])
def test_a_dozen_machines(kind: str) -> None:
    _check(_twelve(kind))


def _check(make: Make) -> None:
    figure = make()
    assert figure is not None
    finish(figure)
    assert faults(figure) == []


@pytest.mark.parametrize("kind", ["study-lines", "study-bars", "breakeven", "breakevens", "load_latency", "sweep-pareto"])
def test_what_has_colours_says_whose_they_are(kind: str) -> None:
    figure = KINDS[kind]()
    assert figure is not None
    assert len(figure.legends[0].get_texts()) > 1


def test_what_stands_on_a_page_can_be_read_there() -> None:
    """As wide as three panels may be: a page of seven inches leaves letters of ten points nearly six."""
    assert all(figure.get_figwidth() <= 12.5 for figure in (make() for name, make in KINDS.items() if name.startswith("study")) if figure)


def test_names_are_cut_in_the_middle_and_stay_apart() -> None:
    short = briefs(LONG)
    assert len(set(short.values())) == len(LONG)
    assert all(len(name) <= 30 for name in short.values())
    same = briefs([f"{'a' * 40}{place}{'b' * 40}" for place in range(3)])
    assert [name[-2:] for name in same.values()] == ["0…", "1…", "2…"], "by what stands before an end that all have"
    never = [f"{'a' * 40}{place}{'b' * 40}{end}" for place in range(3) for end in "xy"]
    assert briefs(never) == {name: name for name in never}, "whole where no end tells them apart"
    alike = ["x" * 40, "x" * 45]
    assert briefs(alike) == {name: name for name in alike}, "nor a name that is the end of another lost"
