"""Two axes against each other, a colour for the metric."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from simulator.report.glossary import term
from simulator.report.numbers import common_scale, significant
from simulator.report.plots.style import ink, styled
from simulator.study.sweep.analysis.best import best_row
from simulator.study.sweep.plots.scales import LOG_STEPS, plain
from simulator.study.sweep.row import Row, axis_paths, short, shown
from simulator.study.sweep.spec import Scalar
from simulator.study.sweep.study import Study

_MOST_CELLS = 144


def heat_figure(study: Study) -> Figure | None:
    """One panel an objective, over the first two axes of several values; a cell is the best over all other axes."""
    objectives = study.spec.objectives
    paths = axis_paths([row for row in study.rows if row.feasible])
    if len(paths) < 2:
        return None
    across, down = paths[1], paths[0]
    columns, lines = _values(study.rows, across), _values(study.rows, down)
    with styled():
        width = 2.2 + max(0.62 * len(columns), 2.6)
        figure = Figure(figsize=(width * len(objectives), 1.7 + max(0.42 * len(lines), 1.8)), layout="constrained")
        panels = figure.subplots(1, len(objectives), squeeze=False, sharey=True)[0]
        for axes, (metric, way) in zip(panels, objectives.items(), strict=True):
            best = [
                [best_row([row for row in study.rows if row.feasible and _at(row, down, line) and _at(row, across, column)], metric, way)
                 for column in columns]
                for line in lines
            ]  # fmt: skip
            cells = np.array([[np.nan if row is None else row.metric(metric) for row in line] for line in best])
            factor, unit = common_scale(cells[np.isfinite(cells)].tolist(), term(metric, "metric").unit)
            positive = bool((cells[np.isfinite(cells)] > 0).all()) and np.isfinite(cells).any()
            map_name = "viridis_r" if way == "min" else "viridis"
            image = axes.imshow(cells * factor, aspect="auto", cmap=map_name, norm=LogNorm() if positive else None)
            if cells.size <= _MOST_CELLS:
                for (line, column), value in np.ndenumerate(cells):
                    colour = "#" + "".join(f"{round(255 * part):02x}" for part in image.to_rgba([value * factor])[0][:3])
                    text = "–" if np.isnan(value) else significant(value * factor)
                    axes.text(column, line, text, ha="center", va="center", fontsize=8, color="#888888" if np.isnan(value) else ink(colour))
            else:
                bar = figure.colorbar(image, ax=axes, label=unit, format=FuncFormatter(plain))
                if positive:
                    bar.locator = LogLocator(subs=LOG_STEPS)
                bar.minorticks_off()
            axes.set_xticks(range(len(columns)), [shown(value) for value in columns], rotation=45 if len(columns) > 8 else 0)
            axes.set_yticks(range(len(lines)), [shown(value) for value in lines])
            axes.set_xlabel(short(across))
            axes.set_title(f"{term(metric, 'metric').label} ({unit or 'number'})")
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
        panels[0].set_ylabel(short(down))
        figure.suptitle(f"{study.spec.name}: best over all other axes; – has no point", fontsize=10, x=0.01, ha="left")
    return figure


def _values(rows: Sequence[Row], path: str) -> list[Scalar]:
    values = list(dict.fromkeys(row.assignments[path] for row in rows if path in row.assignments))
    return values if any(isinstance(value, str) for value in values) else sorted(values, key=float)


def _at(row: Row, path: str, value: Scalar) -> bool:
    return path in row.assignments and row.assignments[path] == value
