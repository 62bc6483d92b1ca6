"""Operations as their schedules cut them, through an array's hardware; and the array as Verilog's source."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.errors import ConfigError
from simulator.machine.model import Machine
from simulator.rtl.design import CosimOptions
from tests.strategies import elaborated, machine, operation, sparse, workload

pytest.importorskip("amaranth")

from amaranth.back import rtlil

from simulator.cosim import cosimulate, designs_of
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.rtl import agreement as rtl_agreement
from simulator.kinds.systolic.rtl.agreement import as_integers
from simulator.kinds.systolic.search import plan_systolic
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.workload.types import Workload

INT8 = {"weight": "int8", "activation": "int8", "accumulate": "int32"}


def array(rows: int, cols: int, **keys: Any) -> Machine:
    sizes = {"x_buffer_kib": 0.0625, "w_buffer_kib": 0.0625, "y_buffer_kib": 0.125}
    return machine({"kind": "systolic", "rows": rows, "cols": cols, **sizes, **keys}, datatypes=INT8)


def products() -> Workload:
    random = np.random.default_rng(2)
    first = operation(sparse(random, 9, 12, 0.3), sparse(random, 12, 8, 0.5), name="first")
    return workload(first, operation(sparse(random, 7, 5, 0.9) / 3, sparse(random, 5, 6, 1.0), name="fractions"))


@pytest.mark.parametrize(("flow", "column_skip"), [("ws", False), ("os", True), ("is", False)])
def test_operations_agree_as_they_are_scheduled(flow: str, column_skip: bool) -> None:
    """Whole operations, so that counters and the formula's cycles are held too; fractions are stood for by whole numbers."""
    found = list(cosimulate(array(3, 2, dataflow=flow, column_skip=column_skip), products(), CosimOptions(tiles=1000)))
    assert [each.difference for each in found] == [None, None]
    assert all(each.compared["counters"] >= 8 and each.compared["registers"] > 2 * each.cycles for each in found)


def test_output_features_agree_in_the_order_of_the_schedule() -> None:
    """Every other one has its weights in the other half of the inputs: side by side, half of the steps are skipped."""
    random = np.random.default_rng(4)
    w = sparse(random, 8, 16, 1.0) * (np.arange(8)[:, None] % 2 == np.arange(16) // 8)
    op = operation(w, sparse(random, 16, 6, 1.0), name="halves")
    of = machine({"kind": "systolic", "rows": 2, "cols": 4, "dataflow": "os", "column_skip": True}, datatypes=INT8)
    planned = plan_systolic(ArrayMachine.of(of), op, Residency("dram", "dram"), SystemSpec.of(elaborated(of)))
    assert planned.schedule.product.row_order is not None
    (found,) = cosimulate(of, workload(op), CosimOptions(tiles=1000))
    assert found.difference is None
    assert found.compared["counters"] >= 8


def test_a_counter_that_differs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    true = rtl_agreement.array_tiles
    monkeypatch.setattr(rtl_agreement, "array_tiles", lambda *givens: SimpleNamespace(each=lambda: 2 * true(*givens).each()))
    (found,) = cosimulate(array(2, 2, dataflow="ws"), products(), CosimOptions(tiles=1000))
    assert found.difference is not None
    assert found.difference.what.startswith("counter mac_slots: ")


def test_few_tiles_are_few_folds() -> None:
    of = array(2, 2, dataflow="os")
    whole, part = (next(cosimulate(of, products(), CosimOptions(tiles=tiles))) for tiles in (1000, 1))
    assert part.compared["folds"] < whole.compared["folds"]
    assert part.difference is None


def test_values_become_whole_numbers_that_are_zero_only_where_they_were() -> None:
    values = np.array([[0.0, 0.001, -0.5], [1.0, -1.0, 0.0]])
    assert as_integers(values, 8).tolist() == [[0, 1, -64], [127, -127, 0]]
    assert as_integers(values, 4).tolist() == [[0, 1, -4], [7, -7, 0]]
    assert as_integers(np.array([[3.0, -2.0]]), 8).tolist() == [[3, -2]]


def test_the_source_of_an_array_has_a_module_a_component() -> None:
    (design,) = designs_of(array(2, 2))
    assert (design.top.shape.row_words, design.top.shape.sum_words) == (64, 32)
    text = rtlil.convert(design.top, name=design.name, ports=list(design.ports))
    modules = {line.split("\\")[-1].split(".")[-1].strip() for line in text.splitlines() if line.startswith("module")}
    assert {"array", "sequencer", "cell_0_0", "cell_1_1", "row_bank_1", "column_bank_0", "sum_bank_1"} <= modules


def test_an_array_of_very_many_cells_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"fabric\.rows, fabric\.cols: 128 × 64 is not .*: at most 4,096 cells"):
        designs_of(array(128, 64))
