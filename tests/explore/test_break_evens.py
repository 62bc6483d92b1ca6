"""Several break-evens side by side, from their folders."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from simulator.explore.analysis.crossing_bands import CrossingBand
from simulator.explore.analysis.crossings import Crossing
from simulator.explore.break_evens import Entry, break_even_files, break_evens_csv, load_break_evens
from simulator.explore.breakeven import BreakEven, Curve
from simulator.explore.plots.break_evens import break_evens_figure
from simulator.explore.redraw import redraw


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    values = (0.01, 0.1, 1.0)
    crossed = Curve(
        "energy_pj", values, (1.0, 2.0, 9.0), (4.0, 4.0, 4.0), (Crossing(0.2, 0.3, True, 0.25),),
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
        Entry(*known, "energy_pj", "crossbar", 0.25, 0.1, None, "flop_fj_per_bit", 0.01, 1.0),
        Entry(*known, "seconds", "crossbar", None, None, None, "", 0.01, 1.0),
    ]
    assert len(entries) == 4
    rows = list(csv.DictReader(break_evens_csv(entries).splitlines()))
    assert [row["break_even"] for row in rows] == ["0.25", "", "0.25", ""]


def test_a_figure_of_all(folder: Path) -> None:
    figure = break_evens_figure(load_break_evens(break_even_files(folder)))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["energy: against systolic", "time: against systolic"]
    texts = [text.get_text().strip() for axes in figure.axes for text in axes.texts]
    assert sorted(texts) == ["0.25", "0.25", "crossbar always", "partition always"]


def test_plot_draws_a_folder_of_break_evens(folder: Path) -> None:
    assert redraw(folder, folder) == ["breakevens"]
    assert (folder / "breakevens.csv").read_text(encoding="utf-8").startswith("workload,first,second")
    assert (folder / "breakevens.png").is_file()
