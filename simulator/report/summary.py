"""What a terminal shows first of results: sentences, then a line a machine, on 80 columns; all else is asked for, or in the folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from simulator.cost.types import on_fabric
from simulator.report.glossary import IN_SHORT, label, term
from simulator.report.layout import Stacked
from simulator.report.numbers import common_scale, percent, significant
from simulator.report.sentences import largest_loss
from simulator.report.verdict import Verdict
from simulator.result import OBJECTIVE, Result

_NAME = 20
"""Characters of a name; a longer one is cut, so that no number is."""
_PARTS = 3
"""Components, causes and operations that are named of one machine."""


def summary_table(results: Sequence[Result], verdict: Verdict | None = None) -> RenderableType:
    """A line a machine, the best first: time, energy, area, their product, the largest loss of time, the largest bound.

    The last two give a share of all unit-cycles, and of the run's cycles.
    """
    metric = verdict.objective if verdict is not None else OBJECTIVE
    ordered = sorted(results, key=lambda result: float(getattr(result, metric)))
    scales = [common_scale([float(getattr(result, name)) for result in results], term(name, "metric").unit) for name in IN_SHORT.values()]
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True, max_width=_NAME)
    for name, (_, unit) in zip(IN_SHORT, scales, strict=True):
        table.add_column(Text(f"{name}\n{unit}", justify="right"), justify="right", no_wrap=True)
    table.add_column("largest loss\nof the time")
    table.add_column("largest bound\non the time")
    for result in ordered:
        figures = [significant(float(getattr(result, name)) * factor) for name, (factor, _) in zip(IN_SHORT.values(), scales, strict=True)]
        table.add_row(result.name, *figures, _loss(result), _bound(result))
    return Stacked(table)


def _loss(result: Result) -> Text:
    cause, share = largest_loss(result)
    return _share(share, label(cause, "cause")) if cause else _share(0.0, "")


def _bound(result: Result) -> Text:
    name, cycles = result.activity.bounds.largest
    return _share(cycles / result.cycles if result.cycles else 0.0, label(name, "bound"))


def _share(share: float, word: str) -> Text:
    """The share stands first: where room is scarce the word is cut, and no number."""
    text = f"{share:>3.0%} {word.replace(' and ', ', ')}" if share else "  –"
    return Text(text, no_wrap=True, overflow="ellipsis")


def parts_lines(result: Result) -> RenderableType:
    """Where one machine's time, energy and area go: the largest of each, as shares; and the operations that take the most cycles."""
    energy = {name: value for name, value in result.energy_pj_by_component.items() if value}
    area = {name: value for name, value in on_fabric(result.area_mm2_by_component).items() if value}
    lines = [
        ("time", _largest(result.unit_cycles, "cause")),
        ("energy", _largest(energy, "component")),
        ("area", _largest(area, "component")),
        ("longest", _longest(result)),
    ]
    return beside(lines)


def beside(lines: Sequence[tuple[str, str]]) -> RenderableType:
    """Names, and what is said of each, which goes on below itself and not below its name."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for name, said in lines:
        table.add_row(Text(name), Text(said))
    return table


def _largest(parts: Mapping[str, float], section: str) -> str:
    total = sum(parts.values())
    ordered = sorted(parts, key=lambda name: -parts[name])[:_PARTS]
    return ", ".join(f"{label(name, section)} {percent(parts[name] / total)}" for name in ordered if total)  # type: ignore[arg-type]


def _longest(result: Result) -> str:
    ordered = sorted(result.operations, key=lambda entry: -entry.cycles)[:_PARTS]
    return ", ".join(f"{entry.name} {percent(entry.cycles / result.cycles)}" for entry in ordered if result.cycles)
