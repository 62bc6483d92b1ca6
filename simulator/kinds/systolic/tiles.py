"""The systolic array by its exact formulas: cycles, events and causes of one operation's tiles."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from simulator.activity import Counts
from simulator.kinds.systolic.folds import Steps, read_steps
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.timing import FoldPlan, TileTimes


class ArrayTile(Struct, frozen=True):
    """What the array does in one tile."""

    cycles: int
    counts: Counts
    folds: int
    """Folds that are run."""
    edge_pe_cycles: int
    """PE-cycles of idle edge PEs while a fold streams."""


class ArrayTiles(Struct, frozen=True, eq=False):
    """What the array does in all tiles of an operation, each array [tiles] in execution order."""

    times: TileTimes
    """Their cycles add up to the operation's."""
    events: Mapping[str, Steps]
    """By counter."""
    edge_pe_cycles: Steps

    @property
    def counts(self) -> Counts:
        """Of all."""
        return Counts(**{name: int(of_tiles.sum()) for name, of_tiles in self.events.items()})

    def each(self) -> list[ArrayTile]:
        """One by one."""
        counts = (Counts(**dict(zip(self.events, row, strict=True))) for row in np.stack([*self.events.values()], axis=1).tolist())
        columns = (self.times.cycles, self.times.folds, self.edge_pe_cycles)
        each = zip(counts, *(column.tolist() for column in columns), strict=True)
        return [ArrayTile(cycles, of_tile, folds, edge) for of_tile, cycles, folds, edge in each]


def array_tiles(machine: ArrayMachine, schedule: SystolicSchedule, plan: FoldPlan, times: TileTimes) -> ArrayTiles:
    """Events of every tile; operand and sum counts are SCALE-Sim's, the partial sums across K folds included.

    Every sum that is written to the Y buffer is read once more: to be added to, or to leave. Outputs that no fold
    writes are zeros, which the drain supplies.
    """
    fabric, product, flow, steps = machine.fabric, schedule.product, schedule.dataflow, plan.steps
    array, places = schedule.fabric, tuple(schedule.places[[0, 1, 3, 2]])
    m, k, n = (np.expand_dims(axis.sizes, tuple({0, 1, 2} - {place})) for place, axis in enumerate(plan.axes))
    rows, cols = {"ws": (k, m), "is": (k, n), "os": (n, m)}[flow]
    run = steps > 0

    def in_tiles(of_folds: Steps) -> Steps:
        found: Steps = plan.over_tiles(np.broadcast_to(of_folds, steps.shape))[places]
        return found

    slots, streamed, across = in_tiles(rows * cols * steps), in_tiles(rows * steps), in_tiles(cols * steps)
    held = in_tiles(np.where(run, rows * cols, 0))
    chain = in_tiles(np.where(run, cols * (rows * (rows + 1) // 2), 0))  # value r of a column passes r + 1 of its cells
    along_rows, along_cols, none = streamed * array.cols, across * array.rows, np.zeros_like(slots)
    if flow == "os":
        at_x, at_w = _edge_reads(machine, schedule, plan)
        x_reads, w_reads, written = product.inputs(in_tiles(rows * at_x)), in_tiles(cols * at_w), held
        # the activations of a group stand still for its `kept` steps
        loads, shifts, sums = none, product.inputs(along_rows) + along_cols, slots + chain
    else:
        x_reads, w_reads = (product.inputs(streamed), held) if flow == "ws" else (held, streamed)
        written = across
        # each of the `kept` rows of a group passes on all `of` activations
        loads, shifts, sums = chain, along_rows * product.of, written * array.rows
    events = {
        "mac_slots": slots,
        "pe_weight_shifts": loads,
        "pe_operand_shifts": shifts,
        "pe_sum_shifts": sums,
        "pe_selections": slots if product.of > 1 else none,
        "x_buffer_reads": x_reads,
        "w_buffer_reads": w_reads,
        "y_buffer_writes": written,
        "y_buffer_reads": written,
    }
    return ArrayTiles(times, events, in_tiles((fabric.multipliers - rows * cols) * steps))


def _edge_reads(machine: ArrayMachine, schedule: SystolicSchedule, plan: FoldPlan) -> tuple[Steps, Steps]:
    """[batch, M, K, N blocks] steps read at the X and at the W edge: words of several steps, whole ones where steps are skipped."""
    if not schedule.fabric.column_skip:
        return plan.steps, plan.steps
    run, product = plan.steps > 0, schedule.product
    x, w = (
        np.where(run, read_steps(product, plan.axes, word), 0) for word in (machine.x_word * product.kept // product.of, machine.w_word)
    )
    return x, w
