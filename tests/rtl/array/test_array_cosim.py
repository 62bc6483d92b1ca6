"""Arrays as hardware against the engine that moves operands cell by cell: registers in every cycle, counters, cycles and values."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from simulator.activity import Counts
from simulator.errors import ConfigError
from simulator.kinds.systolic.array_product import product_of
from simulator.kinds.systolic.folds import Dataflow
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.reference import PlacedFold, folds_of
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.tiles import array_tiles
from simulator.kinds.systolic.timing import compute_cycles, fold_plan, tile_times
from simulator.workload.types import Operation
from tests.strategies import machine, operation, sparse

pytest.importorskip("amaranth")

from amaranth.hdl import Signal

from simulator.kinds.systolic.rtl.cosim import difference, run_both
from simulator.rtl.array.array import SystolicArray
from simulator.rtl.array.cell import Word

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
        tiles = array_tiles(self.machine, self.schedule, plan, tile_times(self.schedule, plan))
        return Counts.total([Counts(macs_useful=self.operation.macs_useful), *(tile.counts for tile in tiles)])


def spans(size: int, cut: int) -> tuple[tuple[int, int], ...]:
    edges = [0, cut, size] if 0 < cut < size else [0, size]
    return tuple(itertools.pairwise(edges))


def random_case(seed: int) -> Case:
    """An array of up to 4 × 4 cells, a part of it where loads overlap, and an operation in up to eight tiles."""
    random = np.random.default_rng(seed)
    rows, cols = random.integers(1, 5, size=2).tolist()
    overlapped = bool(random.integers(2))
    keys = {
        "weight_load": "overlapped" if overlapped else "serial",
        "read_latency": int(random.integers(1, 4)),
        "multiply_latency": int(random.integers(3)),
        "skip_zero_tiles": bool(random.integers(2)),
    }
    m, k, n = random.integers(1, 8, size=3).tolist()
    w, x = sparse(random, m, k, float(random.choice([0.15, 0.8]))), sparse(random, k, n, 0.8)
    of = ArrayMachine.of(machine({"kind": "systolic", "rows": rows, "cols": cols, **keys}))
    fabric = of.fabric
    if overlapped:
        fabric = fabric.model_copy(update={"rows": int(random.integers(1, rows + 1)), "cols": int(random.integers(1, cols + 1))})
    tiles = [spans(size, int(random.integers(1, 7))) for size in (m, k, n)]
    op = operation(w, x)
    plan = SystolicSchedule(fabric, product_of(op), FLOWS[seed % 3], tiles[0], tiles[1], tiles[2], "m_rounds" if seed % 2 else "rounds_m")
    return Case(of, plan, op, list(folds_of(fabric, plan, w, x)))


@pytest.mark.parametrize("seed", range(36))
def test_random_arrays_agree_in_every_register_counter_cycle_and_value(seed: int) -> None:
    case = random_case(seed)
    if not case.folds:
        assert compute_cycles(case.schedule) == 0
        return
    run = run_both(case.machine, case.schedule, case.folds)
    assert difference(run) is None
    assert run.cycles == run.engine.cycles == compute_cycles(case.schedule)
    assert run.counts == case.counts


class BrokenArray(SystolicArray):
    """Its cell (1, 0) is cut off from the sum above it, and from what keeps it open while sums leave."""

    def elaborate(self, platform: object) -> Any:
        made = super().elaborate(platform)
        cell = self.cells[1][0]
        cell.sum_above, cell.drained_above = Word(self.shape.accumulate_bits, "nothing"), Signal()
        return made


def one_tile(flow: Dataflow) -> Case:
    random = np.random.default_rng(3)
    of = ArrayMachine.of(machine({"kind": "systolic", "rows": 3, "cols": 2, "read_latency": 1, "multiply_latency": 0}))
    w, x = sparse(random, 4, 6, 1.0), sparse(random, 6, 5, 1.0)
    op = operation(w, x)
    plan = SystolicSchedule(of.fabric, product_of(op), flow, ((0, 4),), ((0, 6),), ((0, 5),), "m_rounds")
    return Case(of, plan, op, list(folds_of(of.fabric, plan, w, x)))


@pytest.mark.parametrize(("flow", "register"), [("ws", "sum"), ("os", "out")])
def test_a_broken_cell_is_found_where_it_is(flow: Dataflow, register: str) -> None:
    case = one_tile(flow)
    assert difference(run_both(case.machine, case.schedule, case.folds)) is None
    found = difference(run_both(case.machine, case.schedule, case.folds, BrokenArray))
    assert found is not None
    assert found.what.startswith(f"cell (1, 0), register {register}")
    assert next(row for row in found.rows if row[3])[0] == str(found.cycle)


def test_what_is_not_elaborated_is_refused_by_name() -> None:
    case = one_tile("os")
    for key, value in (("n_m", "2:4"), ("column_skip", True)):
        fabric = case.machine.fabric.model_copy(update={key: value, "rows": 4})
        other = ArrayMachine.of(case.machine.machine.model_copy(update={"fabric": fabric}))
        with pytest.raises(ConfigError, match=rf"fabric.{key}: .* is not elaborated"):
            run_both(other, case.schedule, case.folds)
    halves = list(folds_of(case.schedule.fabric, case.schedule, np.full((4, 6), 0.5), np.ones((6, 5))))
    with pytest.raises(ConfigError, match="found operands that are none"):
        run_both(case.machine, case.schedule, halves)
