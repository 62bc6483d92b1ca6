"""A machine before it runs: area tree, peak rates, derived sizes, the paths that bound its clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.activity import Counts
from simulator.cost import Counted, Hardware, Technology
from simulator.cost.types import ComponentCost, Cost
from simulator.cost.words import BRANCHES
from simulator.kinds import kind_of
from simulator.machine.model import Elaborated, Machine
from simulator.pricing import elaborate, pricer_of, technology_of
from simulator.report.glossary import components, label
from simulator.report.inspection.paths import deepest_path, paths_record, paths_table
from simulator.report.numbers import percent, significant
from simulator.result import bandwidths

if TYPE_CHECKING:
    from rich.console import RenderableType


def machine_record(machine: Machine) -> dict[str, Any]:
    """Derived sizes, peak rates, the paths that bound the clock, and area by component, as JSON values."""
    elaborated, hardware, cost, technology = _priced(machine)
    return {
        "name": machine.name,
        "technology": cost.technology,
        "area_mm2": cost.area_mm2,
        "fabric_area_mm2": cost.fabric_area_mm2,
        "area_mm2_by_component": cost.area_mm2_by_component(),
        "peak": _peak_rates(elaborated),
        "derived": _derived(elaborated),
        "paths": paths_record(elaborated, technology),
        "floorplan_mm": _ways(hardware),
    }


def machine_table(machine: Machine) -> RenderableType:
    """The area tree, the peak rates, the sizes that follow from the file, and the paths that bound the clock."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from simulator.report.layout import Stacked

    elaborated, hardware, cost, technology = _priced(machine)
    sizes = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    sizes.add_column()
    sizes.add_column(justify="right")
    for name, value in (_peak_rates(elaborated) | _derived(elaborated)).items():
        words, unit = _worded(name)
        sizes.add_row(words, significant(value, 4) if isinstance(value, float) else f"{value:,}", unit)
    for name, value in _ways(hardware).items():
        sizes.add_row(f"floorplan: {name.replace('_', ' ')}", significant(value), "mm")
    return Group(
        Text(f"{machine.name}: {significant(cost.area_mm2)} mm² of die at {cost.technology}\n", style="bold"),
        _area_tree(cost),
        Text("\npeak rates and derived sizes", style="bold"),
        Stacked(sizes),
        Text("\npaths that bound the clock", style="bold"),
        paths_table(elaborated, technology),
        *[Text(note, style="dim") for note in _notes(cost)],
    )


def machine_summary(machine: Machine) -> RenderableType:
    """What a terminal shows first: area by the branches of its tree, the peak rates, and the deepest path of a cycle."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from simulator.report.layout import Stacked

    elaborated, _, cost, technology = _priced(machine)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("", "die mm²", "share"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for branch, members in _branches(cost).items():
        total = sum(part.die_mm2 for part in members)
        table.add_row(branch, significant(total), percent(total / cost.area_mm2))
    rates = {level: value.available for level, value in bandwidths(elaborated, Counts(), 1).items()}
    tops = _peak_rates(elaborated)["peak_tops"]
    levels = ", ".join(f"{label(level, 'bandwidth')} {significant(float(rate))}" for level, rate in rates.items())
    return Group(
        Text(f"{machine.name}: {significant(cost.area_mm2)} mm² of die at {cost.technology}\n", style="bold"),
        Stacked(table),
        Text(f"\npeak: {machine.multipliers:,} multipliers at {machine.clock_ghz:g} GHz, {significant(tops)} TOPS"),
        Text(f"GB/s: {levels}"),
        Text(f"clock: {deepest_path(elaborated, technology)}"),
        Text("every component, size and path, and what is assumed: --full", style="dim"),
    )


def _branches(cost: Cost) -> dict[str, list[ComponentCost]]:
    """Components that have an area, by the branches of the area tree, in its order."""
    parts, known = {part.name: part for part in cost.components}, components()
    branches = dict.fromkeys((*BRANCHES, *(entry.branch for entry in known)))
    found = {branch: [parts[entry.name] for entry in known if entry.branch == branch and entry.name in parts] for branch in branches}
    return {branch: members for branch, members in found.items() if sum(part.die_mm2 for part in members)}


def _priced(machine: Machine) -> tuple[Elaborated, Hardware, Cost, Technology]:
    """Elaborate the machine and price one idle cycle of it: areas do not depend on what runs."""
    technology = technology_of(machine)
    elaborated = elaborate(machine, technology)
    pricer = pricer_of(elaborated, technology)
    return elaborated, pricer.hardware, pricer.price(Counted(Counts(), 1)), technology


def _ways(hardware: Hardware) -> dict[str, float]:
    """Sides of a cluster and of what stands in its middle, and ways to it, in mm; none of a machine without clusters."""
    plan = hardware.floorplan
    if plan is None:
        return {}
    if not len(plan.units):
        return {"side_of_a_cluster": plan.side_mm, "way_from_a_bank_to_its_unit": plan.bank_way_mm}
    return {
        "side_of_a_cluster": plan.side_mm,
        "side_of_its_network": plan.core_side_mm,
        "way_from_a_bank_to_the_network": plan.bank_way_mm,
        "way_from_the_network_to_a_unit": plan.unit_way_mm,
    }


def _area_tree(cost: Cost) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    from simulator.report.layout import Stacked

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("component", "instances", "cells mm²", "placed mm²", "die mm²", "share"):
        table.add_column(heading, justify="left" if heading == "component" else "right", no_wrap=True)
    for branch, members in _branches(cost).items():
        total = sum(part.die_mm2 for part in members)
        table.add_row(Text(branch, style="bold"), "", "", "", Text(significant(total), style="bold"), percent(total / cost.area_mm2))
        for part in members if len(members) > 1 else []:
            areas = [significant(area) for area in (part.cell_mm2, part.placed_mm2, part.die_mm2)]
            share = Text(percent(part.die_mm2 / cost.area_mm2), style="dim")
            table.add_row(f"  {label(part.name, 'component')}", f"{part.instances:,}", *areas, share)
    return Stacked(table)


def _peak_rates(elaborated: Elaborated) -> dict[str, float]:
    machine = elaborated.machine
    rates = {level: value.available for level, value in bandwidths(elaborated, Counts(), 1).items()}
    return {
        "peak_tops": 2e-3 * machine.multipliers * machine.clock_ghz,
        **{f"{level}_gb_per_s": float(rate) for level, rate in rates.items()},
        "multipliers_per_dram_byte": machine.multipliers / elaborated.dram_bytes_per_cycle,
    }


def _derived(elaborated: Elaborated) -> dict[str, float]:
    machine = elaborated.machine
    return {
        "multipliers": machine.multipliers,
        "clock_ghz": machine.clock_ghz,
        "dram_latency_cycles": elaborated.dram_latency_cycles,
        **kind_of(machine).derived(elaborated),
    }


def _worded(name: str) -> tuple[str, str]:
    """A key as words and its unit: `dram_gb_per_s` is (`DRAM`, `GB/s`)."""
    for suffix, unit in _UNITS.items():
        if name.endswith(suffix):
            stem = name.removesuffix(suffix)
            return (f"peak bandwidth: {label(stem, 'bandwidth')}" if unit == "GB/s" else stem.replace("_", " ")), unit
    return name.replace("_", " "), ""


_UNITS = {"_tops": "TOPS", "_gb_per_s": "GB/s", "_ghz": "GHz", "_bytes": "bytes", "_bits": "bits", "_kib": "KiB", "_cycles": "cycles"}


def _notes(cost: Cost) -> list[str]:
    notes = [f"{label(part.name, 'component')}: {note}" for part in cost.components for note in part.notes]
    return ["", *dict.fromkeys(notes)] if notes else []
