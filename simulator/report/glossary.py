"""The one place that says what each metric means: tables, docs and `sparsim explain` all read it."""

from __future__ import annotations

from simulator.errors import ConfigError
from simulator.report.counters import COUNTERS
from simulator.report.term import SECTIONS, Section, Term
from simulator.specs import nearest


def _metric(name: str, label: str, unit: str, short: str, more: str = "") -> Term:
    return Term(name, "metric", label, unit, short, more)


def _figure(name: str, label: str, unit: str, short: str) -> Term:
    return Term(name, "pattern", label, unit, short)


def _cause(name: str, label: str, short: str, more: str = "") -> Term:
    return Term(name, "cause", label, "unit-cycles", short, more)


def _bound(name: str, label: str, short: str, more: str = "") -> Term:
    return Term(name, "bound", label, "cycles", short, more)


def _level(name: str, label: str, short: str, more: str = "") -> Term:
    return Term(name, "bandwidth", label, "GB/s", short, more)


def _part(name: str, label: str, short: str, more: str = "") -> Term:
    return Term(name, "component", label, "mm², pJ", short, more)


_METRICS = (
    _metric(
        "cycles",
        "cycles",
        "",
        "clock cycles from the first fetch to the last write-back",
        "Everything overlaps as the hardware would overlap it; the run ends when the last output is in the activation buffer or in DRAM.",
    ),
    _metric("seconds", "time", "s", "cycles ÷ clock"),
    _metric(
        "bound_cycles",
        "largest bound",
        "cycles",
        "the fewest cycles that the busiest single part would allow; no run is quicker",
        "The largest of the bounds. The distance between it and the cycles is what the parts lose by waiting for one another.",
    ),
    _metric(
        "utilization",
        "utilization",
        "%",
        "useful MACs ÷ (multipliers × cycles)",
        "Counts only pairs of nonzero operands; a multiplier that works on a zero is not utilized.",
    ),
    _metric("useful_macs", "useful MACs", "", "pairs of nonzero operands: the same number on every machine"),
    _metric("dense_macs", "dense MACs", "", "M × K × N, summed over the operations"),
    _metric("effective_tops", "effective", "TOPS", "useful MACs × 2 ÷ time"),
    _metric(
        "dense_equivalent_tops",
        "dense-equivalent",
        "TOPS",
        "dense MACs × 2 ÷ time: what a machine that skips nothing would need",
        "May exceed the multipliers' peak, because work with a zero operand counts although it was skipped.",
    ),
    _metric(
        "cell_area_mm2",
        "cell area",
        "mm²",
        "synthesised cells and bare SRAM macros, with the share of the DRAM PHY as drawn",
        "What a synthesis report gives. Papers mix cell, placed and die area; they are three numbers.",
    ),
    _metric(
        "placed_area_mm2",
        "placed area",
        "mm²",
        "cells and macros with the room that their placement takes",
        "Cells ÷ 0.65, macros × 1.35 and crossbars by the law of their layout, unless the technology says otherwise.",
    ),
    _metric(
        "area_mm2",
        "die area",
        "mm²",
        "all components placed and routed, with the share of the DRAM PHY",
        "The sum of the components' die areas: placed area divided by the floorplan's utilization.",
    ),
    _metric("fabric_area_mm2", "fabric area", "mm²", "die area without the DRAM PHY"),
    _metric(
        "energy_pj",
        "energy",
        "pJ",
        "of the run, leakage and DRAM included",
        "Σ action count × energy of the action + leakage power × time.",
    ),
    _metric("fabric_energy_pj", "fabric energy", "pJ", "energy without DRAM and its PHY"),
    _metric("power_w", "power", "W", "energy ÷ time: mean power, DRAM included"),
    _metric("fabric_power_w", "fabric power", "W", "fabric energy ÷ time"),
    _metric(
        "dynamic_power_w", "dynamic power", "W", "mean power of what components do, DRAM included; with clock and leakage it is the power"
    ),
    _metric("clock_power_w", "clock power", "W", "mean power of clock pins and clock tree, whether anything works or not"),
    _metric("leakage_power_w", "leakage power", "W", "power that flows whether or not anything is clocked"),
    _metric(
        "power_density_w_per_mm2",
        "power density",
        "W/mm²",
        "fabric power ÷ fabric area: the die's average",
    ),
    _metric(
        "peak_power_density_w_per_mm2",
        "peak power density",
        "W/mm²",
        "the hottest component: its power ÷ its die area",
        "Wires have no place of their own: the heat of broadcasts, cluster wires and the drain bus is spread over the fabric. "
        "Components above the machine's `power_density_limit_w_per_mm2` are flagged.",
    ),
    _metric("tops_per_w", "energy efficiency", "TOPS/W", "effective TOPS ÷ power, DRAM included"),
    _metric("tops_per_mm2", "area efficiency", "TOPS/mm²", "effective TOPS ÷ die area"),
    _metric("edp_js", "energy-delay", "J·s", "energy × time, DRAM included"),
    _metric(
        "edap_js_mm2",
        "energy-delay-area",
        "J·s·mm²",
        "energy × time × fabric area: the verdict's overall figure",
        "Lower is better. Energy includes DRAM; area leaves out its PHY, which is the same for all machines with the same DRAM.",
    ),
    _metric(
        "compute_cycles",
        "compute cycles",
        "cycles",
        "the fabric's own cycles, without waiting for memory (an operation's)",
        "Cycles of the operation's tiles as if every operand were there when it is needed.",
    ),
    _metric(
        "unit_cycles",
        "unit-cycles",
        "",
        "units × cycles, each with exactly one cause",
        "A unit is a vector unit, or a cell of a systolic array. The causes add up to units × cycles, exactly; "
        "see the causes for the order in which they apply.",
    ),
    _metric(
        "cycles_over_bound",
        "cycles ÷ largest bound",
        "",
        "1 if the busiest part never waited; the rest is lost by parts that wait for one another",
    ),
    _metric(
        "ideal_saving",
        "time that it costs",
        "%",
        "the share of its cycles that a run saves when that part is made perfect (--ideal)",
    ),
    _metric("bounds", "bounds", "cycles", "the fewest cycles that each part alone would allow"),
    _metric("bandwidth_gb_per_s", "bandwidth", "GB/s", "mean bytes a second used at each level, beside what the level can do (10⁹ bytes)"),
    _metric("area_mm2_by_component", "die area by component", "mm²", "each component's share of the die; these add up to the die area"),
    _metric("energy_pj_by_component", "energy by component", "pJ", "each component's energy, leakage included; these add up to the energy"),
    _metric("power_w_by_component", "power by component", "W", "each component's mean power: dynamic, clock, leakage, total"),
    _metric(
        "power_density_by_component",
        "power density by component",
        "W/mm²",
        "each component's power ÷ its die area; that of wires all over the fabric ÷ the fabric's",
    ),
    _metric("power_density_limit_w_per_mm2", "power density limit", "W/mm²", "above it a component is flagged: a key of the machine file"),
    _metric("hot_components", "hot components", "W/mm²", "the components above the limit, the hottest first"),
    _metric("is_hot", "hot die", "", "whether the die's average is above the limit"),
)

_PATTERN = (
    _figure("shape", "shape", "", "W is M output features × K input features, X is K input features × N tokens"),
    _figure("nnz", "nonzeros", "", "entries of the operand that are not zero"),
    _figure("density", "density", "%", "nonzeros ÷ size; sparsity = 1 − density"),
    _figure("row_degree_cv", "row CV", "", "skew of the rows: standard deviation ÷ mean of the nonzeros a row, empty rows included"),
    _figure("col_degree_cv", "col CV", "", "skew of the columns: standard deviation ÷ mean of the nonzeros a column, empty ones included"),
    _figure("row_max_over_mean", "row max", "", "nonzeros of the fullest row ÷ their mean over all rows"),
    _figure("col_max_over_mean", "col max", "", "nonzeros of the fullest column ÷ their mean over all columns"),
    _figure("empty", "empty", "", "rows + columns without a nonzero (`empty_rows`, `empty_cols` in JSON)"),
)

_CAUSES = (
    _cause(
        "computing",
        "computing",
        "the unit's multipliers have operands this cycle",
        "In a systolic array cells with a zero operand (gated) count here too.",
    ),
    _cause("memory", "memory", "no tile is running: its operands are not on chip yet, or results are on their way out"),
    _cause("drain", "drain", "the unit's last rows are still being added up and written"),
    _cause(
        "imbalance",
        "imbalance",
        "the unit has nothing left to do, and waits for slower ones at the barrier",
        "In a systolic array: cells outside the edge of the operation's last fold.",
    ),
    _cause("bank_conflict", "bank conflict", "its oldest request lost to another one for the same memory bank, or queues at the bank"),
    _cause(
        "network_contention",
        "network contention",
        "its oldest request or reply is blocked by anything else: another's queue, a full buffer",
    ),
    _cause("latency", "latency", "its oldest request moves and nothing blocks it; the pipeline is just that long"),
    _cause("accumulators_full", "accumulators full", "no accumulator is free for the next row"),
    _cause("issue", "issue", "nothing is outstanding: the first cycle, or list entries that were only dropped"),
    _cause("fill_drain", "fill and drain", "systolic: operands are being loaded, or the skew fills or empties the array"),
)

_BOUNDS = (
    _bound("unit_cycles", "units", "the busiest unit's work (systolic: the array's multiply slots)"),
    _bound("word_cycles", "hot word", "accesses to the most wanted word of each tile, which no placement can spread"),
    _bound("bank_cycles", "banks", "accesses of the busiest bank port"),
    _bound("network_cycles", "network", "flits through the busiest network port"),
    _bound("buffer_cycles", "buffer and trunks", "the busiest of the trunks, the drain bus and the activation buffer's ports"),
    _bound("dram_cycles", "DRAM", "DRAM bytes ÷ effective DRAM bandwidth"),
)

_LEVELS = (
    _level("dram", "DRAM", "bytes read and written ÷ time; available: devices × share × streaming efficiency"),
    _level("buffer", "activation buffer", "bytes through the buffer's read and write ports; available: both ports"),
    _level("x_trunk", "X trunk (fill)", "activations on their way to the copies; a broadcast counts once"),
    _level("w_trunk", "W trunk (fill)", "weights on their way to the units; a broadcast counts once"),
    _level("drain_bus", "drain bus", "finished rows on their way out"),
    _level("banks", "operand banks", "words read from the activation banks (systolic: from the X and W operand buffers)"),
    _level(
        "network",
        "network",
        "words that reach units (scatter: sums that reach banks; both: either); available: its narrower side",
    ),
)

_COMPONENTS = (
    _part("x_banks", "activation banks", "SRAM banks that hold the copies of the activation tile, both halves"),
    _part("x_buffer", "activation banks (systolic)", "operand buffer that streams activations into the array, both halves"),
    _part(
        "presence_bits",
        "presence bits",
        "one bit a word and copy, which lets a unit drop all-zero words; systolic: one a step or fold, and their scanner",
    ),
    _part("weight_banks", "weight banks", "each unit's own list of weights, both halves"),
    _part("w_buffer", "weight banks (systolic)", "operand buffer of the weights, both halves, and the valid bits of its words"),
    _part("output_banks", "output banks", "each unit's own partial sums and finished rows, both halves"),
    _part("y_buffer", "output banks (systolic)", "partial sums and finished outputs of the array, both halves"),
    _part("landing_registers", "landing registers", "where replies land: one word for each slot of a unit's window"),
    _part("mac_lanes", "multipliers", "multiply-add lanes of the vector units"),
    _part(
        "pe_array",
        "multipliers (systolic)",
        "processing elements: multiplier, adder and registers between neighbours, selection of N:M weights",
    ),
    _part("accumulators", "accumulators", "open rows of the units and the tree that merges their partial sums"),
    _part("request_network", "request network", "crossbars that carry requests from units to banks, with their arbiters"),
    _part("reply_network", "reply network", "crossbars that carry words from banks to units"),
    _part("queues", "queues", "input buffers of the networks and of the banks"),
    _part("fill_broadcast", "fill broadcast", "wires and repeaters that carry fills to every copy"),
    _part("cluster_wires", "cluster wires", "wires between a bank, the network and a unit, outside the crossbar"),
    _part("drain_bus", "drain bus", "wires and repeaters that carry finished rows out"),
    _part("activation_buffer", "activation buffer", "on-chip memory of the tensors that live between operations"),
    _part("dma_staging", "DMA staging", "registers of the engine that moves data between DRAM, buffer and trunks"),
    _part("clock_and_control", "clock and control", "clock tree and control logic, an explicit allowance"),
    _part("dram_phy", "DRAM PHY", "the share of the DRAM interface on the die"),
    _part("dram", "DRAM", "the devices themselves: energy only, no area on this die"),
)

TERMS: tuple[Term, ...] = _METRICS + _CAUSES + _BOUNDS + _LEVELS + _COMPONENTS + _PATTERN + COUNTERS
"""All terms, in the order of the docs. `drain_bus` is both a level and a component, `unit_cycles` a metric and a bound."""


def term(name: str, section: Section | None = None) -> Term:
    """The first term of that name (and section). Raises ConfigError with the nearest name where there is none."""
    return terms(name, section)[0]


def terms(name: str, section: Section | None = None) -> tuple[Term, ...]:
    """All terms of that name, then those of that label: the same word may be a metric and a bound."""
    wanted = name.strip().lower().replace("-", "_").replace(" ", "_")
    pool = [entry for entry in TERMS if section is None or entry.section == section]
    named = [entry for entry in pool if entry.name == wanted]
    labelled = [entry for entry in pool if entry not in named and _slug(entry.label) == wanted]
    if named or labelled:
        return (*named, *labelled)
    names = {entry.name: entry.name for entry in pool} | {_slug(entry.label): entry.name for entry in pool}
    near = nearest(wanted, names)
    hint = f"; did you mean {names[near]}?" if near else "; `sparsim explain` lists all"
    raise ConfigError(f"no metric is called {name!r}{hint}")


def label(name: str, section: Section | None = None) -> str:
    """What tables and plots call it; the name itself, spaced, where the glossary has none."""
    return next((entry.label for entry in TERMS if entry.name == name and section in (None, entry.section)), name.replace("_", " "))


def to_markdown() -> str:
    """The whole glossary as docs/metrics.md."""
    lines = [
        "# Metrics",
        "",
        "What every number in a table, a plot or a result file means. `sparsim explain NAME` prints an entry; this page is made",
        "from the same text.",
        "",
    ]
    for section, heading in SECTIONS.items():
        lines += [f"## {heading}", "", "| name | unit | meaning |", "| --- | --- | --- |"]
        for entry in TERMS:
            if entry.section == section:
                meaning = f"{entry.short}. {entry.more}".rstrip() if entry.more else entry.short
                lines.append(f"| `{entry.name}` ({entry.label}) | {entry.unit or '1'} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def _slug(text: str) -> str:
    return text.lower().replace("-", "_").replace(" ", "_")
