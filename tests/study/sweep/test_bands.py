"""Bands in sweeps and break-evens: against the uncertainty of single results, and by hand."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from study.sweep.cases import write_files
from study.sweep.conftest import Run

from simulator import load_machine, load_workload, simulate
from simulator.errors import OutputError
from simulator.study.breakeven.answer import BreakEven
from simulator.study.breakeven.breakeven import Question, find_break_even
from simulator.study.breakeven.crossings import Crossing, Scale, crossing_band
from simulator.study.breakeven.plots import break_even_figure
from simulator.study.sweep.analysis import assess_points
from simulator.study.sweep.fronts import pareto_figure
from simulator.study.sweep.plots import energy_along_figure
from simulator.study.sweep.reading import load_sweep
from simulator.study.sweep.run import Event, Finished, Options, Planned, SweepRun, run_sweep
from simulator.study.sweep.spec import SweepSpec
from simulator.study.sweep.store import Store
from simulator.study.sweep.study import Study, over_the_bands, rows_csv
from simulator.study.uncertainty import METRICS, Spread, assess


@pytest.fixture(scope="module")
def banded(tmp_path_factory: pytest.TempPathFactory) -> SweepRun:
    """The sweep of these files with bands, once for all that ask."""
    place = tmp_path_factory.mktemp("banded")
    write_files(place)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        with Store(place / "store.sqlite") as store:
            return run_sweep(load_sweep("sweep.yaml", ["bands=true"]), store, Options())


@pytest.mark.usefixtures("place")
def test_bands_of_a_point_are_those_of_its_result(banded: SweepRun) -> None:
    row = next(row for row in banded.rows if row.assignments == {"fabric.window": 2, "fabric.replicas": 4})
    result = simulate(load_machine("small.yaml", ["fabric.window=2", "fabric.replicas=4"]), load_workload("tiny.yaml"))
    known = assess([result])
    for metric in METRICS:
        band = known.spread("small", metric).combined
        assert row.band(metric) == (band.low, band.high)
        assert band.low < row.metric(metric) < band.high
    assert row.band("seconds") is None


def test_bands_simulate_nothing_again(sweep: Run) -> None:
    axes = "axes={fabric.window: [1, 4], fabric.replicas: [1, 2]}"
    plain = sweep("sweep.yaml", axes)
    assert plain.computed == 4
    with Store(Path("store.sqlite")) as store:
        timed = len(store.activities(point.timing_key for point in plain.points.values()))
    banded = sweep("sweep.yaml", axes, "bands=true")
    assert banded.computed == 4
    with Store(Path("store.sqlite")) as store:
        assert len(store.activities(point.timing_key for point in banded.points.values())) == timed
    assert [row.metric("energy_pj") for row in banded.rows] == [row.metric("energy_pj") for row in plain.rows]
    assert all(row.band("energy_pj") is None for row in plain.rows)
    assert sweep("sweep.yaml", axes, "bands=true").computed == 0


def test_a_store_that_is_pruned_meanwhile_is_said_in_a_sentence_and_mended_by_running_again(place: Path) -> None:
    space = load_sweep("sweep.yaml", ["bands=true", "axes={fabric.window: [1, 4]}"])
    with Store(place / "store.sqlite") as store, Store(place / "store.sqlite") as other:
        with pytest.raises(OutputError, match=r"store\.sqlite: was pruned while this ran; run it again"):
            run_sweep(space, store, Options(), lambda event: other.remove([sweep.id for sweep in other.sweeps()]))
        assert run_sweep(space, store, Options()).robustness


def test_a_break_even_whose_points_are_pruned_meanwhile_says_so(place: Path) -> None:
    question = Question(
        "workload.density", ("small.yaml", "array.yaml"), "tiny.yaml", ("energy_pj",), Scale(0.1, 1.0, logarithmic=True), 3, 0.5
    )
    with Store(place / "store.sqlite") as store, Store(place / "store.sqlite") as other:
        with pytest.raises(OutputError, match="was pruned while this ran"):
            find_break_even(question, store, Options(), lambda event: other.remove([]))
        assert find_break_even(question, store, Options()).curves[0].values


def test_standings_price_both_points_with_the_same_constants(banded: SweepRun) -> None:
    energies = [held for held in banded.robustness if held.objective == "energy_pj"]
    assert energies
    assert not [held for held in banded.robustness if held.objective == "seconds"]
    rows = {row.label: row for row in banded.rows}
    for held in energies:
        best, rival = rows[held.best].metric("energy_pj"), rows[held.rival].metric("energy_pj")
        assert held.ratio == pytest.approx(rival / best)
        assert held.low <= held.ratio <= held.high
        assert held.robust == (held.turns_on == "")
        # two machines that share nearly everything: the ratio is known far better than either figure
        low, high = rows[held.best].band("energy_pj") or (0.0, 0.0)
        assert held.high / held.low < high / low


def test_the_first_rival_is_the_runner_up(banded: SweepRun) -> None:
    own = [held for held in banded.robustness if held.objective == "energy_pj"]
    best, *behind = sorted(banded.rows, key=lambda row: row.metric("energy_pj"))
    assert (own[0].best, own[0].rival) == (best.label, behind[0].label)
    assert [held.ratio for held in own] == sorted(held.ratio for held in own)
    # and the best at each other value of the first axis is among them
    for window in {1, 2, 4} - {best.assignments["fabric.window"]}:
        assert next(row.label for row in behind if row.assignments["fabric.window"] == window) in {held.rival for held in own}


def test_points_whose_labels_read_the_same_are_told_apart(sweep: Run) -> None:
    run = sweep("sweep.yaml", "bands=true", "axes={technology_overrides.supply_voltage_v: [0.75, 0.75001, 0.75002]}")
    energies = [row.metric("energy_pj") for row in run.rows]
    assert len({row.label for row in run.rows}) < len(run.rows)
    ratios = [held.ratio for held in run.robustness if held.objective == "energy_pj"]
    assert ratios == pytest.approx([energies[1] / energies[0], energies[2] / energies[0]], rel=1e-9)
    assert all(ratio > 1 for ratio in ratios)


def test_only_points_that_do_the_same_work_are_rivals(sweep: Run) -> None:
    run = sweep("sweep.yaml", "bands=true", "axes={workload.density: [0.1, 0.4], fabric.window: [1, 4]}")
    own = [held for held in run.robustness if held.objective == "energy_pj"]
    assert [held.workload for held in own] == ["density 0.1", "density 0.4"]
    for held in own:
        low, high = sorted(row.metric("energy_pj") for row in run.rows if row.label.startswith(held.workload))
        assert held.ratio == pytest.approx(high / low)
        assert {held.best, held.rival} == {"window 1", "window 4"}


def test_points_of_one_machine_share_its_prices(sweep: Run) -> None:
    run = sweep("sweep.yaml", "axes={workload.density: [0.1, 0.4]}")
    with Store(Path("store.sqlite")) as store:
        known = assess_points([run.points[row.key] for row in run.rows], ["a", "b"], store)
    assert known.runs[0].elaborated is known.runs[1].elaborated
    assert known.spread("a", "area_mm2").nominal == run.rows[0].metric("area_mm2")
    assert known.spread("b", "energy_pj").nominal == pytest.approx(run.rows[1].metric("energy_pj"))


def test_a_constraint_that_holds_only_at_the_values_of_the_constants(banded: SweepRun) -> None:
    row = banded.rows[0]
    low, high = row.band("area_mm2") or (0.0, 0.0)
    texts = [f"area_mm2 < {limit!r}" for limit in (low / 2, (row.metric("area_mm2") + high) / 2, high * 2)]
    spec = SweepSpec(name="a", machine="m", workload="w", axes={"fabric.window": (1,)}, constraints=tuple(texts))
    assert over_the_bands(spec, row) == tuple(texts[:2])


def test_a_study_with_bands_is_read_back_drawn_and_exported(banded: SweepRun) -> None:
    again = Study.from_dict(json.loads(json.dumps(banded.to_dict())))
    assert (again.spec, again.rows, again.robustness) == (banded.spec, banded.rows, banded.robustness)
    assert again.to_dict() == banded.to_dict()
    assert pareto_figure(banded) is not None
    assert energy_along_figure(banded) is not None
    rows = list(csv.DictReader(io.StringIO(rows_csv(banded.rows))))
    for row in rows:
        assert float(row["energy_pj_low"]) < float(row["energy_pj"]) < float(row["energy_pj_high"])
    assert "seconds_low" not in rows[0]


def _spread(nominal: float, low: list[float], high: list[float]) -> Spread:
    return Spread(nominal, np.array(low), np.array(high))


def test_the_band_of_a_crossing_by_hand() -> None:
    # log ratio = log(value / 10): equal at 10. Constant a doubles or halves the ratio: the crossing is at 5 or 20; b does nothing.
    values = [1.0, 10.0, 100.0]
    ratios = [_spread(value / 10, [value / 20, value / 10], [value / 5, value / 10]) for value in values]
    crossing = Crossing(9.9, 10.1, "first", "second", 10.0)
    band = crossing_band(crossing, values, ratios, ["a", "b"], Scale(1.0, 100.0, logarithmic=True))
    assert (band.low, band.high) == (pytest.approx(5.0), pytest.approx(20.0))
    assert band.mover == "a"
    assert (band.mover_low, band.mover_high) == (pytest.approx(5.0), pytest.approx(20.0))


def test_a_crossing_that_leaves_the_range_is_open_at_that_end() -> None:
    # falling ratio 10 / value, so the second machine is better below; a factor of 200 either way carries it out of 1 to 100
    values = [1.0, 10.0, 100.0]
    ratios = [_spread(10 / value, [0.05 / value], [20 / value]) for value in values]
    band = crossing_band(Crossing(9.9, 10.1, "second", "first", 10.0), values, ratios, ["a"], Scale(1.0, 100.0, logarithmic=True))
    assert band.low is None
    assert band.high == pytest.approx(20.0)


def test_a_constant_that_both_machines_share_moves_no_crossing() -> None:
    ratios = [_spread(value, [value], [value]) for value in (0.5, 2.0)]
    band = crossing_band(Crossing(0.9, 1.1, "first", "second", 1.0), [0.5, 2.0], ratios, ["a"], Scale(0.5, 2.0, logarithmic=True))
    assert (band.low, band.high) == (pytest.approx(1.0), pytest.approx(1.0))
    assert band.mover == ""
    assert band.mover_low is None


def test_a_break_even_carries_its_band(place: Path) -> None:
    question = Question(
        "workload.density", ("small.yaml", "array.yaml"), "tiny.yaml", ("energy_pj", "seconds"), Scale(0.02, 1.0, logarithmic=True), 6, 0.05
    )
    heard: list[Event] = []
    with Store(place / "store.sqlite") as store:
        answer = find_break_even(question, store, Options(), heard.append)
    energy, seconds = answer.curves
    totals = [(event.stage, event.expected) for event in heard if isinstance(event, Planned)]
    # a scan of 6 values, and 5 halvings of the crossing of each metric
    assert totals == [("scan", 12), *[("halving 2 crossings", 20)] * 5]
    assert sum(isinstance(event, Finished) for event in heard) == 12 + 20
    assert len(energy.low) == len(energy.values)
    assert len(energy.bands) == len(energy.crossings)
    assert all(low <= a / b <= high for low, high, a, b in zip(energy.low, energy.high, energy.first, energy.second, strict=True))
    for crossing, band in zip(energy.crossings, energy.bands, strict=True):
        assert band.low is None or band.low <= crossing.value
        assert band.high is None or band.high >= crossing.value
    assert seconds.low == ()
    (place / "breakeven.json").write_text(json.dumps(answer.to_dict()), encoding="utf-8")
    assert BreakEven.load(place / "breakeven.json") == answer
    assert break_even_figure(answer) is not None
