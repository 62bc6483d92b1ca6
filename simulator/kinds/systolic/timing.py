"""The cycles of folds, tiles and operations on a systolic array, by exact formulas."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.kinds.systolic.folds import Axes, Dataflow, Steps, fold_steps
from simulator.kinds.systolic.machine import SystolicFabric
from simulator.kinds.systolic.schedule import Position, SystolicSchedule


class FoldPlan(Struct, frozen=True, eq=False):
    """The folds of a schedule."""

    axes: Axes
    steps: Steps

    def of_tile(self, position: Position) -> Steps:
        """[M blocks, K blocks, N blocks] steps of a tile's folds."""
        block, m, n, k = position
        return self.steps[block, self.axes[0].blocks(m), self.axes[1].blocks(k), self.axes[2].blocks(n)]

    def over_tiles(self, of_folds: Steps) -> Steps:
        """[batch, M tiles, K tiles, N tiles] sums of something that each fold has."""
        for dimension, axis in enumerate(self.axes, start=1):
            of_folds = np.add.reduceat(of_folds, axis.first[:-1], axis=dimension)
        return of_folds


def fold_plan(schedule: SystolicSchedule) -> FoldPlan:
    """Which folds a schedule runs, and their steps."""
    return FoldPlan(schedule.axes, fold_steps(schedule.fabric, schedule.product, schedule.dataflow, schedule.axes))


def fold_intervals(fabric: SystolicFabric, steps: Steps, dataflow: Dataflow) -> Steps:
    """Cycles that each fold adds to those before it; a fold without steps is not run and adds none.

    Overlapped, a fold streams for its steps while the next stationary operand is shifted in, R cycles; or, where
    outputs are held, while the outputs of the fold before are shifted out, R cycles, before its own are done. Serial is
    SCALE-Sim's: load, stream, and let the skew run out before the next fold.
    """
    if fabric.weight_load == "overlapped":
        return np.where(steps > 0, np.maximum(steps, fabric.rows), 0)
    return np.where(steps > 0, steps + serial_cycles(fabric, dataflow), 0)


def fold_interval(fabric: SystolicFabric, steps: int, dataflow: Dataflow) -> int:
    """The same of one fold that is run."""
    return max(steps, fabric.rows) if fabric.weight_load == "overlapped" else steps + serial_cycles(fabric, dataflow)


def serial_cycles(fabric: SystolicFabric, dataflow: Dataflow) -> int:
    """Cycles of a fold beyond its steps where nothing hides behind another fold: load and skew."""
    load = 0 if dataflow == "os" else fabric.rows
    return load + fabric.skew


def lead_cycles(fabric: SystolicFabric, first_steps: int, dataflow: Dataflow) -> int:
    """Cycles of an operation's first fold beyond its interval: the load that hides behind none; `os` has no outputs to await."""
    if fabric.weight_load == "serial":
        return 0
    return min(0, first_steps - fabric.rows) if dataflow == "os" else fabric.rows


def tail_cycles(fabric: SystolicFabric, last_steps: int, dataflow: Dataflow) -> int:
    """Cycles of an operation's last fold beyond its interval: stream and skew, and for `os` the last drain."""
    if fabric.weight_load == "serial":
        return 0
    return fabric.skew + fabric.rows if dataflow == "os" else fabric.skew + min(0, last_steps - fabric.rows)


class TileTimes(Struct, frozen=True, eq=False):
    """The tiles of an operation, in execution order."""

    cycles: NDArray[np.int64]
    """[tiles] of the array; they add up to the operation's."""
    folds: NDArray[np.int64]
    """[tiles] folds that are run."""
    delays: NDArray[np.int64]
    """[tiles] from the end of the tile until its last output has left the array."""

    @property
    def total(self) -> int:
        """Cycles of all tiles."""
        return int(self.cycles.sum())


def tile_times(schedule: SystolicSchedule, plan: FoldPlan) -> TileTimes:
    """When each tile is done; lead and tail of the operation belong to the first and the last tile that run a fold."""
    places = tuple(schedule.places[[0, 1, 3, 2]])
    return _with_ends([(schedule, plan)], _of_tiles(schedule, plan, places), lambda tile: (0, tile))


def times_by_turns(runs: Sequence[tuple[SystolicSchedule, FoldPlan]], turns: NDArray[np.int64]) -> list[TileTimes]:
    """Of operations whose tiles follow each other without a gap, in one dataflow on one part of the array.

    `turns`: [2, tiles] operation and tile, in execution order. Lead and tail belong to the first and the last tile that run a fold.
    """
    places = [tuple(schedule.places[[0, 1, 3, 2]]) for schedule, _ in runs]
    starts = np.concatenate(([0], np.cumsum([len(of[0]) for of in places])))
    order = starts[turns[0]] + turns[1]
    each = [_of_tiles(*of, at) for of, at in zip(runs, places, strict=True)]
    in_order = TileTimes(*(np.concatenate(of)[order] for of in zip(*((one.cycles, one.folds, one.delays) for one in each), strict=True)))
    whole = _with_ends(runs, in_order, lambda tile: (int(turns[0, tile]), int(turns[1, tile])))
    back = np.argsort(order)
    spans = [back[start:stop] for start, stop in itertools.pairwise(starts.tolist())]
    return [TileTimes(whole.cycles[span], whole.folds[span], whole.delays[span]) for span in spans]


def _of_tiles(schedule: SystolicSchedule, plan: FoldPlan, places: tuple[NDArray[np.int64], ...]) -> TileTimes:
    """As if all were in the midst of others."""
    cycles = plan.over_tiles(fold_intervals(schedule.fabric, plan.steps, schedule.dataflow))[places]
    folds = plan.over_tiles((plan.steps > 0).astype(np.int64))[places]
    return TileTimes(cycles, folds, np.maximum(0, _tails(schedule, places)))


def _with_ends(runs: Sequence[tuple[SystolicSchedule, FoldPlan]], times: TileTimes, turn: Callable[[int], tuple[int, int]]) -> TileTimes:
    """With what the first fold and the last one take beyond the others. `turn`: operation and tile, by the place in execution order."""
    fabric, flow = runs[0][0].fabric, runs[0][0].dataflow
    cycles, delays = times.cycles.copy(), times.delays.copy()
    run = np.flatnonzero(times.folds)
    if run.size:
        (op, tile), (last_op, last_tile) = turn(int(run[0])), turn(int(run[-1]))
        first, last = _steps_of(*runs[op], tile), _steps_of(*runs[last_op], last_tile)
        cycles[run[0]] += lead_cycles(fabric, int(first[first > 0][0]), flow)
        cycles[run[-1]] += tail_cycles(fabric, int(last[last > 0][-1]), flow)
        delays[run[-1]] = 0
    if run.size < len(cycles):  # where no fold is run, those of the tile before are awaited
        before = np.maximum.accumulate(np.where(times.folds > 0, np.arange(len(cycles)), -1))
        delays = np.where(before >= 0, delays[before], 0)
    return TileTimes(cycles, times.folds, delays)


def _steps_of(schedule: SystolicSchedule, plan: FoldPlan, tile: int) -> Steps:
    block, m, n, k = schedule.places[:, tile].tolist()
    return plan.of_tile((block, m, n, k))


def _tails(schedule: SystolicSchedule, places: tuple[NDArray[np.int64], ...]) -> NDArray[np.int64]:
    """[tiles] cycles from the last interval of each until its last output has left; all folds of a stationary tile stream alike."""
    fabric, flow = schedule.fabric, schedule.dataflow
    if fabric.weight_load == "serial":
        return np.zeros(len(places[0]), dtype=np.int64)
    if flow == "os":
        return np.full(len(places[0]), fabric.skew + fabric.rows)
    streamed = schedule.sizes[2][places[3]] if flow == "ws" else schedule.sizes[0][places[1]]
    return np.asarray(fabric.skew + np.minimum(0, streamed - fabric.rows), dtype=np.int64)


def compute_cycles(schedule: SystolicSchedule) -> int:
    """The array's own cycles for one operation; 0 where no fold is run."""
    return tile_times(schedule, fold_plan(schedule)).total
