"""Components and causes as stacked bars, in the order and colours of pictures, small parts together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.activity import CAUSE_TERMS
from simulator.report.glossary import by_role, components, label
from simulator.report.numbers import common_scale
from simulator.report.page.page import Bars, Part
from simulator.report.plots.stacked import OTHER, Stack, gathered
from simulator.report.plots.style import OTHER_COLOUR, component_colours
from simulator.terms import Cause, ComponentWords, Section


def component_bars(title: str, unit: str, names: Sequence[str], by_component: Sequence[Mapping[str, float]]) -> Bars:
    """Components in the unit that suits the totals."""
    factor, unit = common_scale([sum(values.values()) for values in by_component], unit)
    words = {entry.name: entry for entry in components()}
    bars = [by_role(values) for values in by_component]
    found = dict.fromkeys(name for values in bars for name, value in values.items() if value)
    known = [name for name in component_colours() if name in found]
    stack = Stack(tuple(names), (*known, *(name for name in found if name not in known)), tuple(bars))
    return Bars(title, unit, names, _parts(stack, factor, words, "component"))


def cause_bars(title: str, names: Sequence[str], unit_cycles: Sequence[Mapping[str, float]]) -> Bars:
    """As shares of all unit-cycles of each run."""
    causes = {cause.name: cause for cause in CAUSE_TERMS if any(cycles.get(cause.name) for cycles in unit_cycles)}
    stack = Stack(tuple(names), tuple(causes), tuple(unit_cycles)).shares()
    return Bars(title, "%", names, _parts(stack, 100.0, causes, "cause"))


def _parts(stack: Stack, factor: float, words: Mapping[str, Cause | ComponentWords], section: Section) -> list[Part]:
    """The parts of a stack, as many as a picture has colours; `other` says what is in it."""
    shown = gathered(stack, stack.totals)
    others = [label(name, section) for name in stack.parts if name not in shown.parts and any(bar.get(name) for bar in stack.lengths)]
    return [
        Part(
            label(name, section),
            (word.colour if word else "") or OTHER_COLOUR,
            word.short if word else ", ".join(others) if name == OTHER else "",
            [factor * bar.get(name, 0.0) for bar in shown.lengths],
        )
        for name, word in ((name, words.get(name)) for name in shown.parts)
    ]
