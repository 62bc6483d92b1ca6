"""Area, energy and time of runs, divided among components and causes: a figure each, and one of all for a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from simulator.activity import CAUSES
from simulator.cost.types import OFF_FABRIC, on_fabric
from simulator.report.glossary import label
from simulator.report.numbers import common_scale, significant
from simulator.report.plots.stacked import Stack, bar_height, component_stack, draw_stack, gathered, stack_handles, stack_legend, totals
from simulator.report.plots.style import CAUSE_COLOURS, component_colours, narrow, paper, styled
from simulator.report.sentences import cause_share
from simulator.result import Result
from simulator.terms import Section

_DRAM = OFF_FABRIC[0]


def area_figure(results: Sequence[Result]) -> Figure:
    """Die area by component, one bar a machine."""
    names = [result.name for result in results]
    stack = component_stack(names, [result.area_mm2_by_component for result in results], [result.area_mm2 for result in results])
    with styled():
        figure = Figure(figsize=paper(9.5, max(bar_height(len(results)), 3.6)), layout="constrained")
        axes = figure.subplots()
        draw_stack(axes, stack, component_colours(), factor=1.0, ends=totals(stack, 1.0, "mm²"))
        axes.set_xlabel("die area (mm²)")
        axes.set_title(f"Die area by component · {results[0].technology}")
        _legend(figure, stack)
    return figure


def energy_figure(results: Sequence[Result]) -> Figure:
    """Energy by component, DRAM and its PHY last, at a bar's end with and without them; as energy on the left, as shares on the right."""
    stack = _with_dram_last(results)
    factor, unit = common_scale(stack.totals, "pJ")
    ends = [
        f"{total} ({significant(result.fabric_energy_pj * factor)})"
        for total, result in zip(totals(stack, factor, unit), results, strict=True)
    ]
    with styled():
        figure = Figure(figsize=paper(13, max(bar_height(len(results)), 2.9)), layout="constrained")
        columns = 1 if narrow() else 2
        own, *shares = figure.subplots(1, columns, sharey=True, squeeze=False, width_ratios=(1.0, 1.25)[:columns])[0]
        draw_stack(own, stack, component_colours(), factor=factor, ends=ends)
        figure.suptitle(f"Energy by component · {results[0].workload.name}", x=0.01, ha="left")
        own.set_xlabel(f"energy, in brackets without DRAM ({unit})")
        for relative in shares:
            draw_stack(relative, stack.shares(), component_colours(), factor=1.0)
            relative.set_xlabel("share of the energy")
            relative.xaxis.set_major_formatter(PercentFormatter(1.0))
        _legend(figure, stack, **{_DRAM: "DRAM and its PHY"})
    return figure


def _with_dram_last(results: Sequence[Result]) -> Stack:
    """Bars of energy, DRAM and its PHY as one part at the end: up to there a bar is the fabric's."""
    bars = [result.energy_pj_by_component for result in results]
    merged = [on_fabric(bar) | {_DRAM: sum(bar.get(name, 0.0) for name in OFF_FABRIC)} for bar in bars]
    stack = component_stack([result.name for result in results], merged, [result.fabric_energy_pj for result in results])
    return Stack(stack.machines, tuple(sorted(stack.parts, key=lambda part: part == _DRAM)), stack.lengths)


def _legend(figure: Figure, stack: Stack, **called: str) -> None:
    """Of components by their own names, or as they are `called` here."""
    stack_legend(figure, stack.parts, component_colours(), {part: label(part, "component") for part in stack.parts} | called)


def causes_figure(results: Sequence[Result]) -> Figure:
    """Causes of unit-cycles, one bar a machine: as time above (a bar is as long as the run), as shares below."""
    seconds = time_by_cause(results)
    parts = seconds.parts
    factor, unit = common_scale(seconds.totals, "s")
    with styled():
        figure = Figure(figsize=paper(9.5, max(2 * bar_height(len(results)), 4.6)), layout="constrained")
        above, below = figure.subplots(2, 1)
        draw_stack(above, seconds, CAUSE_COLOURS, factor=factor, ends=totals(seconds, factor, unit))
        draw_stack(below, seconds.shares(), CAUSE_COLOURS, factor=1.0)
        above.set_title(f"Causes of unit-cycles · {results[0].workload.name}")
        above.set_xlabel(f"time, mean over the units ({unit})")
        below.set_xlabel("share of all unit-cycles")
        below.xaxis.set_major_formatter(PercentFormatter(1.0))
        stack_legend(figure, parts, CAUSE_COLOURS, {cause: label(cause, "cause") for cause in parts})
    return figure


def time_by_cause(results: Sequence[Result]) -> Stack:
    """Bars as long as the runs in seconds, split as the unit-cycles are; causes that no run has are left out, small ones together."""
    parts = tuple(cause for cause in CAUSES if any(result.unit_cycles.get(cause) for result in results))
    bars = tuple({cause: cause_share(result, cause) * result.seconds for cause in parts} for result in results)
    stack = Stack(tuple(result.name for result in results), parts, bars)
    return gathered(stack, stack.totals)


def overview_figure(results: Sequence[Result]) -> Figure:
    """Die area, energy and causes of unit-cycles of the runs, one above the other, each with its legend."""
    names = [result.name for result in results]
    area = component_stack(names, [r.area_mm2_by_component for r in results], [r.area_mm2 for r in results])
    energy = component_stack(names, [r.energy_pj_by_component for r in results], [r.energy_pj for r in results])
    with styled():
        figure = Figure(figsize=paper(10.5, 3 * (1.9 + 0.3 * len(results))), layout="constrained")
        panels = figure.subplots(3, 1)
        _panel(panels[0], area, component_colours(), "component", "mm²", "Die area by component")
        _panel(panels[1], energy, component_colours(), "component", "pJ", f"Energy, DRAM included · {results[0].workload.name}")
        _panel(panels[2], time_by_cause(results), CAUSE_COLOURS, "cause", "s", "Time by cause, mean over the units")
    return figure


def _panel(axes: Axes, stack: Stack, colours: Mapping[str, str], section: Section, unit: str, title: str) -> None:
    factor, shown = common_scale(stack.totals, unit)
    draw_stack(axes, stack, colours, factor=factor, ends=totals(stack, factor, shown))
    axes.set_title(title)
    axes.set_xlabel(shown)
    handles = stack_handles(stack.parts, colours, {part: label(part, section) for part in stack.parts})
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.05), ncols=2, fontsize="small")
