"""The plots of a report: each a function from results to a matplotlib figure, named in `FIGURES`.

Start with `breakdown.py`; `style.py` says how all of them look, `looks.py` how a machine does in each, `stacked.py` draws bars of parts,
`labels.py` puts names beside points, `fitting.py` sees to it that texts fit, `scales.py` makes ticks.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from simulator.report.measured import draw_measured
from simulator.report.pictures import Pictures, in_style
from simulator.report.plots.bandwidth import bandwidth_figure
from simulator.report.plots.breakdown import area_figure, causes_figure, energy_figure, overview_figure
from simulator.report.plots.style import save
from simulator.report.plots.tradeoff import tradeoff_figure
from simulator.result import Result
from simulator.study.measured import MeasuredRun

FIGURES: dict[str, Callable[[Sequence[Result]], Figure]] = {
    "area": area_figure,
    "energy": energy_figure,
    "unit_cycles": causes_figure,
    "tradeoff": tradeoff_figure,
    "bandwidth": bandwidth_figure,
}
"""Plots by the name of their file."""


def save_plots(results: Sequence[Result], folder: Path, pictures: Pictures, measured: Sequence[MeasuredRun] = ()) -> None:
    """Write the pictures that are asked for; measured devices are lines in that of time against energy."""
    with in_style(pictures.style):
        for name in pictures.names:
            figure = FIGURES[name](results)
            if name == "tradeoff":
                draw_measured(figure, results, measured)
            save(figure, folder, name, pictures.formats)


__all__ = [
    "FIGURES",
    "area_figure",
    "bandwidth_figure",
    "causes_figure",
    "energy_figure",
    "overview_figure",
    "save_plots",
    "tradeoff_figure",
]
