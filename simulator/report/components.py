"""The components of one run: three areas, power by kind, power density."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.cost.types import SPREAD, ComponentCost, Power
from simulator.report.glossary import label
from simulator.report.numbers import common_scale, significant
from simulator.report.tables import Whole, operations_table
from simulator.result import Result

_HEADINGS = ("cells mm²", "placed mm²", "die mm²", "dynamic {0}", "clock {0}", "leakage {0}", "total {0}", "W/mm²")


def run_details(result: Result) -> RenderableType:
    """What `run` shows below its table: the operations, then the components."""
    return Group(operations_table(result), Text(), components_table(result))


def components_table(result: Result) -> RenderableType:
    """Areas, mean power and power density of every component; what is above the machine's limit is marked."""
    factor, unit = common_scale([power.total_w for power in result.power_by_component.values()], "W")
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    table.add_column("component", no_wrap=True)
    for heading in _HEADINGS:
        table.add_column(heading.format(unit), justify="right", no_wrap=True)
    for part in result.cost.components:
        power = result.power_by_component[part.name]
        if part.die_mm2 or power.total_w:
            table.add_row(label(part.name, "component"), *_areas(part), *_watts(power, factor), _density(result, part.name))
    totals = [significant(area) for area in (result.cell_area_mm2, result.placed_area_mm2, result.area_mm2)]
    table.add_row(*[Text(cell, style="bold") for cell in ("all", *totals, *_watts(result.cost.power, factor), "")])
    notes = [
        "· cells: synthesised, and bare macros; placed: with the room of placement; die: with that of the floorplan",
        "· dynamic: what counters and control do; clock: pins and tree; W/mm²: total ÷ die area; * ÷ the fabric's",
        f"· !: above {result.machine.power_density_limit_w_per_mm2:g} W/mm²; the die's average, without DRAM and its PHY, is "
        f"{significant(result.power_density_w_per_mm2)} W/mm²",
    ]
    return Group(Whole(table), Text(), *[Text(f"  {note}", style="dim") for note in notes])


def _areas(part: ComponentCost) -> list[str]:
    return [significant(area) if part.die_mm2 else "–" for area in (part.cell_mm2, part.placed_mm2, part.die_mm2)]


def _watts(power: Power, factor: float) -> list[str]:
    return [significant(watts * factor) if watts else "–" for watts in (power.dynamic_w, power.clock_w, power.leakage_w, power.total_w)]


def _density(result: Result, name: str) -> Text:
    density = result.power_density_by_component.get(name)
    if density is None:
        return Text("–")
    hot = name in result.hot_components
    return Text(f"{significant(density)}{'*' if name in SPREAD else ''}{' !' if hot else ''}", style="bold red" if hot else "")
