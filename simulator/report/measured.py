"""Measured devices beside runs: a sentence each, and lines in the picture of time against energy. Nothing of them is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simulator.report.numbers import common_scale, quantity
from simulator.study.measured import MeasuredRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulator.result import Result

_INK = "#222222"
_DASHES = ("--", ":", "-.")
_FAR = 6.0
"""A line this many times beyond the machines is told at the edge: drawn, it would press them into a corner."""


def measured_sentences(runs: Sequence[MeasuredRun]) -> list[str]:
    """What each took for the same products."""
    return [
        f"{run.label}: {quantity(run.seconds, 's')}, {quantity(run.energy_pj, 'pJ')} ({run.about}; measured, not simulated)" for run in runs
    ]


def draw_measured(figure: Figure, results: Sequence[Result], runs: Sequence[MeasuredRun]) -> None:
    """A line at the time and one at the energy of each device, in the figure of time against energy of these results."""
    if not runs:
        return
    axes = figure.axes[0]
    scales = [
        common_scale([getattr(result, name) for result in results], unit)[0] for name, unit in (("seconds", "s"), ("energy_pj", "pJ"))
    ]
    for run, dash in zip(runs, _DASHES * len(runs), strict=False):
        x, y = run.seconds * scales[0], run.energy_pj * scales[1]
        shown = [f"{run.label} (measured)"]
        for value, limits, line, set_limits in (
            (x, axes.get_xlim(), axes.axvline, axes.set_xlim),
            (y, axes.get_ylim(), axes.axhline, axes.set_ylim),
        ):
            low, high = limits
            if max(low, 1e-12) / _FAR <= value <= high * _FAR:
                line(value, color=_INK, linestyle=dash, linewidth=1.0, zorder=0)
                set_limits(min(low, value / 1.1), max(high, value * 1.1))
            else:
                shown.append(f"{'time' if line == axes.axvline else 'energy'} {'above' if value > high else 'below'} the picture")
        axes.plot([], [], color=_INK, linestyle=dash, linewidth=1.0, label=", ".join(shown))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", fontsize=8, frameon=False)
