"""The cycles of folds, tiles and operations on a systolic array, by exact formulas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.kinds.systolic.folds import Axes, Dataflow, Steps, fold_steps
from simulator.kinds.systolic.machine import SystolicFabric
from simulator.kinds.systolic.schedule import Position, SystolicSchedule


@dataclass(frozen=True, eq=False)
class FoldPlan:
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


@dataclass(frozen=True, eq=False)
class TileTimes:
    """The tiles of an operation, in execution order."""

    cycles: NDArray[np.int64]
    """[tiles] of the array; they add up to the operation's."""
    folds: NDArray[np.int64]
    """[tiles] folds that are run."""
    delays: NDArray[np.int64]
    """[tiles] from the end of the tile until its last output has left the array."""


def tile_times(schedule: SystolicSchedule, plan: FoldPlan) -> TileTimes:
    """When each tile is done; lead and tail of the operation belong to the first and the last tile that run a fold."""
    fabric, flow = schedule.fabric, schedule.dataflow
    places = tuple(np.array(schedule.positions)[:, [0, 1, 3, 2]].T)
    cycles = plan.over_tiles(fold_intervals(fabric, plan.steps, flow))[places]
    folds = plan.over_tiles((plan.steps > 0).astype(np.int64))[places]
    delays = np.maximum(0, _tails(schedule, places))
    run = np.flatnonzero(folds)
    if run.size:
        first, last = (plan.of_tile(schedule.positions[tile]) for tile in (run[0], run[-1]))
        cycles[run[0]] += lead_cycles(fabric, int(first[first > 0][0]), flow)
        cycles[run[-1]] += tail_cycles(fabric, int(last[last > 0][-1]), flow)
        delays[run[-1]] = 0
    before = np.maximum.accumulate(np.where(folds > 0, np.arange(len(folds)), -1))
    return TileTimes(cycles, folds, np.where(before >= 0, delays[before], 0))  # where no fold is run, those of the tile before are awaited


def _tails(schedule: SystolicSchedule, places: tuple[NDArray[np.int64], ...]) -> NDArray[np.int64]:
    """[tiles] cycles from the last interval of each until its last output has left; all folds of a stationary tile stream alike."""
    fabric, flow = schedule.fabric, schedule.dataflow
    if fabric.weight_load == "serial":
        return np.zeros(len(schedule.positions), dtype=np.int64)
    if flow == "os":
        return np.full(len(schedule.positions), fabric.skew + fabric.rows)
    spans, of = (schedule.n_tiles, places[3]) if flow == "ws" else (schedule.m_tiles, places[1])
    streamed = np.diff(spans)[of, 0]
    return np.asarray(fabric.skew + np.minimum(0, streamed - fabric.rows), dtype=np.int64)


def compute_cycles(schedule: SystolicSchedule) -> int:
    """The array's own cycles for one operation; 0 where no fold is run."""
    return int(tile_times(schedule, fold_plan(schedule)).cycles.sum())
