"""Operands made of an X, and the whole product behind a sampled one: the same nonzeros, the same numbers."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.workload import load_workload
from simulator.workload.made import as_weight, transposed, whole_product, whole_step
from simulator.workload.types import Operation
from tests.strategies import activations, machine, operation, run, sampled_operation, sparse, workload

ROOT = Path(__file__).resolve().parents[2]


@given(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5), st.sampled_from([0.0, 0.4, 1.0]), st.integers(0, 99))
def test_an_x_as_w_and_its_transpose(batch: int, rows: int, columns: int, density: float, seed: int) -> None:
    values = sparse(np.random.default_rng(seed), batch * rows, columns, density)
    w, turned = as_weight(activations(values), batch), transposed(activations(values), batch)
    expected = np.zeros((batch * rows, batch * columns))
    for block in range(batch):
        at = slice(block * rows, (block + 1) * rows)
        expected[at, block * columns : (block + 1) * columns] = values[at]
        assert (turned.values()[block * columns : (block + 1) * columns] == values[at].T).all()
    assert (w.to_dense() == expected).all()
    assert transposed(turned, batch).shape == values.shape


@settings(max_examples=30)
@given(st.sampled_from([0.3, 1.0]), st.sampled_from([0.3, 1.0]), st.integers(0, 99))
def test_a_sampled_product_is_the_whole_one_at_its_mask(of_gradient: float, of_x: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    mask, gradient, x = sparse(random, 6, 5, 0.5), sparse(random, 6, 4, of_gradient), sparse(random, 5, 4, of_x)
    sampled = sampled_operation(mask, gradient, x)
    whole = whole_product(sampled)
    assert whole.gradient is None
    assert whole.weight_home == "activation"
    assert (whole.weight.nnz, whole.activations.nnz) == (np.count_nonzero(gradient), np.count_nonzero(x))
    assert whole.macs_useful == ((gradient != 0).astype(int) @ (x != 0).T.astype(int)).sum()
    of = machine({"lane_tree": True})
    (at_mask,), (everywhere,) = (run(of, workload(op)).outputs.values() for op in (sampled, whole))
    assert (everywhere == gradient @ x.T).all()
    assert (at_mask == np.where(mask != 0, everywhere, 0)).all()


@pytest.mark.parametrize(
    ("of_gradient", "of_x", "kind"), [(1.0, 1.0, "GEMM"), (0.5, 1.0, "SpMM"), (1.0, 0.5, "SpMSpM"), (0.5, 0.5, "SpMSpM")]
)
def test_its_kind_says_which_operands_have_zeros(of_gradient: float, of_x: float, kind: str) -> None:
    random = np.random.default_rng(3)
    sampled = sampled_operation(np.ones((6, 5)), sparse(random, 6, 4, of_gradient), sparse(random, 5, 4, of_x))
    assert whole_product(sampled).kind == kind


def test_another_product_is_itself() -> None:
    other = operation(np.ones((2, 2)), np.ones((2, 2)))
    assert whole_product(other) is other


def test_the_shipped_whole_step_takes_what_the_sampled_one_takes() -> None:
    """Said in the workload file, or made of the sampled step: the same operands, operation by operation."""
    made = whole_step(load_workload(ROOT / "workloads" / "ws-1x-train.yaml"))
    said = load_workload(ROOT / "workloads" / "ws-1x-train-dense-dw.yaml")

    def operands(op: Operation) -> tuple[object, ...]:
        return op.name, op.kind, op.block_shape, op.weight.sha256, op.activations.sha256, op.depends_on, op.weight_home, op.transpose

    assert [operands(op) for op in made.operations] == [operands(op) for op in said.operations]
    dw = next(op for op in said.operations if op.name == "h3.c_fc.dw")
    assert (dw.weight.nnz, dw.activations.nnz) == (1024 * 256 // 4, 256 * 256 // 4)
