"""Small random arrays, and operations that they run in step with the engines."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from simulator.activity import Counts
from simulator.kinds.systolic.array_product import product_of
from simulator.kinds.systolic.folds import Dataflow
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.reference import PlacedFold, folds_of
from simulator.kinds.systolic.rtl.cosim import difference, run_both
from simulator.kinds.systolic.rtl.elaboration import shape_of
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.tiles import array_tiles
from simulator.kinds.systolic.timing import compute_cycles, fold_plan, tile_times
from simulator.rtl.array.array import CellArray
from simulator.rtl.array.bench import Bench
from simulator.system.program import LoopOrder
from simulator.workload.types import Operation
from tests.strategies import machine, operation, sparse

FLOWS: tuple[Dataflow, ...] = ("ws", "os", "is")


@dataclass(frozen=True)
class Case:
    machine: ArrayMachine
    schedule: SystolicSchedule
    operation: Operation
    folds: list[PlacedFold]

    @property
    def counts(self) -> Counts:
        """By the formulas."""
        plan = fold_plan(self.schedule)
        return array_tiles(self.machine, self.schedule, plan, tile_times(self.schedule, plan)).counts + Counts(
            macs_useful=self.operation.macs_useful
        )


def spans(size: int, cut: int) -> tuple[tuple[int, int], ...]:
    edges = [0, cut, size] if 0 < cut < size else [0, size]
    return tuple(itertools.pairwise(edges))


WORDS = 480, 480, 240
LISTED = 160
"""Of banks, and of lists, that hold the operands and sums of any case."""


def random_machine(random: np.random.Generator) -> ArrayMachine:
    """Up to 4 × 4 cells."""
    rows, cols = random.integers(1, 5, size=2).tolist()
    keys = {
        "weight_load": str(random.choice(["overlapped", "serial"])),
        "read_latency": int(random.integers(1, 4)),
        "multiply_latency": int(random.integers(3)),
        "skip_zero_tiles": bool(random.integers(2)),
        "column_skip": bool(random.integers(2)),
    }
    return ArrayMachine.of(machine({"kind": "systolic", "rows": rows, "cols": cols, **keys}))


def random_case(random: np.random.Generator, of: ArrayMachine, flow: Dataflow) -> Case:
    """An operation in up to eight tiles, on a part of the array where loads overlap."""
    fabric = of.fabric
    if fabric.weight_load == "overlapped":
        part = {name: int(random.integers(1, size + 1)) for name, size in (("rows", fabric.rows), ("cols", fabric.cols))}
        fabric = fabric.model_copy(update=part)
    skips = fabric.column_skip and bool(random.integers(4))  # a schedule may leave an option unused
    fabric = fabric.model_copy(update={"column_skip": skips})
    m, k, n = random.integers(1, 8, size=3).tolist()
    w, x = sparse(random, m, k, float(random.choice([0.15, 0.8]))), sparse(random, k, n, 0.8)
    tiles = [spans(size, int(random.integers(1, 7))) for size in (m, k, n)]
    order: LoopOrder = "m_rounds" if random.integers(2) else "rounds_m"
    op = operation(w, x)
    plan = SystolicSchedule(fabric, product_of(op), flow, tiles[0], tiles[1], tiles[2], order)
    return Case(of, plan, op, list(folds_of(fabric, plan, w, x)))


def agrees(case: Case, bench: Bench) -> int:
    """In every register of every cell, every counter, the cycles and all sums; returns cycles."""
    if not case.folds:
        assert compute_cycles(case.schedule) == 0
        return 0
    run = run_both(case.machine, case.schedule, case.folds, bench)
    assert difference(run) is None
    assert run.cycles == run.engine.cycles == compute_cycles(case.schedule)
    assert run.counts == case.counts
    return run.cycles


def random_runs(seed: int) -> list[int]:
    """Run one array in all three dataflows, one after another; returns the cycles of each."""
    random = np.random.default_rng(seed)
    of = random_machine(random)
    bench = Bench(CellArray(shape_of(of, WORDS, LISTED)))
    return [agrees(random_case(random, of, flow), bench) for flow in FLOWS]
