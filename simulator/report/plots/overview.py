"""One figure of a run for a notebook: area, energy, causes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from simulator.report.glossary import label
from simulator.report.numbers import common_scale
from simulator.report.plots.causes import time_by_cause
from simulator.report.plots.stacked import Stack, component_stack, draw_stack
from simulator.report.plots.style import CAUSE_COLOURS, COMPONENT_COLOURS, OTHER_COLOUR, styled
from simulator.result import Result
from simulator.terms import Section


def overview_figure(results: Sequence[Result]) -> Figure:
    """Die area, energy and causes of unit-cycles of the runs, one above the other, each with its legend."""
    names = [result.name for result in results]
    area = component_stack(names, [r.area_mm2_by_component for r in results], [r.area_mm2 for r in results])
    energy = component_stack(names, [r.energy_pj_by_component for r in results], [r.energy_pj for r in results])
    with styled():
        figure = Figure(figsize=(10.5, 3 * (1.9 + 0.3 * len(results))), layout="constrained")
        panels = figure.subplots(3, 1)
        _panel(panels[0], area, COMPONENT_COLOURS, "component", "mm²", "Die area by component")
        _panel(panels[1], energy, COMPONENT_COLOURS, "component", "pJ", f"Energy, DRAM included · {results[0].workload.name}")
        _panel(panels[2], time_by_cause(results), CAUSE_COLOURS, "cause", "s", "Time by cause, mean over the units")
    return figure


def _panel(axes: Axes, stack: Stack, colours: Mapping[str, str], section: Section, unit: str, title: str) -> None:
    factor, shown = common_scale(stack.totals, unit)
    draw_stack(axes, stack, colours, factor=factor, unit=shown, totals=True)
    axes.set_title(title)
    axes.set_xlabel(shown)
    handles = [Patch(facecolor=colours.get(part, OTHER_COLOUR), label=label(part, section)) for part in stack.parts]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.05), ncols=2, fontsize=8)
