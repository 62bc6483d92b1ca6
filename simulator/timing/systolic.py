"""The systolic array by its exact formulas: cycles, events and causes of one operation's tiles."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.activity import Counts
from simulator.machine.model import SystolicFabric
from simulator.mapping.systolic import (
    LAYOUTS,
    Dataflow,
    Extent,
    SystolicSchedule,
    fold_count,
    fold_interval,
    lead_cycles,
    tail_cycles,
)

OPERAND_WORD_ELEMENTS = 4
"""Consecutive elements that one bank of an operand buffer takes or gives in an access."""


@dataclass(frozen=True)
class ArrayTile:
    """What the array does in one tile."""

    cycles: int
    counts: Counts
    edge_pe_cycles: int
    """PE-cycles of idle edge PEs while a fold streams."""
    drain_delay_cycles: int
    """From the end of the tile until its last output has left the array."""


def array_tiles(fabric: SystolicFabric, schedule: SystolicSchedule) -> list[ArrayTile]:
    """Every tile of an operation, in execution order; their cycles add up to the operation's."""
    positions = list(schedule.positions())
    tiles = []
    for index, (_, m, n, k) in enumerate(positions):
        extent = schedule.extent(m, n, k)
        shape = LAYOUTS[schedule.dataflow](extent)
        cycles = fold_count(fabric, shape) * fold_interval(fabric, shape, schedule.dataflow)
        tail = tail_cycles(fabric, shape, schedule.dataflow)
        if index == 0:
            cycles += lead_cycles(fabric, shape, schedule.dataflow)
        last = index == len(positions) - 1
        edge = (fold_count(fabric, shape) * fabric.rows * fabric.cols - shape.rows * shape.cols) * shape.stream
        counts = _counts(fabric, schedule.dataflow, extent, first_k=k == 0, last_k=k == len(schedule.k_tiles) - 1)
        tiles.append(ArrayTile(cycles + (tail if last else 0), counts, edge, 0 if last else max(0, tail)))
    return tiles


def _counts(fabric: SystolicFabric, dataflow: Dataflow, extent: Extent, *, first_k: bool, last_k: bool) -> Counts:
    """Events of a tile; operand and sum counts are SCALE-Sim's, the partial sums across K folds included."""
    m, k, n = extent
    shape = LAYOUTS[dataflow](extent)
    row_folds, col_folds = -(-shape.rows // fabric.rows), -(-shape.cols // fabric.cols)
    k_folds = 1 if dataflow == "os" else row_folds
    written = m * n * k_folds
    stream_shifts = shape.rows * shape.stream * col_folds * fabric.cols
    if dataflow == "os":
        x_reads, w_reads = k * n * col_folds, k * m * row_folds
        stream_shifts += shape.cols * shape.stream * row_folds * fabric.rows
        loads, sums = 0, m * n * k + shape.cols * _chain(fabric.rows, shape.rows)
    else:
        streamed, held = shape.rows * shape.stream * col_folds, shape.rows * shape.cols
        x_reads, w_reads = (streamed, held) if dataflow == "ws" else (held, streamed)
        loads, sums = shape.cols * _chain(fabric.rows, shape.rows), written * fabric.rows
    return Counts(
        mac_slots=m * k * n,
        pe_weight_shifts=loads,
        pe_operand_shifts=stream_shifts,
        pe_sum_shifts=sums,
        x_buffer_reads=x_reads,
        w_buffer_reads=w_reads,
        y_buffer_writes=written,
        y_buffer_reads=written - (m * n if first_k else 0) + (m * n if last_k else 0),
    )


def _chain(edge: int, rows: int) -> int:
    """Shifts that bring `rows` values down columns of `edge` cells: value r passes r + 1 cells of its fold."""
    full, rest = divmod(rows, edge)
    return full * edge * (edge + 1) // 2 + rest * (rest + 1) // 2


def fill_bank_cycles(elements: int, banks: int) -> int:
    """Least cycles to write a buffer's content: its banks side by side, a word of four elements each."""
    return -(-elements // (banks * OPERAND_WORD_ELEMENTS))
