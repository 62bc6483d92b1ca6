"""A workload before it runs: shapes, nonzeros, skew, what it asks of banks, all beside a uniform twin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.report.folder import MARKER, new_folder, write_json
from simulator.report.numbers import percent
from simulator.report.pictures import PictureFormat
from simulator.version import package_version
from simulator.workload.stats import PatternStats, bank_stats, pattern_stats
from simulator.workload.twin import uniform_twin
from simulator.workload.types import Operation, Workload

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_NAME = 22
"""Characters of an operation's name in a table; a longer one is cut, so that no number is."""


def workload_record(workload: Workload) -> dict[str, Any]:
    """Shapes, MACs and pattern statistics of every operation, as JSON values."""
    operations = [_operation_record(operation) for operation in workload.operations]
    return {
        "name": workload.name,
        "useful_macs": sum(entry["useful_macs"] for entry in operations),
        "dense_macs": sum(entry["dense_macs"] for entry in operations),
        "operations": operations,
    }


def workload_table(workload: Workload) -> RenderableType:
    """A line an operand: size, density and skew; below, what W asks of banks, and the uniform twin."""
    from rich.console import Group
    from rich.text import Text

    from simulator.report.layout import Whole

    record = workload_record(workload)
    table = _table("operation", "", "shape", "nonzeros", "density", "row CV", "col CV", "row max", "col max", "empty", "useful MACs")
    for entry in record["operations"]:
        useful, dense = entry["useful_macs"], entry["dense_macs"]
        table.add_row(Text(entry["name"], style="bold"), "W", *_cells(entry["weight"]), f"{useful:,}")
        table.add_row(Text(f"  {entry['kind']}", style="dim"), "X", *_cells(entry["activation"]), f"{percent(useful / dense)} of dense")
        if "gradient" in entry:
            table.add_row("", "dY", *_cells(entry["gradient"]), "")
    useful, dense = record["useful_macs"], record["dense_macs"]
    lines = [
        f"{workload.name}: {len(workload.operations)} operation{'' if len(workload.operations) == 1 else 's'}, "
        f"{useful:,} useful MACs of {dense:,} dense ones ({percent(useful / dense)})",
        "W is [M output features, K input features], X is [K input features, N tokens], dY (SDDMM) [M output features, "
        "N tokens]. CV: standard deviation ÷ mean of the nonzeros "
        "a row (column); max: largest ÷ mean; empty: rows + columns without a nonzero. Useful MACs: pairs of nonzero operands.",
    ]
    return Group(Text(lines[0], style="bold"), Text(), Whole(table), Text(), Text(lines[1], style="dim"), Text(), *_twin_table(record))


_SHOWN = 10
"""Operations of the short table: those with the most useful MACs."""


def workload_summary(workload: Workload) -> RenderableType:
    """What a terminal shows first: the whole in a sentence, the operations that do most of it, a line each, and what is worth noting."""
    from rich.console import Group
    from rich.text import Text

    from simulator.report.layout import Stacked

    ordered = sorted(workload.operations, key=lambda op: -op.macs_useful)
    useful, dense = sum(op.macs_useful for op in ordered), sum(op.macs_dense for op in ordered)
    count = f"{len(ordered)} operation{'' if len(ordered) == 1 else 's'}"
    first = f"{workload.name}: {count}, {useful:,} useful MACs of {dense:,} dense ones ({percent(useful / dense)})."
    table = _table("operation", "kind", "M×K×N", "density\nof W", "density\nof X", "useful\nMACs", "of\nall", "row CV\nof W")
    for op in ordered[:_SHOWN]:
        weight = pattern_stats(op.weight)
        table.add_row(
            op.name, op.kind, "×".join(map(str, op.shape)), percent(weight.density), percent(pattern_stats(op.activations).density),
            f"{op.macs_useful:,}", percent(op.macs_useful / useful if useful else 0.0), f"{weight.row_degree_cv:.2f}",
        )  # fmt: skip
    left = len(ordered) - _SHOWN
    more = [Text(f"… and {left} more with fewer useful MACs", style="dim")] if left > 0 else []
    note = "row CV: standard deviation ÷ mean of the nonzeros a row. Columns, banks and the uniform twin of each: --full"
    return Group(Text(first, style="bold"), Text(), Stacked(table), *more, Text(), Text(note, style="dim"))


def _table(*headings: str) -> Table:
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for place, heading in enumerate(headings):
        table.add_column(
            heading,
            justify="left" if place == 0 or heading in ("", "kind") else "right",
            no_wrap=True,
            max_width=_NAME if place == 0 else None,
        )
    return table


def _twin_table(record: dict[str, Any]) -> list[RenderableType]:
    """W of every operation against its uniform twin (in brackets), and how often operands are used again."""
    from rich.text import Text

    from simulator.report.layout import Whole

    table = _table("W against (uniform)", "row CV", "col CV", "conflict 32", "hashed", "load 32", "tile 64", "reuse of W", "of X")
    for entry in record["operations"]:
        real, twin = entry["weight"] | entry["banks"], entry["uniform_twin"]
        pairs = [
            f"{real[key]:.2f} ({twin[key]:.2f})"
            for key in ("row_degree_cv", "col_degree_cv", "conflict32", "conflict32_hashed", "load32_max_over_mean", "tile64_cv")
        ]
        table.add_row(Text(entry["name"], style="bold"), *pairs, f"{entry['weight_reuse']:.1f}", f"{entry['activation_reuse']:.1f}")
    footnote = (
        "In brackets the same of one uniform twin: as many nonzeros at random places. Conflict 32: of 32 consecutive nonzeros, the most "
        "distinct columns in one of 32 banks, column k in bank k mod 32; hashed: in the XOR of k's base-32 digits. Load 32: busiest of "
        "32 banks ÷ mean. Tile 64: CV of the nonzeros of 64 × 64 tiles. Reuse of W: useful MACs ÷ nonzeros of W; of X: useful MACs ÷ "
        "nonzeros of X in columns that W has. Estimates from the pattern alone; a machine's own conflicts are in its results."
    )
    return [Whole(table), Text(), Text(footnote, style="dim")]


def write_workload_pictures(workload: Workload, folder: Path, formats: Sequence[PictureFormat] = ("png",), *, force: bool) -> list[str]:
    """Write the spy plot and the degree plot into a new folder; returns their names.

    Raises OutputError where the folder exists (and not `force`).
    """
    from simulator.report.inspection.patterns import degrees_figure, spy_figure
    from simulator.report.plots.style import save

    figures = {"spy": spy_figure, "degrees": degrees_figure}
    with new_folder(folder, force=force) as draft:
        for name, draw in figures.items():
            save(draw(workload), draft, name, formats)
        write_json(draft / "workload.json", workload_record(workload))
        write_json(draft / MARKER, {"workload": workload.name, "sparsim_version": package_version()})
    return list(figures)


def _operation_record(operation: Operation) -> dict[str, Any]:
    m, k, n = operation.shape
    return {
        "name": operation.name,
        "kind": operation.kind,
        "shape": {"m": m, "k": k, "n": n},
        "useful_macs": operation.macs_useful,
        "dense_macs": operation.macs_dense,
        "depends_on": list(operation.depends_on),
        "weight": _stats_record(pattern_stats(operation.weight)),
        "activation": _stats_record(pattern_stats(operation.activations)),
        **({} if operation.gradient is None else {"gradient": _stats_record(pattern_stats(operation.gradient))}),
        "banks": asdict(bank_stats(operation.weight)),
        "weight_reuse": operation.macs_useful / operation.weight.nnz if operation.weight.nnz else 0.0,
        "activation_reuse": _activation_reuse(operation),
        "uniform_twin": _twin_record(operation),
    }


def _twin_record(operation: Operation) -> dict[str, Any]:
    """Skew and bank estimates of W of the uniform twin."""
    twin = uniform_twin(operation).weight
    return {key: value for key, value in asdict(pattern_stats(twin)).items() if key.startswith(("row_", "col_"))} | asdict(bank_stats(twin))


def _activation_reuse(operation: Operation) -> float:
    """Useful MACs ÷ nonzeros of X that any row of W needs."""
    needed = operation.weight.column_counts > 0
    words = int(operation.activations.row_counts()[needed].sum())
    return operation.macs_useful / words if words else 0.0


def _stats_record(stats: PatternStats) -> dict[str, Any]:
    return asdict(stats) | {"shape": list(stats.shape)}


def _cells(stats: dict[str, Any]) -> list[str]:
    rows, cols = stats["shape"]
    return [
        f"{rows} × {cols}",
        f"{stats['nnz']:,}",
        percent(stats["density"]),
        f"{stats['row_degree_cv']:.2f}",
        f"{stats['col_degree_cv']:.2f}",
        f"{stats['row_max_over_mean']:.1f}",
        f"{stats['col_max_over_mean']:.1f}",
        f"{stats['empty_rows']} + {stats['empty_cols']}",
    ]
