"""Output features grouped by their zeros: what the order gives, that it is used where it helps, and that Y is as it was."""

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.kinds.systolic.array_product import in_row_order, packed, product_of, with_row_order
from simulator.kinds.systolic.folds import Dataflow, fold_steps
from simulator.kinds.systolic.machine import ArrayMachine, SystolicFabric
from simulator.kinds.systolic.reference import run_array
from simulator.kinds.systolic.row_order import grouped_rows
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.timing import compute_cycles
from simulator.machine.model import Machine
from simulator.system.program import spans
from simulator.workload.types import Operation
from tests.strategies import machine, operation, run, sparse, workload

C_FC = Path(__file__).parents[3] / "workloads" / "tinygpt" / "weights" / "h.0.c_fc.npz"


def array(rows: int, cols: int, **keys: object) -> Machine:
    return machine({"kind": "systolic", "rows": rows, "cols": cols, **keys})


def one_tile(fabric: SystolicFabric, op: Operation, order: np.ndarray | None) -> SystolicSchedule:
    product = product_of(op)
    m, k, n = (((0, extent),) for extent in product.shape)
    return SystolicSchedule(fabric, product if order is None else with_row_order(product, order), "os", m, k, n, "m_rounds")


def test_rows_of_two_kinds_that_alternate_are_parted() -> None:
    w = np.zeros((8, 6))
    w[::2, :3] = w[1::2, 3:] = 1
    product = product_of(operation(w, np.ones((6, 4))))
    assert grouped_rows(product, 4, 1).tolist() == [0, 2, 4, 6, 1, 3, 5, 7]
    assert grouped_rows(product, 4, 3).tolist() == [0, 2, 4, 6, 1, 3, 5, 7]
    fabric = ArrayMachine.of(array(2, 4, column_skip=True)).fabric
    op = operation(w, np.ones((6, 4)))
    plans = one_tile(fabric, op, None), one_tile(fabric, op, grouped_rows(product, 4, 1))
    steps = [int(fold_steps(fabric, plan.product, "os", plan.axes).sum()) for plan in plans]
    assert steps == [2 * 2 * 6, 2 * 2 * 3]


@settings(max_examples=40, deadline=None)
@given(
    batch=st.integers(1, 3),
    shape=st.tuples(st.integers(1, 20), st.integers(1, 12)),
    group=st.integers(1, 6),
    width=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_every_row_stands_once_and_in_its_own_block(batch: int, shape: tuple[int, int], group: int, width: int, seed: int) -> None:
    m, k = shape
    random = np.random.default_rng(seed)
    w = np.kron(np.eye(batch), np.ones(shape)) * sparse(random, batch * m, batch * k, 0.3)
    op = Operation("op", "SpMM", operation(w, np.ones((batch * k, 2))).weight, operation(w, np.ones((batch * k, 2))).activations, (), batch)
    product = product_of(op)
    if product.left is None:
        return
    order = grouped_rows(product, group, width)
    assert sorted(order.tolist()) == list(range(batch * m))
    assert (order // m == np.arange(batch * m) // m).all()
    assert (in_row_order(op, order).weight.to_dense() == w[order]).all()
    left = with_row_order(product, order).left
    assert left is not None
    assert (np.stack((left.rows, left.cols)) == np.stack(np.nonzero(w[order]))).all()


@settings(max_examples=60, deadline=None)
@given(
    edge=st.tuples(st.sampled_from([2, 4]), st.integers(1, 4)),
    flow=st.sampled_from(["ws", "os", "is"]),
    pack=st.booleans(),
    extent=st.tuples(st.integers(2, 9), st.integers(1, 9), st.integers(1, 5)),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)),
    seed=st.integers(0, 99),
)
def test_cells_give_numpys_product_in_any_order_of_rows(
    edge: tuple[int, int], flow: Dataflow, pack: bool, extent: tuple[int, int, int], sizes: tuple[int, int, int], seed: int
) -> None:
    m, k, n = extent
    random = np.random.default_rng(seed)
    w, x = sparse(random, m, k, 0.4), sparse(random, k, n, 0.7)
    w[:, 1::2] = 0
    w[0, 0] = 1
    of = array(*edge, skip_zero_tiles=True, column_skip=True, n_m="2:4")
    product = product_of(operation(w, x))
    if product.left is None:
        return
    if pack and flow != "is":
        selected = packed(product, 2, 4)
        assert selected is not None
        product = selected
    product = with_row_order(product, random.permutation(m))
    m_size, k_size, n_size = sizes
    tiles = spans(m, m_size), spans(product.shape[1], k_size * product.kept), spans(n, n_size)
    plan = SystolicSchedule(ArrayMachine.of(of).fabric, product, flow, *tiles, "m_rounds")
    cycles, y = run_array(plan, w, x)
    assert (y == w @ x).all()
    assert cycles == compute_cycles(plan)


def test_grouping_is_used_where_it_helps_and_a_key_turns_it_off() -> None:
    random = np.random.default_rng(2)
    w = np.kron(np.eye(4), np.ones((1, 8)))[random.integers(0, 4, size=24)]
    op = operation(w, np.ones((32, 8)))
    grouped, natural = (
        run(array(4, 4, dataflow="os", column_skip=True, row_order=order), workload(op)) for order in ("grouped", "natural")
    )
    assert grouped.activity.operations[0].details["row_order"] == "grouped"
    assert natural.activity.operations[0].details["row_order"] == "natural"
    assert grouped.activity.cycles < 0.6 * natural.activity.cycles
    assert (grouped.outputs["op"] == op.weight.to_dense() @ op.activations.values()).all()
    plain = run(array(4, 4), workload(op)).activity.operations[0]
    assert plain.details["row_order"] == "natural"


@pytest.mark.parametrize(("tokens", "natural", "most"), [(256, 10_378, 6_200)])
def test_grouped_rows_of_a_trained_layer(tokens: int, natural: int, most: int) -> None:
    """tinygpt's first MLP matrix on 64 × 64 cells that skip steps, were every operand at hand."""
    w = (scipy.sparse.load_npz(C_FC).toarray() != 0).astype(float)
    op = operation(w, np.ones((w.shape[1], tokens)))
    fabric = ArrayMachine.of(array(64, 64, dataflow="os", column_skip=True)).fabric
    assert compute_cycles(one_tile(fabric, op, None)) == natural
    assert compute_cycles(one_tile(fabric, op, grouped_rows(product_of(op), 64, 1))) <= most
