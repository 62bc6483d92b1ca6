"""Names beside points: a line where the place alone does not say whose name it is."""

from __future__ import annotations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from simulator.report.plots.labels import place_labels


def _joined(x: list[float], y: list[float], names: list[str]) -> set[str]:
    """The names that have a line to their points."""
    figure = Figure(figsize=(6, 4))
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    figure.draw_without_rendering()
    place_labels(figure.axes[0], names, x, y, [900.0] * len(x))
    return {text.get_text() for text in axes.texts if text.arrow_patch is not None}


def test_names_of_points_that_stand_apart_need_no_line() -> None:
    assert _joined([20, 70], [30, 70], ["one", "two"]) == set()


def test_names_of_points_that_lie_on_each_other_have_lines() -> None:
    assert _joined([50, 51], [50, 51], ["one", "two"]) == {"one", "two"}


@pytest.mark.parametrize("names", [["one", ""], ["one"]])
def test_a_point_without_a_name_makes_none_unclear(names: list[str]) -> None:
    assert _joined([50, 51][: len(names)], [50, 51][: len(names)], names) == set()
