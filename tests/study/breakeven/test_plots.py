"""Several break-evens side by side, from their folders."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from study.sweep.conftest import Run

from simulator.errors import OutputError
from simulator.study.breakeven.answer import BreakEven, Curve, MeasuredLine
from simulator.study.breakeven.crossings import Crossing, CrossingBand
from simulator.study.breakeven.plots import (
    Entry,
    break_even_figure,
    break_even_files,
    break_evens_csv,
    break_evens_figure,
    load_break_evens,
)
from simulator.study.redraw import redraw


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    values = (0.01, 0.1, 1.0)
    crossed = Curve(
        "energy_pj", values, (1.0, 2.0, 9.0), (4.0, 4.0, 4.0), (Crossing(0.2, 0.3, "first", "second", 0.25),),
        (0.2, 0.4, 2.0), (0.3, 0.6, 3.0), (CrossingBand(0.1, None, "flop_fj_per_bit", 0.2, 0.3),),
    )  # fmt: skip
    never = Curve("seconds", values, (1.0, 2.0, 3.0), (4.0, 4.0, 4.0), ())
    for first in ("crossbar", "partition"):
        answer = BreakEven("workload.density", (first, "systolic"), "load", True, (crossed, never), {})
        (tmp_path / first).mkdir()
        (tmp_path / first / "breakeven.json").write_text(json.dumps(answer.to_dict()), encoding="utf-8")
    return tmp_path


def test_a_row_for_each_pair_metric_and_crossing(folder: Path) -> None:
    entries = load_break_evens(break_even_files(folder))
    known = ("load", "crossbar", "systolic", "workload.density")
    assert entries[:2] == [
        Entry(*known, "energy_pj", "crossbar", "systolic", 0.25, 0.1, None, "flop_fj_per_bit", 0.01, 1.0, False),
        Entry(*known, "seconds", "crossbar", "crossbar", None, None, None, "", 0.01, 1.0, False),
    ]
    assert len(entries) == 4
    rows = list(csv.DictReader(break_evens_csv(entries).splitlines()))
    assert [row["break_even"] for row in rows] == ["0.25", "", "0.25", ""]


def test_a_figure_of_all(folder: Path) -> None:
    figure = break_evens_figure(load_break_evens(break_even_files(folder)))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["energy: against systolic", "time: against systolic"]
    texts = [text.get_text().strip() for axes in figure.axes for text in axes.texts]
    assert sorted(texts) == ["0.25", "0.25", "crossbar always", "partition always"]


def test_a_band_that_leaves_the_axis_ends_in_an_arrow(folder: Path) -> None:
    figure = break_evens_figure(load_break_evens(break_even_files(folder)))
    arrows = [(line.get_marker(), *line.get_xdata()) for line in figure.axes[0].lines if line.get_marker() in ("<", ">")]
    assert arrows == [(">", 1.0)] * 2, "no high end within the range; the low one is there"
    curves = break_even_figure(BreakEven.load(folder / "crossbar" / "breakeven.json"))
    assert curves is not None
    assert [line.get_marker() for line in curves.axes[0].lines if line.get_marker() in ("<", ">")] == [">"]


def test_a_machine_has_its_own_colour_beside_whichever(folder: Path) -> None:
    colours = []
    for first in ("crossbar", "partition"):
        figure = break_even_figure(BreakEven.load(folder / first / "breakeven.json"))
        assert figure is not None
        colours.append({str(line.get_label()): line.get_color() for line in figure.axes[0].lines})
    assert colours[0]["systolic"] == colours[1]["systolic"] != colours[0]["crossbar"]


def test_plot_draws_a_folder_of_break_evens(folder: Path) -> None:
    assert redraw(folder, folder) == ["breakevens"]
    assert (folder / "breakevens.csv").read_text(encoding="utf-8").startswith("workload,first,second")
    assert (folder / "breakevens.png").is_file()


def _write(folder: Path, answer: BreakEven) -> Path:
    (folder / "only").mkdir()
    (folder / "only" / "breakeven.json").write_text(json.dumps(answer.to_dict()), encoding="utf-8")
    return folder


def test_equal_machines_are_called_so_and_one_area_is_told(tmp_path: Path) -> None:
    values = (0.1, 1.0)
    same = Curve("seconds", values, (1.0, 2.0), (1.0, 2.0), ())
    answer = BreakEven("workload.density", ("one", "two"), "load", True, (same,), {}, equal_area=True)
    (entry,) = load_break_evens(break_even_files(_write(tmp_path, answer)))
    assert (entry.better_below, entry.better_above, entry.equal_area) == ("equal", "equal", True)
    (axes,) = break_evens_figure([entry]).axes
    assert axes.get_title(loc="left") == "time: against two, at equal area"
    assert [text.get_text().strip() for text in axes.texts] == ["equal always"]
    figure = break_even_figure(answer)
    assert figure is not None
    assert figure.axes[0].get_title(loc="left") == "time on load, at equal area"


def test_measured_devices_are_lines(tmp_path: Path) -> None:
    line = MeasuredLine("GPU, rows", (0.1, 1.0), (3.0, 30.0))
    answer = BreakEven(
        "workload.density", ("one", "two"), "load", True, (Curve("seconds", (0.1, 1.0), (1.0, 2.0), (2.0, 1.0), (), measured=(line,)),), {}
    )
    _write(tmp_path, answer)
    assert BreakEven.load(tmp_path / "only" / "breakeven.json") == answer
    figure = break_even_figure(answer)
    assert figure is not None
    assert "GPU, rows (measured)" in [drawn.get_label() for drawn in figure.axes[0].get_lines()]


def test_break_evens_without_figures_are_nothing_to_draw(tmp_path: Path) -> None:
    answer = BreakEven("workload.density", ("one", "two"), "load", True, (Curve("seconds", (), (), (), ()),), {"one": "broken"})
    with pytest.raises(OutputError, match="none of its 1 break-evens has any figures"):
        redraw(_write(tmp_path, answer), tmp_path)


@pytest.mark.parametrize("text", ['{"files": []}', '{"files": {}}', '{"files": {"a": 3}}', "[]", "{"])
def test_a_damaged_comparison_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "comparison.json").write_text(text, encoding="utf-8")
    with pytest.raises(OutputError, match=r"comparison\.json: "):
        redraw(tmp_path, tmp_path)


@pytest.mark.parametrize("metric", ["energy_pj", "area_mm2_by_component"])
def test_a_sweep_whose_point_lacks_a_metric_is_named(sweep: Run, tmp_path: Path, metric: str) -> None:
    record = sweep().to_dict()
    record = json.loads(json.dumps(record))
    del record["rows"][3]["record"][metric]
    (tmp_path / "sweep.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(OutputError, match=rf"sweep\.json: .* window 2, replicas 1 has no {metric}"):
        redraw(tmp_path, tmp_path)
