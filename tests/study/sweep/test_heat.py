"""Each cell of a heat map is the best feasible point of its two values, over all other axes."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np

from simulator.study.sweep.plots import heat_figure
from simulator.study.sweep.study import Row


def test_each_cell_is_the_best_of_its_points() -> None:
    draw = random.Random(0)
    rows: list[Row] = []
    for lanes in (4, 8, 16):
        for window in (1, 2, 4, 8):
            for banks in (2, 4):
                record = {"seconds": draw.uniform(1e-6, 1e-5)} if draw.random() > 0.4 else None
                broken = ("area",) if draw.random() < 0.2 else ()
                rows.append(
                    Row(len(rows), "", {"fabric.lanes": lanes, "fabric.window": window, "fabric.banks": banks}, record, broken=broken)
                )
    rows.append(Row(len(rows), "", {"fabric.lanes": 4}, {"seconds": 1e-9}))
    figure = heat_figure(SimpleNamespace(rows=rows, spec=SimpleNamespace(name="cells", objectives={"seconds": "min"})))  # type: ignore[arg-type]
    assert figure is not None
    (image,) = figure.axes[0].images
    shown = np.ma.filled(image.get_array(), np.nan)
    for line, lanes in enumerate((4, 8, 16)):
        for column, window in enumerate((1, 2, 4, 8)):
            own = [row for row in rows if row.assignments.get("fabric.window") == window and row.assignments["fabric.lanes"] == lanes]
            figures = [row.metric("seconds") for row in own if row.feasible]
            assert np.isnan(shown[line, column]) if not figures else np.isclose(shown[line, column], min(figures) * 1e6)
    assert np.isnan(shown).any()
    assert "– has no point" in figure.get_suptitle()


def test_where_every_cell_has_a_point_none_is_said_to_lack_one() -> None:
    rows = [
        Row(place, "", {"fabric.lanes": lanes, "fabric.window": window}, {"seconds": 1e-6 * (1 + place)})
        for place, (lanes, window) in enumerate((lanes, window) for lanes in (4, 8) for window in (1, 2))
    ]
    figure = heat_figure(SimpleNamespace(rows=rows, spec=SimpleNamespace(name="cells", objectives={"seconds": "min"})))  # type: ignore[arg-type]
    assert figure is not None
    assert "no point" not in figure.get_suptitle()
