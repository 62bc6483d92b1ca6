"""Names beside points: a line where the place alone does not say whose name it is."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from simulator.report.plots.labels import place_labels


def _placed(x: list[float], y: list[float], names: list[str], size: float) -> Axes:
    """Axes of 0 to 100 with the names of points."""
    figure = Figure(figsize=(6, 4))
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    figure.draw_without_rendering()
    place_labels(axes, names, x, y, [size] * len(x))
    return axes


def _joined(x: list[float], y: list[float], names: list[str]) -> set[str]:
    """The names that have a line to their points."""
    axes = _placed(x, y, names, 900.0)
    return {text.get_text() for text in axes.texts if text.arrow_patch is not None}


def test_names_of_points_that_stand_apart_need_no_line() -> None:
    assert _joined([20, 70], [30, 70], ["one", "two"]) == set()


def test_names_of_points_that_lie_on_each_other_have_lines() -> None:
    assert _joined([50, 51], [50, 51], ["one", "two"]) == {"one", "two"}


@pytest.mark.parametrize("names", [["one", ""], ["one"]])
def test_a_point_without_a_name_makes_none_unclear(names: list[str]) -> None:
    assert _joined([50, 51][: len(names)], [50, 51][: len(names)], names) == set()


@pytest.mark.parametrize(
    ("x", "y"),
    [([17, 16, 16, 21], [23, 29, 28, 20]), ([11, 20, 10, 16], [20, 23, 25, 25]), ([15, 15, 18, 20], [20, 31, 26, 24])],
)
def test_a_line_to_a_name_crosses_no_disc_of_another(x: list[float], y: list[float]) -> None:
    """Four machines so close that near places are taken."""
    size = 46.0
    axes = _placed(x, y, ["crossbar", "hybrid", "replication", "partition"], size)
    per_point = axes.figure.dpi / 72
    radius = np.sqrt(size) / 2 * per_point
    discs = axes.transData.transform(np.column_stack([x, y]))
    for own, text in zip(discs, axes.texts, strict=True):
        if text.arrow_patch is not None:
            way = own + np.linspace(0.0, 1.0, 50)[:, None] * np.array(text.xyann) * per_point
            apart = [disc for disc in discs if np.hypot(*(disc - own)) > 2 * radius]
            assert all(np.hypot(*(way - disc).T).min() >= radius for disc in apart)


@pytest.mark.parametrize(("x", "y"), [([7, 7, 7, 10], [15, 14, 16, 19]), ([4, 5, 5, 10], [11, 10, 12, 18])])
def test_names_of_points_that_lie_on_each_other_stay_near(x: list[float], y: list[float]) -> None:
    """Three in a corner, on one another: wherever a line goes, it begins on the discs of the others."""
    size = 46.0
    axes = _placed(x, y, ["crossbar", "hybrid", "partition", "replication"], size)
    for text in axes.texts:
        across, up = text.xyann
        width, height = text.get_window_extent().size / axes.figure.dpi * 72
        assert max(abs(across) - width / 2, abs(up) - height / 2) < np.sqrt(size) / 2 + 2.5 * height
