"""Where the unit-cycles go."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from simulator.activity import CAUSES
from simulator.report.glossary import label
from simulator.report.numbers import common_scale
from simulator.report.plots.stacked import Stack, bar_height, draw_stack, stack_legend
from simulator.report.plots.style import CAUSE_COLOURS, styled
from simulator.result import Result


def causes_figure(results: Sequence[Result]) -> Figure:
    """Causes of unit-cycles, one bar a machine: as time above (a bar is as long as the run), as shares below."""
    seconds = time_by_cause(results)
    parts = seconds.parts
    factor, unit = common_scale(seconds.totals, "s")
    with styled():
        figure = Figure(figsize=(9.5, max(2 * bar_height(len(results)), 4.6)), layout="constrained")
        above, below = figure.subplots(2, 1)
        draw_stack(above, seconds, CAUSE_COLOURS, factor=factor, unit=unit, totals=True)
        draw_stack(below, seconds.shares(), CAUSE_COLOURS, factor=1.0, unit="", totals=False)
        above.set_title(f"Causes of unit-cycles · {results[0].workload.name}")
        above.set_xlabel(f"time, mean over the units ({unit})")
        below.set_xlabel("share of all unit-cycles")
        below.xaxis.set_major_formatter(PercentFormatter(1.0))
        stack_legend(figure, parts, CAUSE_COLOURS, {cause: label(cause, "cause") for cause in parts})
    return figure


def time_by_cause(results: Sequence[Result]) -> Stack:
    """Bars as long as the runs in seconds, split as the unit-cycles are; causes that no run has are left out."""
    parts = tuple(cause for cause in CAUSES if any(result.unit_cycles.get(cause) for result in results))
    bars = tuple({cause: _share(result, cause) * result.seconds for cause in parts} for result in results)
    return Stack(tuple(result.name for result in results), parts, bars)


def _share(result: Result, cause: str) -> float:
    total = sum(result.unit_cycles.values())
    return result.unit_cycles.get(cause, 0) / total if total else 0.0
