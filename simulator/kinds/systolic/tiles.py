"""The systolic array by its exact formulas: cycles, events and causes of one operation's tiles."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from simulator.activity import Counts
from simulator.kinds.systolic.array_product import ArrayProduct
from simulator.kinds.systolic.folds import Steps, read_steps
from simulator.kinds.systolic.machine import ArrayMachine, SystolicFabric
from simulator.kinds.systolic.schedule import Position, SystolicSchedule
from simulator.kinds.systolic.timing import FoldPlan, TileTimes


class ArrayTile(Struct, frozen=True):
    """What the array does in one tile."""

    cycles: int
    counts: Counts
    folds: int
    """Folds that are run."""
    edge_pe_cycles: int
    """PE-cycles of idle edge PEs while a fold streams."""


class TileFolds(Struct, frozen=True):
    """The folds of one tile, each array [M blocks, K blocks, N blocks] or what broadcasts to it."""

    steps: Steps
    rows: Steps
    """Rows of the array that a fold uses."""
    cols: Steps
    x_reads: Steps
    """Steps that the X edge reads for a fold (whole words, where steps are skipped)."""
    w_reads: Steps


def array_tiles(machine: ArrayMachine, schedule: SystolicSchedule, plan: FoldPlan, times: TileTimes) -> list[ArrayTile]:
    """Every tile of an operation, in execution order; their cycles add up to the operation's."""
    fabric, product, flow = machine.fabric, schedule.product, schedule.dataflow
    reads = _edge_reads(machine, schedule, plan)
    tiles = []
    for position, cycles, count in zip(schedule.positions, times.cycles, times.folds, strict=True):
        folds = _tile_folds(schedule, plan, reads, position)
        edge = int(((fabric.multipliers - folds.rows * folds.cols) * folds.steps).sum())
        counts = _counts(schedule.fabric, product, flow == "os", flow == "ws", folds)
        tiles.append(ArrayTile(int(cycles), counts, int(count), edge))
    return tiles


def _edge_reads(machine: ArrayMachine, schedule: SystolicSchedule, plan: FoldPlan) -> tuple[Steps, Steps]:
    """[batch, M, K, N blocks] steps read at the X and at the W edge: words of several steps, whole ones where steps are skipped."""
    if schedule.dataflow != "os" or not schedule.fabric.column_skip:
        return plan.steps, plan.steps
    run, product = plan.steps > 0, schedule.product
    x, w = (
        np.where(run, read_steps(product, plan.axes, word), 0) for word in (machine.x_word * product.kept // product.of, machine.w_word)
    )
    return x, w


def _tile_folds(schedule: SystolicSchedule, plan: FoldPlan, reads: tuple[Steps, Steps], position: Position) -> TileFolds:
    _, m_tile, n_tile, k_tile = position
    m, k, n = (axis.sizes[axis.blocks(tile)] for axis, tile in zip(plan.axes, (m_tile, k_tile, n_tile), strict=True))
    sizes = {"m": m[:, None, None], "k": k[None, :, None], "n": n[None, None, :]}
    rows, cols = {"ws": ("k", "m"), "is": ("k", "n"), "os": ("n", "m")}[schedule.dataflow]
    x, w = (FoldPlan(plan.axes, steps).of_tile(position) for steps in reads)
    return TileFolds(plan.of_tile(position), sizes[rows], sizes[cols], x, w)


def _counts(fabric: SystolicFabric, product: ArrayProduct, held_outputs: bool, held_weights: bool, folds: TileFolds) -> Counts:
    """Events of a tile; operand and sum counts are SCALE-Sim's, the partial sums across K folds included.

    Every sum that is written to the Y buffer is read once more: to be added to, or to leave. Outputs that no fold
    writes are zeros, which the drain supplies.
    """
    steps, rows, cols = folds.steps, folds.rows, folds.cols
    run = steps > 0
    slots = int((rows * cols * steps).sum())
    chain = int((run * cols * (rows * (rows + 1) // 2)).sum())  # value r of a column passes r + 1 of its cells
    along_rows, along_cols = int((rows * steps).sum()) * fabric.cols, int((cols * steps).sum()) * fabric.rows
    if held_outputs:
        x_reads, w_reads = product.inputs(int((rows * folds.x_reads).sum())), int((cols * folds.w_reads).sum())
        written = int((run * rows * cols).sum())
        # the activations of a group stand still for its `kept` steps
        loads, shifts, sums = 0, product.inputs(along_rows) + along_cols, slots + chain
    else:
        streamed, held = int((rows * steps).sum()), int((run * rows * cols).sum())
        x_reads, w_reads = (product.inputs(streamed), held) if held_weights else (held, streamed)
        written = int((cols * steps).sum())
        # each of the `kept` rows of a group passes on all `of` activations
        loads, shifts, sums = chain, along_rows * product.of, written * fabric.rows
    return Counts(
        mac_slots=slots,
        pe_weight_shifts=loads,
        pe_operand_shifts=shifts,
        pe_sum_shifts=sums,
        pe_selections=slots if product.of > 1 else 0,
        x_buffer_reads=x_reads,
        w_buffer_reads=w_reads,
        y_buffer_writes=written,
        y_buffer_reads=written,
    )
