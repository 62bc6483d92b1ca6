"""A workload before it runs: shapes, nonzeros, skew, and a spy plot."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.report.numbers import percent
from simulator.workload.stats import PatternStats, pattern_stats
from simulator.workload.types import Activations, Operation, Weight, Workload

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.console import RenderableType

_PIXELS = 256


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
    """Two lines an operation, W and X: size, density and the skew of its rows and columns."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    record = workload_record(workload)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    for heading in ("operation", "", "shape", "nonzeros", "density", "row CV", "col CV", "row max", "col max", "empty", "useful MACs"):
        table.add_column(heading, justify="left" if heading in ("operation", "") else "right", no_wrap=True)
    for entry in record["operations"]:
        useful, dense = entry["useful_macs"], entry["dense_macs"]
        table.add_row(Text(entry["name"], style="bold"), "W", *_cells(entry["weight"]), f"{useful:,}")
        table.add_row(Text(f"  {entry['kind']}", style="dim"), "X", *_cells(entry["activation"]), f"{percent(useful / dense)} of dense")
    useful, dense = record["useful_macs"], record["dense_macs"]
    lines = [
        f"{workload.name}: {len(workload.operations)} operation{'' if len(workload.operations) == 1 else 's'}, "
        f"{useful:,} useful MACs of {dense:,} dense ones ({percent(useful / dense)})",
        "W is [M output features, K input features], X is [K input features, N tokens]. CV: standard deviation ÷ mean of the nonzeros "
        "a row (column); max: largest ÷ mean; empty: rows + columns without a nonzero. Useful MACs: pairs of nonzero operands.",
    ]
    return Group(Text(lines[0], style="bold"), Text(), table, Text(), Text(lines[1], style="dim"))


def spy_figure(workload: Workload) -> Figure:
    """The patterns of W (above) and X (below) of every operation: dark where nonzeros are; large ones binned to 256 pixels."""
    from matplotlib.figure import Figure

    from simulator.report.plots.style import styled

    count = len(workload.operations)
    columns = min(count, 5)
    rows = -(-count // columns)
    with styled():
        figure = Figure(figsize=(2.5 * columns + 0.4, 5.2 * rows + 0.5), layout="constrained")
        grid = figure.subplots(2 * rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for place, operation in enumerate(workload.operations):
            row, column = divmod(place, columns)
            _spy(grid[2 * row][column], operation.weight, f"{operation.name}\nW", "M", "K")
            _spy(grid[2 * row + 1][column], operation.activations, "X", "K", "N")
        figure.suptitle(f"Patterns of {workload.name}: dark where nonzeros are", fontsize=12, fontweight="bold")
    return figure


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
    }


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


def _spy(axes: Axes, operand: Weight | Activations, title: str, down: str, across: str) -> None:
    rows, cols = operand.shape
    axes.set_axis_on()
    axes.imshow(_binned(operand), cmap="Greys", vmin=0, vmax=1, aspect="auto", interpolation="nearest", extent=(0, cols, rows, 0))
    axes.set_title(f"{title}, {percent(operand.nnz / (rows * cols))} dense", fontsize=9)
    axes.set_xlabel(f"{across} = {cols}", fontsize=8)
    axes.set_ylabel(f"{down} = {rows}", fontsize=8)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["top", "right"]].set_visible(True)


def _binned(operand: Weight | Activations) -> NDArray[np.float64]:
    """Share of nonzeros of each pixel, its square root so that sparse patterns stay visible."""
    rows, cols = operand.shape
    shape = min(rows, _PIXELS), min(cols, _PIXELS)
    y, x = _coordinates(operand)
    counts = np.zeros(shape)
    np.add.at(counts, (y * shape[0] // rows, x * shape[1] // cols), 1)
    sizes = np.outer(_bin_sizes(rows, shape[0]), _bin_sizes(cols, shape[1]))
    return np.asarray(np.sqrt(counts / sizes))


def _coordinates(operand: Weight | Activations) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if isinstance(operand, Weight):
        return np.repeat(np.arange(operand.shape[0]), np.diff(operand.indptr)), operand.indices.astype(np.int64)
    mask = np.ones(operand.shape, dtype=bool) if operand.mask is None else operand.mask
    y, x = np.nonzero(mask)
    return y, x


def _bin_sizes(size: int, bins: int) -> NDArray[np.int64]:
    return np.bincount(np.arange(size) * bins // size, minlength=bins)
