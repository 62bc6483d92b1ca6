"""The systolic array cell by cell, by its schedule's formula, and by the formulas of the model written out here."""

import itertools

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from simulator.errors import CheckError, MappingError
from simulator.kinds import kind_of
from simulator.kinds.systolic.array_product import product_of
from simulator.kinds.systolic.folds import Dataflow
from simulator.kinds.systolic.machine import ArrayMachine, SystolicFabric
from simulator.kinds.systolic.operation import check_array
from simulator.kinds.systolic.reference import run_array
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.search import plan_systolic
from simulator.kinds.systolic.tiles import array_tiles
from simulator.kinds.systolic.timing import compute_cycles, fold_plan, tile_times
from simulator.machine.model import Machine
from simulator.system.program import LoopOrder
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.workload.types import Operation
from tests.strategies import elaborated, machine, operation, run, sparse, workload

DRAM = Residency("dram", "dram")
FLOWS: tuple[Dataflow, ...] = ("ws", "os", "is")


def schedule(of: Machine, op: Operation, ideal_dram: bool = False, home: Residency = DRAM) -> SystolicSchedule:
    spec = SystemSpec.of(elaborated(of))
    return plan_systolic(ArrayMachine.of(of), op, home, spec.made_ideal("dram" if ideal_dram else "none")).schedule


def fabric(rows: int, cols: int, weight_load: str = "overlapped", **keys: object) -> SystolicFabric:
    return SystolicFabric.model_validate({"kind": "systolic", "rows": rows, "cols": cols, "weight_load": weight_load, **keys})


def formula(rows: int, cols: int, flow: str, weight_load: str, extent: tuple[int, int, int], pipeline: int = 0) -> int:
    """Cycles of one operation in one tile, from its sizes alone; `pipeline`: of a read beyond one, and of a product."""
    m, k, n = extent
    on_rows, on_cols, stream = {"ws": (k, m, n), "is": (k, n, m), "os": (n, m, k)}[flow]
    folds = -(-on_rows // rows) * -(-on_cols // cols)
    last = stream + rows + cols - 2 + pipeline
    if weight_load == "serial":
        return folds * (last if flow == "os" else rows + last)
    hidden = (folds - 1) * max(stream, rows) + last
    return hidden + rows


def spans(size: int, cuts: list[int]) -> tuple[tuple[int, int], ...]:
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < size}), size]
    return tuple(itertools.pairwise(edges))


@settings(max_examples=80)
@given(
    rows=st.integers(1, 4),
    cols=st.integers(1, 4),
    flow=st.sampled_from(FLOWS),
    weight_load=st.sampled_from(["overlapped", "serial"]),
    extent=st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(1, 7)),
    order=st.sampled_from(["m_rounds", "rounds_m"]),
    cuts=st.lists(st.integers(1, 6), max_size=2),
    latencies=st.tuples(st.integers(1, 3), st.integers(0, 3)),
    seed=st.integers(0, 99),
)
def test_cells_take_the_cycles_of_the_formula_and_give_numpys_product(
    rows: int,
    cols: int,
    flow: Dataflow,
    weight_load: str,
    extent: tuple[int, int, int],
    order: LoopOrder,
    cuts: list[int],
    latencies: tuple[int, int],
    seed: int,
) -> None:
    m, k, n = extent
    random = np.random.default_rng(seed)
    w, x = sparse(random, m, k, 0.8), sparse(random, k, n, 0.8)
    pipelines = dict(zip(("read_latency", "multiply_latency"), latencies, strict=True))
    of = fabric(rows, cols, weight_load, **pipelines)
    plan = SystolicSchedule(
        of,
        product_of(operation(w, x)),
        flow,
        spans(m, cuts),
        spans(k, cuts),
        spans(n, cuts),
        order,
    )
    cycles, y = run_array(plan, w, x)
    whole = machine({"kind": "systolic", "rows": rows, "cols": cols, "weight_load": weight_load, **pipelines})
    folds = fold_plan(plan)
    tiles = array_tiles(ArrayMachine.of(whole), plan, folds, tile_times(plan, folds)).each()
    assert cycles == compute_cycles(plan) == sum(tile.cycles for tile in tiles)
    assert (y == w @ x).all()
    if len(plan.m_tiles) == len(plan.k_tiles) == len(plan.n_tiles) == 1:
        assert cycles == formula(rows, cols, flow, weight_load, extent, latencies[0] - 1 + latencies[1])


@pytest.mark.parametrize("weight_load", ["overlapped", "serial"])
@pytest.mark.parametrize("flow", FLOWS)
def test_one_multiply_on_one_cell(flow: Dataflow, weight_load: str) -> None:
    one = np.ones((1, 1))
    plan = SystolicSchedule(fabric(1, 1, weight_load), product_of(operation(one, one)), flow, ((0, 1),), ((0, 1),), ((0, 1),), "m_rounds")
    cycles, y = run_array(plan, one, one)
    assert (cycles, y.tolist()) == (1 if (flow, weight_load) == ("os", "serial") else 2, [[1.0]])


@settings(max_examples=60)
@given(
    edge=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    flow=st.sampled_from([*FLOWS, "best"]),
    weight_load=st.sampled_from(["overlapped", "serial"]),
    extent=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)),
    buffers=st.tuples(st.integers(8, 60), st.integers(8, 60), st.integers(8, 60)),
)
def test_schedules_cover_everything_and_fit_the_buffers(
    edge: tuple[int, int], flow: str, weight_load: str, extent: tuple[int, int, int], buffers: tuple[int, int, int]
) -> None:
    sizes = {name: count * 4 / 1024 for name, count in zip(("x_buffer_kib", "w_buffer_kib", "y_buffer_kib"), buffers, strict=True)}
    of = machine({"kind": "systolic", "rows": edge[0], "cols": edge[1], "dataflow": flow, "weight_load": weight_load, **sizes})
    random = np.random.default_rng(1)
    m, k, n = extent
    op = operation(sparse(random, m, k, 1.0), sparse(random, k, n, 0.5))
    (home,) = kind_of(of).residency(of, workload(op))
    try:
        plan = schedule(of, op, home=home)
    except MappingError:
        reject()
    met = np.zeros(extent, dtype=np.int64)
    for _, i, j, p in plan.positions:
        (m0, m1), (n0, n1), (k0, k1) = plan.m_tiles[i], plan.n_tiles[j], plan.k_tiles[p]
        met[m0:m1, k0:k1, n0:n1] += 1
        assert (k1 - k0) * (n1 - n0) <= 2 * buffers[0]
        assert (m1 - m0) * (k1 - k0) <= 2 * buffers[1]
        assert (m1 - m0) * (n1 - n0) <= buffers[2]
    assert (met == 1).all()
    timing = run(of, workload(op))
    activity = timing.activity.operations[0]
    assert (timing.outputs["op"] == op.weight.to_dense() @ op.activations.values()).all()
    assert activity.compute_cycles == compute_cycles(plan)
    assert sum(timing.activity.unit_cycles.values()) == edge[0] * edge[1] * timing.activity.cycles
    assert activity.unit_cycles["computing"] == m * k * n
    assert activity.counts.y_buffer_reads >= m * n
    assert activity.bounds.unit_cycles <= activity.compute_cycles


def test_best_is_never_slower_than_any_fixed_dataflow() -> None:
    random = np.random.default_rng(5)
    for m, k, n in ((40, 3, 3), (3, 40, 3), (3, 3, 40), (17, 9, 12)):
        op = operation(sparse(random, m, k, 1.0), sparse(random, k, n, 1.0))
        cycles = {}
        for flow in ("best", *FLOWS):
            of = machine({"kind": "systolic", "rows": 4, "cols": 4, "dataflow": flow})
            cycles[flow] = compute_cycles(schedule(of, op))
        assert cycles["best"] == min(cycles[flow] for flow in FLOWS)


def test_causes_of_one_fold_by_hand() -> None:
    """2 × 2 cells, always used whole, hold a 2 × 1 operand and stream 3 tokens: 2 + 3 + 2 + 2 − 2 cycles, half of the columns idle."""
    op = operation(np.ones((1, 2)), np.ones((2, 3)))
    of = machine({"kind": "systolic", "rows": 2, "cols": 2, "dataflow": "ws", "weight_load": "serial"})
    activity = run(of, workload(op)).activity.operations[0]
    assert activity.compute_cycles == 7
    assert {cause: n for cause, n in activity.unit_cycles.items() if n} == {"computing": 6, "imbalance": 6, "fill_drain": 16}


def test_an_array_that_holds_no_tile_is_refused_with_its_sizes() -> None:
    of = machine({"kind": "systolic", "rows": 8, "cols": 8, "x_buffer_kib": 0.001})
    with pytest.raises(MappingError, match=r"no tile of op fits the operand buffers \(x 0.001.*8 × 8"):
        schedule(of, operation(np.ones((9, 9)), np.ones((9, 9))))


def test_a_wrong_product_or_cycle_is_caught() -> None:
    y = np.ones((2, 2))
    check_array("op", 5, 5, y, y)
    with pytest.raises(CheckError, match="6 cycles cell by cell, 5 by formula"):
        check_array("op", 5, 6, y, y)
    with pytest.raises(CheckError, match="Y differs"):
        check_array("op", 5, 5, y, y + 1)
    with pytest.raises(CheckError, match="Y differs"):
        check_array("op", 5, 5, y / 3, y / 3 + 1e-6)
