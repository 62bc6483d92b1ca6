"""The plots of a sweep: each a function from a study to a matplotlib figure, or None where it would show nothing."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from simulator.report.plots.style import save
from simulator.study.sweep.plots.along import area_along_figure, energy_along_figure
from simulator.study.sweep.plots.heat import heat_figure
from simulator.study.sweep.plots.pareto import pareto_figure
from simulator.study.sweep.study import Study

FIGURES: dict[str, Callable[[Study], Figure | None]] = {
    "pareto": pareto_figure,
    "heat": heat_figure,
    "area_along": area_along_figure,
    "energy_along": energy_along_figure,
}
"""Plots by the name of their file."""


def save_sweep_plots(study: Study, folder: Path) -> None:
    """Write every plot that shows something as PNG and SVG."""
    for name, draw in FIGURES.items():
        figure = draw(study)
        if figure is not None:
            save(figure, folder, name)


__all__ = ["FIGURES", "area_along_figure", "energy_along_figure", "heat_figure", "pareto_figure", "save_sweep_plots"]
