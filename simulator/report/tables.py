"""Terminal tables: a run or several, with metrics in rows and footnotes that define them; its operations; its components."""

from __future__ import annotations

import io
from collections.abc import Sequence

from msgspec import Struct
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.activity import CAUSES, IDEAL_PARTS
from simulator.cost.types import SPREAD, ComponentCost, Power
from simulator.report.console import Console
from simulator.report.glossary import label, term
from simulator.report.layout import Fitted, Stacked, Whole
from simulator.report.numbers import common_scale, percent, significant, times
from simulator.result import METRICS, Result
from simulator.terms import Metric

TABLE_METRICS: tuple[str, ...] = (
    "cycles",
    "seconds",
    "bound_cycles",
    "utilization",
    "effective_tops",
    "dense_equivalent_tops",
    "fabric_area_mm2",
    "cell_area_mm2",
    "placed_area_mm2",
    "area_mm2",
    "fabric_energy_pj",
    "energy_pj",
    "fabric_power_w",
    "power_w",
    "dynamic_power_w",
    "clock_power_w",
    "leakage_power_w",
    "power_density_w_per_mm2",
    "peak_power_density_w_per_mm2",
    "junction_c",
    "peak_junction_c",
    "tops_per_w",
    "tops_per_mm2",
    "edp_js",
    "edap_js_mm2",
)
"""Metrics of the table, in order."""
_HTML_WIDTH = 110
_HEADINGS = ("cells\nmm²", "placed\nmm²", "die\nmm²", "dynamic\n{0}", "clock\n{0}", "leakage\n{0}", "total\n{0}", "W/mm²", "°C")


def run_table(results: Sequence[Result], ideal_results: Sequence[Result] = ()) -> RenderableType:
    """The table of one or more plain runs, with their ideal repeats where there are any; as many beside each other as have room."""
    return Group(_caption(results[0]), Fitted(len(results), lambda chosen: _metrics_table(results, ideal_results, chosen)))


def _metrics_table(results: Sequence[Result], ideal_results: Sequence[Result], chosen: slice) -> Table:
    """Some of the runs; which figures are best, and what has a row, is of all."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    table.add_column(Text(results[0].workload.name, style="bold"), no_wrap=True)
    table.add_column("", style="dim", no_wrap=True)
    for result in results[chosen]:
        table.add_column(result.machine.name, justify="right", no_wrap=True)
    rows = _Rows(table, chosen)
    for name in TABLE_METRICS:
        _metric_row(rows, results, METRICS[name])
    rows.heading("bounds: no run is quicker")
    _bound_rows(rows, results)
    rows.heading("causes of unit-cycles")
    _cause_rows(rows, results)
    if any(result.hot_components or result.is_hot for result in results):
        rows.heading("hotter than the limit")
        _hot_rows(rows, results)
    if ideal_results:
        rows.heading(f"repeat with an ideal {' and '.join(IDEAL_PARTS[ideal_results[0].ideal])}")
        _ideal_rows(rows, results, ideal_results)
    return table


class _Rows(Struct, frozen=True):
    """A table that shows some of the runs."""

    table: Table
    chosen: slice

    def add_row(self, label: str, unit: str, *cells: RenderableType) -> None:
        """A row of cells of all runs."""
        self.table.add_row(label, unit, *cells[self.chosen])

    def heading(self, text: str) -> None:
        """An empty row, then a line of text over the columns."""
        self.table.add_row()
        self.table.add_row(Text(text, style="bold"))


def as_html(shown: RenderableType) -> str:
    """What notebooks show: the same table, monospaced."""
    console = Console(markup=False, file=io.StringIO(), record=True, width=_HTML_WIDTH, color_system="truecolor", highlight=False)
    console.print(shown)
    return console.export_html(inline_styles=True, code_format='<pre style="line-height: 1.25">{code}</pre>')


def operations_table(result: Result) -> RenderableType:
    """One row an operation: where the time and the energy of a run went."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("operation", no_wrap=True)
    factor, unit = common_scale([entry.energy_pj for entry in result.operations], "pJ")
    headings = ("M×K×N", "cycles", "compute\ncycles", "utili-\nzation", f"energy\n{unit}", "W\nvalues", "W\nmetadata", "largest\nbound")
    for heading in headings:
        table.add_column(heading, justify="left" if heading.startswith("largest") else "right", no_wrap=not heading.startswith("largest"))
    for entry in result.operations:
        counts = entry.activity.counts
        bound, _ = entry.activity.bounds.largest
        table.add_row(
            entry.name,
            str(entry.operation.shape),
            f"{entry.cycles:,}",
            f"{entry.compute_cycles:,}",
            percent(entry.utilization),
            significant(entry.energy_pj * factor),
            _bytes(counts.weight_value_bytes),
            _bytes(counts.weight_metadata_bytes),
            Text(term(bound, "bound").label, no_wrap=True, overflow="ellipsis"),
        )
    cycles = Text("  · cycles: from the end of the operation before to the end of this one; these add up to the run's", style="dim")
    whole = result.activity.counts
    weights = (
        f"bytes of W that were fetched; of the whole run {_bytes(whole.weight_value_bytes)} are values "
        f"and {_bytes(whole.weight_metadata_bytes)} metadata, which tells where the nonzeros are"
    )
    notes = _footnote(" ·", term("compute_cycles").label, term("compute_cycles").short), _footnote(" ·", "W values, W metadata", weights)
    return Group(Stacked(table), Text(), cycles, *notes)


def _bytes(count: int) -> str:
    """`606 kB`, `4.23 MB`."""
    for factor, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= factor:
            return f"{significant(count / factor)} {unit}"
    return f"{count} B"


def _caption(result: Result) -> Text:
    useful, dense = result.useful_macs, result.dense_macs
    share = percent(useful / dense) if dense else "0 %"
    return Text(
        f"{useful:,} useful MACs of {dense:,} dense ones ({share}); "
        f"{result.technology}, {result.machine.clock_ghz:g} GHz, {result.engine} engine\n",
        style="dim",
    )


def _metric_row(table: _Rows, results: Sequence[Result], metric: Metric[float]) -> None:
    values = [float(metric.formula(result)) for result in results]
    entry, better = metric.term, metric.better
    factor, unit = common_scale(values, entry.unit)
    best = {"low": min, "high": max}[better](values) if better and len(values) > 1 else None
    cells = []
    for value in values:
        text = percent(value) if entry.unit == "%" else f"{value:,.0f}" if entry.unit in ("", "cycles") else significant(value * factor)
        cells.append(Text(text, style="bold green" if best is not None and value == best else ""))
    table.add_row(entry.label, "" if unit == "%" else unit, *cells)


def _bound_rows(table: _Rows, results: Sequence[Result]) -> None:
    for name in results[0].bounds:
        cells = []
        for result in results:
            cycles, binds = result.bounds[name], result.activity.bounds.largest[0] == name
            cells.append(Text(f"{cycles:,}" if cycles else "–", style="bold" if binds else ""))
        table.add_row(f"  {term(name, 'bound').label}", "cycles", *cells)
    ratios = [times(result.cycles / result.bound_cycles) if result.bound_cycles else "–" for result in results]
    table.add_row(f"  {term('cycles_over_bound').label}", "", *ratios)


def _cause_rows(table: _Rows, results: Sequence[Result]) -> None:
    for cause in CAUSES:
        counts = [result.unit_cycles.get(cause, 0) for result in results]
        if any(counts):
            totals = [sum(result.unit_cycles.values()) for result in results]
            shares = [percent(count / total) if count else "–" for count, total in zip(counts, totals, strict=True)]
            table.add_row(f"  {term(cause, 'cause').label}", "", *shares)


def _hot_rows(table: _Rows, results: Sequence[Result]) -> None:
    """The limit, then what is above it on any machine: figures above it stand out, and a dash is below it."""
    table.add_row("  limit", "W/mm²", *[f"{result.machine.power_density_limit_w_per_mm2:g}" for result in results])
    if any(result.is_hot for result in results):
        average = [_hot(result.power_density_w_per_mm2) if result.is_hot else Text("–") for result in results]
        table.add_row("  the die's average", "W/mm²", *average)
    for name in dict.fromkeys(name for result in results for name in result.hot_components):
        cells = [_hot(result.hot_components[name]) if name in result.hot_components else Text("–") for result in results]
        table.add_row(f"  {term(name, 'component').label}", "W/mm²", *cells)


def _hot(density: float) -> Text:
    return Text(f"{significant(density)} !", style="bold red")


def _ideal_rows(table: _Rows, results: Sequence[Result], ideal_results: Sequence[Result]) -> None:
    pairs = list(zip(results, ideal_results, strict=True))
    factor, unit = common_scale([result.seconds for result in results], "s")
    table.add_row("  cycles", "", *[f"{ideal.cycles:,}" for _, ideal in pairs])
    table.add_row("  time", unit, *[significant(ideal.seconds * factor) for _, ideal in pairs])
    shares = [(plain.cycles - ideal.cycles) / plain.cycles if plain.cycles else 0.0 for plain, ideal in pairs]
    table.add_row(f"  {term('ideal_saving').label}", "", *[percent(share) for share in shares])


def footnotes(results: Sequence[Result]) -> RenderableType:
    """What every row of the table means; a file says it once, and `sparsim explain` at any time."""
    notes = [METRICS[name].term for name in TABLE_METRICS]
    notes += [term(name, "bound") for name in results[0].bounds]
    causes = [cause for cause in CAUSES if any(result.unit_cycles.get(cause, 0) for result in results)]
    notes += [term(cause, "cause") for cause in causes]
    return Group(*[_footnote(" ·", entry.label, entry.short) for entry in notes])


def _footnote(mark: str, name: str, text: str) -> RenderableType:
    return Text.assemble((f"{mark:>2} {name}: ", "dim bold"), (text, "dim"))


def run_details(result: Result) -> RenderableType:
    """What `run` shows below its table: the operations, then the components."""
    return Group(operations_table(result), Text(), components_table(result))


def components_table(result: Result) -> RenderableType:
    """Areas, mean power and power density of every component; what is above the machine's limit is marked."""
    factor, unit = common_scale([power.total_w for power in result.power_by_component.values()], "W")
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("component", no_wrap=True)
    for heading in _HEADINGS:
        table.add_column(heading.format(unit), justify="right", no_wrap=True)
    for part in result.cost.components:
        power = result.power_by_component[part.name]
        if part.die_mm2 or power.total_w:
            heat = _density(result, part.name), _celsius(result, part.name)
            table.add_row(label(part.name, "component"), *_areas(part), *_watts(power, factor), *heat)
    totals = [significant(area) for area in (result.cell_area_mm2, result.placed_area_mm2, result.area_mm2)]
    cells = ("all", *totals, *_watts(result.cost.power, factor), "", significant(result.junction_c))
    table.add_row(*[Text(cell, style="bold") for cell in cells])
    notes = [
        "· cells: synthesised, and bare macros; placed: with the room of placement; die: with that of the floorplan",
        f"· °C: in a package at an ambient of {result.machine.thermal.ambient_c:g} °C, leaking at that temperature; all: the die's mean",
        "· dynamic: what counters and control do; clock: pins and tree; W/mm²: total ÷ die area; * ÷ the fabric's",
        f"· !: above {result.machine.power_density_limit_w_per_mm2:g} W/mm²; the die's average, without DRAM and its PHY, is "
        f"{significant(result.power_density_w_per_mm2)} W/mm²",
    ]
    return Group(Whole(table), Text(), *[Text(f"  {note}", style="dim") for note in notes])


def _areas(part: ComponentCost) -> list[str]:
    return [significant(area) if part.die_mm2 else "–" for area in (part.cell_mm2, part.placed_mm2, part.die_mm2)]


def _watts(power: Power, factor: float) -> list[str]:
    return [significant(watts * factor) if watts else "–" for watts in (power.dynamic_w, power.clock_w, power.leakage_w, power.total_w)]


def _celsius(result: Result, name: str) -> str:
    return significant(result.junction_c_by_component[name]) if name in result.junction_c_by_component else "–"


def _density(result: Result, name: str) -> Text:
    density = result.power_density_by_component.get(name)
    if density is None:
        return Text("–")
    hot = name in result.hot_components
    return Text(f"{significant(density)}{'*' if name in SPREAD else ''}{' !' if hot else ''}", style="bold red" if hot else "")
