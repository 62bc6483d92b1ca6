"""Arrays as hardware against the engine that moves operands cell by cell: registers in every cycle, counters, cycles and values."""

from typing import Any

import numpy as np
import pytest

from simulator.errors import ConfigError
from simulator.kinds.systolic.array_product import product_of
from simulator.kinds.systolic.folds import Dataflow
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.reference import folds_of
from simulator.kinds.systolic.schedule import SystolicSchedule
from tests.strategies import machine, operation, sparse

pytest.importorskip("amaranth")

from amaranth.hdl import Signal

from simulator.kinds.systolic.rtl.cosim import difference, run_both
from simulator.kinds.systolic.rtl.elaboration import shape_of
from simulator.rtl.array.array import CellArray
from simulator.rtl.array.bench import Bench
from simulator.rtl.array.cell import Word
from tests.rtl.array.small_arrays import WORDS, Case, random_runs


@pytest.mark.parametrize("seed", range(12))
def test_random_arrays_agree_in_every_register_counter_cycle_and_value(seed: int) -> None:
    assert len(random_runs(seed)) == 3


class BrokenArray(CellArray):
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
    found = difference(run_both(case.machine, case.schedule, case.folds, Bench(BrokenArray(shape_of(case.machine, WORDS)))))
    assert found is not None
    assert found.what.startswith(f"cell (1, 0), register {register}")
    assert next(row for row in found.rows if row[3])[0] == str(found.cycle)


def test_what_is_not_elaborated_is_refused_by_name() -> None:
    case = one_tile("os")
    fabric = case.machine.fabric.model_copy(update={"n_m": "2:4", "rows": 4})
    other = ArrayMachine.of(case.machine.machine.model_copy(update={"fabric": fabric}))
    with pytest.raises(ConfigError, match=r"fabric\.n_m: 2:4 is not elaborated"):
        run_both(other, case.schedule, case.folds)
    halves = list(folds_of(case.schedule.fabric, case.schedule, np.full((4, 6), 0.5), np.ones((6, 5))))
    with pytest.raises(ConfigError, match="found operands that are none"):
        run_both(case.machine, case.schedule, halves)
