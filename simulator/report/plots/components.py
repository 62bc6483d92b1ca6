"""Die area and energy by component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from simulator.cost.types import OFF_FABRIC
from simulator.report.glossary import label
from simulator.report.numbers import common_scale
from simulator.report.plots.stacked import Stack, bar_height, component_stack, draw_stack, stack_legend
from simulator.report.plots.style import COMPONENT_COLOURS, styled
from simulator.result import Result


def area_figure(results: Sequence[Result]) -> Figure:
    """Die area by component, one bar a machine."""
    names = [result.name for result in results]
    stack = component_stack(names, [result.area_mm2_by_component for result in results], [result.area_mm2 for result in results])
    with styled():
        figure = Figure(figsize=(9.5, max(bar_height(len(results)), 3.6)), layout="constrained")
        axes = figure.subplots()
        draw_stack(axes, stack, COMPONENT_COLOURS, factor=1.0, unit="mm²", totals=True)
        axes.set_xlabel("die area (mm²)")
        axes.set_title(f"Die area by component · {results[0].technology}")
        _legend(figure, stack)
    return figure


def energy_figure(results: Sequence[Result]) -> Figure:
    """Energy by component, without DRAM above and with it below; as energy on the left, as shares on the right."""
    names = [result.name for result in results]
    fabric = [result.fabric_energy_pj for result in results]
    whole = component_stack(names, [result.energy_pj_by_component for result in results], fabric)
    inner = Stack(whole.machines, whole.parts, tuple(_without_dram(bar) for bar in whole.lengths))
    factor, unit = common_scale(whole.totals, "pJ")
    with styled():
        figure = Figure(figsize=(13, max(2 * bar_height(len(results)), 4.6)), layout="constrained")
        panels = figure.subplots(2, 2, sharex="col", sharey=True, width_ratios=(1.0, 1.25))
        for (absolute, relative), stack in zip(panels, (inner, whole), strict=True):
            draw_stack(absolute, stack, COMPONENT_COLOURS, factor=factor, unit=unit, totals=True, named=0.1)
            draw_stack(relative, stack.shares(), COMPONENT_COLOURS, factor=1.0, unit="", totals=False)
        panels[0][0].set_title(f"Energy without DRAM · {results[0].workload.name}")
        panels[1][0].set_title("Energy with DRAM and its PHY")
        panels[1][0].set_xlabel(f"energy ({unit})")
        panels[1][1].set_xlabel("share of the bar on the left")
        panels[1][1].xaxis.set_major_formatter(PercentFormatter(1.0))
        _legend(figure, whole)
    return figure


def _without_dram(bar: Mapping[str, float]) -> dict[str, float]:
    return {part: value for part, value in bar.items() if part not in OFF_FABRIC}


def _legend(figure: Figure, stack: Stack) -> None:
    stack_legend(figure, stack.parts, COMPONENT_COLOURS, {part: label(part, "component") for part in stack.parts})
