"""Plots of where the nonzeros of every operand lie, and of how unequal rows and columns are beside the uniform twin."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from simulator.report.numbers import percent
from simulator.report.plots.style import narrow, paper, styled
from simulator.workload.stats import degrees
from simulator.workload.twin import uniform_twin
from simulator.workload.types import Activations, Operation, Weight, Workload

_PIXELS = 256
_COLUMNS = 4
_LINEAR = 25
"""Largest degree ÷ mean that is drawn on a linear axis."""
_COLOURS = {"rows": "#c84f00", "columns": "#08488a"}


_COLUMN_OPERATIONS = 4
"""Drawn in a paper's column: those with the most useful MACs."""


def _drawn(workload: Workload) -> tuple[list[Operation], str]:
    """The operations that a picture has room for, in their order, and what its title says of the others."""
    operations = list(workload.operations)
    if not narrow() or len(operations) <= _COLUMN_OPERATIONS:
        return operations, ""
    most = sorted(range(len(operations)), key=lambda place: -operations[place].macs_useful)[:_COLUMN_OPERATIONS]
    return [
        operations[place] for place in sorted(most)
    ], f"\nthe {_COLUMN_OPERATIONS} of {len(operations)} operations with most useful MACs"


def spy_figure(workload: Workload) -> Figure:
    """The patterns of W (above) and X (below) of every operation: dark where nonzeros are; large ones binned to 256 pixels."""
    operations, left = _drawn(workload)
    count = len(operations)
    columns = min(count, 2 if narrow() else 5)
    rows = -(-count // columns)
    with styled():
        figure = Figure(figsize=paper(max(2.5 * columns + 0.4, 5.0), 5.2 * rows + 0.5), layout="constrained")
        grid = figure.subplots(2 * rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for place, operation in enumerate(operations):
            row, column = divmod(place, columns)
            _spy(grid[2 * row][column], operation.weight, f"{operation.name}\nW", "M", "K")
            _spy(grid[2 * row + 1][column], operation.activations, "X", "K", "N")
        figure.suptitle(f"Patterns of {workload.name}\ndark where nonzeros are{left}", fontweight="bold")
    return figure


def _spy(axes: Axes, operand: Weight | Activations, title: str, down: str, across: str) -> None:
    rows, cols = operand.shape
    axes.set_axis_on()
    axes.imshow(_binned(operand), cmap="Greys", vmin=0, vmax=1, aspect="auto", interpolation="nearest", extent=(0, cols, rows, 0))
    axes.set_title(f"{title}, {percent(operand.nnz / (rows * cols))} dense", fontsize="medium")
    axes.set_xlabel(f"{across} = {cols}", fontsize="small")
    axes.set_ylabel(f"{down} = {rows}", fontsize="small")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["top", "right"]].set_visible(True)


def _binned(operand: Weight | Activations) -> NDArray[np.float64]:
    """Share of nonzeros of each pixel, its square root so that sparse patterns stay visible."""
    rows, cols = operand.shape
    shape = min(rows, _PIXELS), min(cols, _PIXELS)
    if operand.nnz == rows * cols:
        return np.ones(shape)
    y, x = _coordinates(operand)
    counts = np.zeros(shape)
    np.add.at(counts, (y * shape[0] // rows, x * shape[1] // cols), 1)
    sizes = np.outer(_bin_sizes(rows, shape[0]), _bin_sizes(cols, shape[1]))
    return np.asarray(np.sqrt(counts / sizes))


def _coordinates(operand: Weight | Activations) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if isinstance(operand, Weight):
        return np.repeat(np.arange(operand.shape[0]), np.diff(operand.indptr)), np.asarray(operand.indices, dtype=np.int64)
    mask = np.ones(operand.shape, dtype=bool) if operand.mask is None else operand.mask
    y, x = np.nonzero(mask)
    return y, x


def _bin_sizes(size: int, bins: int) -> NDArray[np.int64]:
    return np.bincount(np.arange(size) * bins // size, minlength=bins)


def degrees_figure(workload: Workload) -> Figure:
    """Nonzeros of every row and column ÷ their mean, the largest first, of W (above) and X (below) of every operation.

    Dashed: the uniform twin. A flat line is a regular pattern, a steep one has hubs.
    """
    operations, left = _drawn(workload)
    count = len(operations)
    columns = min(count, 2 if narrow() else _COLUMNS)
    rows = -(-count // columns)
    with styled():
        figure = Figure(figsize=paper(max(3.1 * columns, 6.2), 5.0 * rows + 1.1), layout="constrained")
        grid = figure.subplots(2 * rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for place, operation in enumerate(operations):
            row, column = divmod(place, columns)
            twin = uniform_twin(operation)
            _curves(grid[2 * row][column], operation.weight, twin.weight, f"{operation.name}: W")
            _curves(grid[2 * row + 1][column], operation.activations, twin.activations, "X")
        handles, labels = grid[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2 if narrow() else 4)
        figure.suptitle(f"Degrees of {workload.name}\nnonzeros of a row or column ÷ their mean{left}", fontweight="bold")
    return figure


def _curves(axes: Axes, operand: Weight | Activations, twin: Weight | Activations, title: str) -> None:
    axes.set_axis_on()
    for (name, colour), real, control in zip(_COLOURS.items(), degrees(operand), degrees(twin), strict=True):
        axes.plot(*_ranked(real), color=colour, linewidth=1.8, label=name)
        axes.plot(*_ranked(control), color=colour, linewidth=1.1, linestyle=(0, (4, 2)), alpha=0.65, label=f"{name}, uniform twin")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(base=10, numticks=6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    if axes.get_ylim()[1] > _LINEAR:  # a hub would press all else to the axis
        axes.set_yscale("symlog", linthresh=1)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylim(bottom=0)
    axes.grid(visible=True)
    axes.set_title(title, fontsize="medium")
    axes.set_xlabel("rank of the row or column", fontsize="small")
    axes.set_ylabel("nonzeros ÷ mean", fontsize="small")
    axes.tick_params(labelsize="small")


def _ranked(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ranks from 1, and degrees ÷ mean from the largest."""
    mean = counts.mean() or 1.0
    return np.arange(1, len(counts) + 1), np.sort(counts)[::-1] / mean
