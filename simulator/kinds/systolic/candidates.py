"""Candidates for an operation's schedule: sizes of tile at the granularity of the hardware, the best by an estimate of their time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import zip_longest

import numpy as np
from msgspec import Struct

from simulator.kinds.systolic.array_product import Extent
from simulator.kinds.systolic.estimate import Estimate, Grid, Reals
from simulator.kinds.systolic.families import Family
from simulator.kinds.systolic.invariants import Parts
from simulator.kinds.systolic.machine import ArrayMachine, SystolicFabric
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.tile_sizes import Frame, Tried, tried_sizes
from simulator.system.program import LoopOrder, spans
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency

FEW = 512
"""Schedules whose estimates tell which of the others are worth one: no fewer than are wanted."""
EQUAL = 1.002
"""Times that differ by less count as equal within a family: no engineer would move twice the bytes for them."""


class Candidate(Struct, frozen=True, eq=False):
    """Sizes and loop order, with the time that they are estimated to take."""

    cycles: float
    at_least: float
    """Cycles that it is known to take at least."""
    fabric: SystolicFabric
    tile: Extent
    loop_order: LoopOrder

    def tiles(self, family: Family) -> int:
        """How many the schedule has."""
        counts = (-(-extent // size) for extent, size in zip(family.product.shape, self.tile, strict=True))
        return family.product.batch * math.prod(counts)

    def schedule(self, family: Family) -> SystolicSchedule:
        """The schedule of that size."""
        m, k, n = (spans(extent, size) for extent, size in zip(family.product.shape, self.tile, strict=True))
        return SystolicSchedule(self.fabric, family.product, family.dataflow, m, k, n, self.loop_order, family.compressed)


def candidates(
    machine: ArrayMachine,
    family: Family,
    residency: Residency,
    spec: SystemSpec,
    most: int,
    parts_of: Callable[[Family, Sequence[SystolicFabric]], Parts] = Parts,
    limit: float = math.inf,
) -> list[Candidate]:
    """By turns the quickest by their estimates, and of those that are as good as equal the ones that move the least.

    None where no tile fits, or where all are known to take more cycles than `limit`.
    """
    tried = tried_sizes(Frame.of(machine, family))
    if not tried.grid.m.size:
        return []
    parts = parts_of(family, tried.fabrics)

    def estimate(grid: Grid) -> Estimate:
        return Estimate(machine, family, parts, grid, residency, spec)

    cells = estimate(tried.cells)
    if cells.least_cycles().min() > limit:
        return []
    if cells.skips:  # what is passed over is looked for only where it may decide
        slowest, _ = _quickest(tried, cells.array_cycles(1.0), most, lambda grid: estimate(grid).ranks_at(1.0, 1.0))
        tried = tried.where(cells.array_cycles(0.0) <= _reach(slowest[0], most))
        cells = estimate(tried.cells)
    nearly = estimate(tried.grid).nearly_all
    ranks, grid = _quickest(tried, cells.array_cycles(cells.folds_run(nearly)), most, lambda grid: estimate(grid).ranks(nearly))
    near = np.flatnonzero(ranks[0] <= EQUAL * ranks[0].min())
    leanest = near[np.lexsort((near, ranks[0, near], ranks[2, near], ranks[1, near]))[: most // 2]]
    count = min(most, ranks.shape[1])
    quick = np.flatnonzero(ranks[0] <= np.partition(ranks[0], count - 1)[count - 1])
    quickest = quick[np.lexsort(ranks[::-1, quick])]
    by_turns = [place for pair in zip_longest(quickest.tolist(), leanest.tolist()) for place in pair if place is not None]
    best = np.array(list(dict.fromkeys(by_turns))[:most])
    chosen = grid.where(best)
    least = estimate(chosen).least_cycles()
    return [
        _candidate(float(cycles), float(at_least), tried.fabrics, chosen, place)
        for place, (cycles, at_least) in enumerate(zip(ranks[0, best], least, strict=True))
    ]


def _quickest(tried: Tried, at_least: Reals, most: int, ranks_of: Callable[[Grid], Reals]) -> tuple[Reals, Grid]:
    """Ranks of those schedules that may be among so many quickest, or as good as equal to the quickest, and the schedules.

    `at_least`: [cells] cycles that those of a cell are estimated to take at least. A few cells tell how quick the quickest are.
    """
    by_time = np.argsort(at_least, kind="stable")
    few = np.zeros(len(at_least), dtype=np.bool_)
    few[by_time[: int(np.searchsorted(np.cumsum(tried.sizes[by_time]), FEW)) + 1]] = True
    grid = tried.where(few).grid
    ranks = ranks_of(grid)
    others = at_least <= _reach(ranks[0], most)
    if (others & ~few).any():
        grid = tried.where(others).grid
        ranks = ranks_of(grid)
    return ranks, grid


def _reach(cycles: Reals, most: int) -> float:
    """Cycles of the last of so many quickest, or those that are as good as equal to the quickest."""
    return max(float(np.sort(cycles)[:most][-1]), EQUAL * float(cycles.min()))


def _candidate(cycles: float, at_least: float, parts: tuple[SystolicFabric, ...], grid: Grid, place: int) -> Candidate:
    tile = int(grid.m[place]), int(grid.k[place]), int(grid.n[place])
    return Candidate(cycles, at_least, parts[grid.part[place]], tile, "rounds_m" if grid.tokens_outermost[place] else "m_rounds")
