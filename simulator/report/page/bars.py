"""Components and causes as stacked bars, in the order and colours of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.activity import CAUSE_TERMS
from simulator.report.glossary import by_role, components, label
from simulator.report.numbers import common_scale
from simulator.report.page.page import Bars, Part
from simulator.report.plots.style import OTHER_COLOUR


def component_bars(title: str, unit: str, names: Sequence[str], by_component: Sequence[Mapping[str, float]]) -> Bars:
    """Components in the order and colours of pictures, in the unit that suits the totals."""
    factor, unit = common_scale([sum(values.values()) for values in by_component], unit)
    words = {entry.name: entry for entry in components()}
    bars = [by_role(values) for values in by_component]
    found = dict.fromkeys(name for values in bars for name, value in values.items() if value)
    ordered = sorted(found, key=lambda name: words[name].rank if name in words else 99)
    parts = [
        Part(
            label(name, "component"),
            words[name].colour or OTHER_COLOUR if name in words else OTHER_COLOUR,
            words[name].short if name in words else "",
            [factor * values.get(name, 0.0) for values in bars],
        )
        for name in ordered
    ]
    return Bars(title, unit, names, parts)


def cause_bars(title: str, names: Sequence[str], unit_cycles: Sequence[Mapping[str, float]]) -> Bars:
    """As shares of all unit-cycles of each run."""
    totals = [sum(cycles.values()) or 1 for cycles in unit_cycles]
    parts = [
        Part(
            cause.label,
            cause.colour,
            cause.short,
            [100 * cycles.get(cause.name, 0) / total for cycles, total in zip(unit_cycles, totals, strict=True)],
        )
        for cause in CAUSE_TERMS
    ]
    return Bars(title, "%", names, [part for part in parts if any(part.values)])
