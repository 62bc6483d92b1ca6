"""Plots write names as they are."""

from __future__ import annotations

import shutil
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.text import Text
from study.sweep.conftest import Run

from simulator import load_workload
from simulator.report.inspection.patterns import degrees_figure
from simulator.report.plots.style import save
from simulator.study.sweep.plots import energy_along_figure, heat_figure


def _formulas(figure: Figure, folder: Path) -> list[str]:
    """Texts that only a formula's parser could show."""
    save(figure, folder, "plot")
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and "$" in text.get_text()]


def test_dollars_in_the_name_of_a_file_are_text(sweep: Run, place: Path) -> None:
    shutil.copy(place / "small.yaml", place / r"a$\q$.yaml")
    axes = r"axes={machine: ['a$\q$.yaml', small.yaml], workload.density: [0.1, 0.5]}"
    figure = energy_along_figure(sweep("sweep.yaml", "machine=null", axes))
    assert figure is not None
    save(figure, place, "energy_along", ("svg",))
    assert r"a$\q$.yaml" in (place / "energy_along.svg").read_text(encoding="utf-8")


def test_no_tick_is_a_formula(sweep: Run, place: Path) -> None:
    densities = "workload.density: {logspace: [0.03, 1], count: 25}"
    wide = heat_figure(sweep("sweep.yaml", f"axes={{fabric.window: [1, 2, 3, 4, 5, 6], {densities}}}"))
    assert wide is not None
    assert _formulas(wide, place) == []
    bar = wide.axes[-1]
    assert [text for text in bar.get_yticklabels() if text.get_text()]
    text = (place / "tiny.yaml").read_text(encoding="utf-8").replace("m: 16, k: 16, n: 8", "m: 4, k: 3, n: 3")
    (place / "few.yaml").write_text(text, encoding="utf-8")
    assert _formulas(degrees_figure(load_workload("few.yaml")), place) == []


def test_a_figure_that_never_changes_is_drawn_all_the_same(sweep: Run) -> None:
    axes = "axes={workload.operations.0.shape.n: [4, 8], workload.operations.0.shape.k: [8, 16]}"
    study = sweep("sweep.yaml", axes, "objectives={fabric_area_mm2: min, seconds: min}")
    drawn = heat_figure(study)
    assert drawn is not None
    area, _, *bars = drawn.axes
    assert [bar.get_ylabel() for bar in bars] == ["fabric area (mm²)", "time (ns)"], "a labelled bar a panel"
    assert len({text.get_text() for text in area.texts}) == 1
    assert len(area.texts) == 4
