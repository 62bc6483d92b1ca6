"""A machine before it runs: area tree, peak rates, derived sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulator.activity import Counts
from simulator.cost import Counted, load_technology
from simulator.cost.types import Cost
from simulator.kinds.units.flits import reply_layout, request_layout, scatters
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine
from simulator.pricing import elaborate, pricer_of
from simulator.report.glossary import label
from simulator.report.numbers import percent, significant
from simulator.result import bandwidths

if TYPE_CHECKING:
    from rich.console import RenderableType

FAMILIES: dict[str, tuple[str, ...]] = {
    "compute": ("mac_lanes", "pe_array", "accumulators"),
    "operand and output memories": (
        "x_banks",
        "presence_bits",
        "weight_banks",
        "output_banks",
        "x_buffer",
        "w_buffer",
        "y_buffer",
        "landing_registers",
    ),
    "networks": ("request_network", "reply_network", "queues"),
    "distribution": ("fill_broadcast", "cluster_wires", "drain_bus", "dma_staging"),
    "activation buffer": ("activation_buffer",),
    "clock and control": ("clock_and_control",),
    "DRAM interface": ("dram_phy", "dram"),
}
"""Branches of the area tree."""


def machine_record(machine: Machine) -> dict[str, Any]:
    """Derived sizes, peak rates, and area by component, as JSON values."""
    elaborated, cost = _priced(machine)
    return {
        "name": machine.name,
        "technology": cost.technology,
        "area_mm2": cost.area_mm2,
        "fabric_area_mm2": cost.fabric_area_mm2,
        "area_mm2_by_component": cost.area_mm2_by_component(),
        "peak": _peak_rates(elaborated),
        "derived": _derived(elaborated),
    }


def machine_table(machine: Machine) -> RenderableType:
    """The area tree, the peak rates and the sizes that follow from the file."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    elaborated, cost = _priced(machine)
    sizes = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    sizes.add_column()
    sizes.add_column(justify="right")
    for name, value in (_peak_rates(elaborated) | _derived(elaborated)).items():
        words, unit = _worded(name)
        sizes.add_row(words, significant(value, 4) if isinstance(value, float) else f"{value:,}", unit)
    return Group(
        Text(f"{machine.name}: {significant(cost.area_mm2)} mm² of die at {cost.technology}\n", style="bold"),
        _area_tree(cost),
        Text("\npeak rates and derived sizes", style="bold"),
        sizes,
        *[Text(note, style="dim") for note in _notes(cost)],
    )


def _priced(machine: Machine) -> tuple[Elaborated, Cost]:
    """Elaborate the machine and price one idle cycle of it: areas do not depend on what runs."""
    technology = load_technology(machine.technology, machine.technology_overrides)
    elaborated = elaborate(machine, technology)
    return elaborated, pricer_of(elaborated, technology).price(_IDLE)


_IDLE = Counted(Counts(), 1)


def _area_tree(cost: Cost) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    parts = {part.name: part for part in cost.components}
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    for heading in ("component", "instances", "cells mm²", "placed mm²", "die mm²", "share"):
        table.add_column(heading, justify="left" if heading == "component" else "right", no_wrap=True)
    for family, names in FAMILIES.items():
        members = [parts[name] for name in names if name in parts]
        total = sum(part.die_mm2 for part in members)
        if not total:
            continue
        table.add_row(Text(family, style="bold"), "", "", "", Text(significant(total), style="bold"), percent(total / cost.area_mm2))
        for part in members if len(members) > 1 else []:
            areas = [significant(area) for area in (part.cell_mm2, part.placed_mm2, part.die_mm2)]
            share = Text(percent(part.die_mm2 / cost.area_mm2), style="dim")
            table.add_row(f"  {label(part.name, 'component')}", f"{part.instances:,}", *areas, share)
    return table


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
    shared: dict[str, float] = {
        "multipliers": machine.multipliers,
        "clock_ghz": machine.clock_ghz,
        "dram_latency_cycles": elaborated.dram_latency_cycles,
    }
    if machine.fabric.kind == "systolic":
        fabric = machine.systolic
        return shared | {"operand_sram_kib": 2 * (fabric.x_buffer_kib + fabric.w_buffer_kib + fabric.y_buffer_kib)}
    gather = machine.gather
    copies_kib = 2 * gather.clusters * gather.banks_per_copy * gather.bank_kib
    return shared | {
        "clusters": gather.clusters,
        "units_per_cluster": gather.units_per_cluster,
        "banks_per_copy": gather.banks_per_copy,
        "word_bytes": machine.word_bytes,
        "words_per_copy": machine.copy_words,
        "weight_entry_bits": machine.weight_entry_bits(dense=False),
        "row_words_per_output_bank": machine.output_words,
        "network_latency_cycles": elaborated.network_latency if gather.has_network else 0,
        "reply_slices": elaborated.slices if gather.has_network else 0,
        **_network(machine),
        "activation_copies_kib": copies_kib,
        "operand_sram_kib": copies_kib + 2 * gather.units * (gather.weight_bank_kib + gather.output_bank_kib),
    }


def _network(machine: Machine) -> dict[str, float]:
    """Size of the networks of one cluster, and the way of a request through them under uniform traffic."""
    if not machine.gather.has_network:
        return {"routers_per_cluster": 0, "links_between_routers": 0, "routers_passed_by_a_request": 0}
    requests = request_layout(machine)
    built = [requests] if scatters(machine) else [requests, reply_layout(machine)]
    return {
        "routers_per_cluster": sum(layout.router_count for layout in built),
        "links_between_routers": sum(layout.links for layout in built),
        "routers_passed_by_a_request": requests.mean_hops,
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
