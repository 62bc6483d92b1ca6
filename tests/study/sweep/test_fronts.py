"""Several workloads in a sweep: a front and best points for each, in tables, files and plots."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from study.sweep.conftest import Run

from simulator.report.folder import as_text
from simulator.study.sweep.analysis import fronts, pareto_front
from simulator.study.sweep.folder import write_sweep
from simulator.study.sweep.fronts import pareto_figure
from simulator.study.sweep.study import Row
from simulator.study.sweep.tables import study_table

BOTH = {"seconds": "min", "energy_pj": "min"}
PATH = "workload.operations.0.shape.n"
AXES = f"axes={{{PATH}: [4, 64], fabric.window: [1, 2, 4], fabric.replicas: [1, 2, 4]}}"


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=20))
def test_a_front_is_of_one_workload_and_none_of_its_points_beats_another(points: list[tuple[int, int, int]]) -> None:
    rows = [
        Row(place, str(place), {PATH: n, "fabric.window": place}, {"seconds": seconds, "energy_pj": energy})
        for place, (n, seconds, energy) in enumerate(points)
    ]
    found = fronts(rows, BOTH)  # type: ignore[arg-type]
    assert len(found) == len({n for n, _, _ in points})
    for front in found:
        (n,) = {row.assignments[PATH] for row in front.rows}
        alone = pareto_front([row for row in rows if row.assignments[PATH] == n], BOTH)  # type: ignore[arg-type]
        assert (front.rows, front.hypervolume) == (alone.rows, alone.hypervolume)
        assert front.workload == f"n {n}"
        kept = {(row.metric("seconds"), row.metric("energy_pj")) for row in front.rows}
        for row in rows:
            if row.assignments[PATH] == n:
                assert any(a <= row.metric("seconds") and b <= row.metric("energy_pj") for a, b in kept)


def test_without_an_axis_of_the_workload_there_is_one_front() -> None:
    rows = [Row(place, str(place), {"fabric.window": place}, {"seconds": 1 + place, "energy_pj": 3 - place}) for place in range(3)]
    (front,) = fronts(rows, BOTH)  # type: ignore[arg-type]
    assert (front.workload, front.rows) == ("", tuple(rows))


def test_a_workload_without_a_feasible_point_has_no_front() -> None:
    rows = [Row(n, str(n), {PATH: n}, {"seconds": 1.0, "energy_pj": 1.0}, broken=("x",) if n else ()) for n in (0, 1)]
    assert [front.workload for front in fronts(rows, BOTH)] == ["n 0"]  # type: ignore[arg-type]


def test_table_file_and_plot_keep_them_apart(sweep: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = sweep("sweep.yaml", AXES)
    wanted = {row.place for n in (4, 64) for row in pareto_front([r for r in study.rows if r.assignments[PATH] == n], BOTH).rows}  # type: ignore[arg-type]
    text = as_text(study_table(study), 150)
    for n in (4, 64):
        rows = [row for row in study.rows if row.assignments[PATH] == n]
        assert f"Pareto front on n {n} ({len(pareto_front(rows, BOTH).rows)} point" in text  # type: ignore[arg-type]
        assert f"best time on n {n}: " in text
    figure = pareto_figure(study)
    assert figure is not None
    named = [entry.get_text().split(" (")[0] for entry in figure.legends[0].get_texts()]
    assert [name for name in named if name.startswith("front")] == ["front on n 4", "front on n 64"]
    monkeypatch.setattr("simulator.study.sweep.folder.save_sweep_plots", lambda study, folder: None)
    write_sweep(place / "out", study, {}, force=False)
    with (place / "out" / "fronts.csv").open(encoding="utf-8") as file:
        rows_on = list(csv.DictReader(file))
    assert {int(row["place"]) for row in rows_on} == wanted
    assert [row["front"] for row in rows_on] == [f"n {row[PATH]}" for row in rows_on]


def test_of_one_workload_table_and_plot_name_none(sweep: Run) -> None:
    study = sweep()
    text = as_text(study_table(study), 150)
    assert "Pareto front (" in text
    assert "best time: " in text
    figure = pareto_figure(study)
    assert figure is not None
    assert any(entry.get_text().startswith("front (") for entry in figure.legends[0].get_texts())
