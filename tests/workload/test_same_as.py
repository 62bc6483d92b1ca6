"""Operands that are another operation's X: the very same nonzeros, their sizes, and mistakes in naming them."""

from pathlib import Path

import pytest

from simulator.errors import SparsimError
from simulator.workload import load_workload
from simulator.workload.twin import twin_spec
from simulator.workload.types import Workload

UP = "{name: up, kind: SpMSpM, shape: {m: 12, k: 10, n: 8}, weight: {pattern: uniform, nnz: 30}, activation: {pattern: uniform, nnz: 41}}"
DX = "{name: dx, kind: SpMSpM, shape: {n: 8}, weight_of: up, transpose: stored, activation: {pattern: uniform, nnz: 37}}"
DW = "{name: dw, kind: SDDMM, weight_of: up, activation: {same_as: up}, gradient: {same_as: dx}}"


def load(folder: Path, *operations: str) -> Workload:
    path = folder / "w.yaml"
    path.write_text("name: w\noperations:\n" + "".join(f"  - {text}\n" for text in operations), encoding="utf-8")
    return load_workload(path)


def test_gradients_of_a_product_share_its_operands(tmp_path: Path) -> None:
    up, dx, dw = load(tmp_path, UP, DX, DW).operations
    assert dw.shape == (12, 10, 8)
    assert dw.gradient is not None
    assert dw.activations is up.activations
    assert dw.gradient is dx.activations
    assert (dw.activations.nnz, dw.gradient.nnz) == (41, 37)


def test_what_is_taken_may_be_taken_again(tmp_path: Path) -> None:
    again = "{name: again, kind: SpMSpM, shape: {m: 3}, weight: {pattern: uniform, nnz: 4}, activation: {same_as: dw}}"
    up, *_, last = load(tmp_path, UP, DX, DW, again).operations
    assert last.activations is up.activations


def test_blocks_are_taken_with_their_number(tmp_path: Path) -> None:
    qk = UP.replace("shape: {", "shape: {batch: 3, ")
    other = "{name: other, kind: SpMSpM, shape: {m: 5}, weight: {pattern: uniform, nnz: 4}, activation: {same_as: up}}"
    first, second = load(tmp_path, qk, other).operations
    assert second.batch == first.batch == 3
    assert second.block_shape == (5, 10, 8)


@pytest.mark.parametrize(
    ("operation", "found"),
    [
        (DW.replace("same_as: up", "same_as: upp"), "activation.same_as: found upp, which is no operation"),
        (DW.replace("same_as: up", "same_as: dw"), "activation.same_as: found dw, which is the operation itself"),
        (DW.replace("same_as: dx", "same_as: up"), "gradient.same_as.*X of up has m = 10, but the weight has 12"),
        (DW.replace("same_as: up", "same_as: up, file: x.npz"), "same_as: goes without file and pattern"),
        (DW.replace("same_as: up", "same_as: up, pattern: dense"), "same_as: goes without file and pattern"),
        (DW.replace("{same_as: up}", "{}"), "neither file nor pattern is given"),
        ("{name: s, kind: SpMM, shape: {m: 3}, weight: {pattern: dense}, activation: {same_as: up}}", "SpMM needs a dense X"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, operation: str, found: str) -> None:
    with pytest.raises(SparsimError, match=found):
        load(tmp_path, UP, DX, operation)


def test_the_twin_of_a_training_step_loads_and_takes_what_its_original_takes(tmp_path: Path) -> None:
    import yaml

    original = load(tmp_path, UP, DX, DW)
    (tmp_path / "twin.yaml").write_text(yaml.safe_dump(twin_spec(original)), encoding="utf-8")
    up, dx, dw = load_workload(tmp_path / "twin.yaml").operations
    assert dw.activations is up.activations
    assert dw.gradient is dx.activations
    assert ((dx.weight.to_dense() != 0) == (up.weight.to_dense() != 0).T).all()
    assert [op.weight.nnz for op in (up, dx, dw)] == [30, 30, 30]
    assert up.weight.sha256 != original.operations[0].weight.sha256
    assert (up.activations.nnz, dx.activations.nnz) == (41, 37)


MADE = "weight_home: activation, depends_on: [dx]"
WHOLE = f"{{name: whole, kind: SpMSpM, weight: {{same_as: dx}}, activation: {{same_as: up, transposed: true}}, {MADE}}}"


def test_an_x_may_be_a_w_and_a_transpose(tmp_path: Path) -> None:
    up, dx, dw, whole = load(tmp_path, UP, DX, DW, WHOLE).operations
    assert whole.block_shape == (12, 8, 10)
    assert dx.activations.mask is not None
    assert up.activations.mask is not None
    assert whole.activations.mask is not None
    assert ((whole.weight.to_dense() != 0) == dx.activations.mask).all()
    assert (whole.activations.mask == up.activations.mask.T).all()
    # pairs of nonzeros in every place, counted by hand; at the places of a mask they are fewer
    pairs = dx.activations.mask.astype(int) @ up.activations.mask.T.astype(int)
    assert whole.macs_useful == pairs.sum()
    assert dw.macs_useful == pairs[up.weight.to_dense() != 0].sum() < whole.macs_useful


def test_blocks_stay_blocks(tmp_path: Path) -> None:
    shape, operands = "{batch: 3, m: 2, k: 4, n: 5}", "weight: {pattern: dense}, activation: {pattern: uniform, nnz: 17}"
    first = f"{{name: first, kind: SpMSpM, shape: {shape}, {operands}}}"
    made = "weight_home: activation, depends_on: [first]"
    gram = f"{{name: gram, kind: SpMSpM, weight: {{same_as: first}}, activation: {{same_as: first, transposed: true}}, {made}}}"
    again = "{name: again, kind: SpMM, shape: {n: 2}, weight_of: gram, transpose: stored, activation: {pattern: dense}}"
    one, two, three = load(tmp_path, first, gram, again).operations
    assert one.activations.mask is not None
    blocks = one.activations.mask.reshape(3, 4, 5)
    assert (two.batch, two.block_shape) == (3, (4, 5, 4))
    w = two.weight.to_dense() != 0
    for block in range(3):
        assert (w[4 * block : 4 * block + 4, 5 * block : 5 * block + 5] == blocks[block]).all()
    assert w.sum() == 17
    assert two.activations.mask is not None
    assert (two.activations.mask.reshape(3, 5, 4) == blocks.transpose(0, 2, 1)).all()
    assert ((three.weight.to_dense() != 0) == w.T).all()


@pytest.mark.parametrize(
    ("operation", "found"),
    [
        (
            WHOLE.replace("weight_home: activation, ", ""),
            "weight.same_as: a W that is an X is made from activations; set weight_home: activation",
        ),
        (WHOLE.replace("same_as: dx", "same_as: xd"), "weight.same_as: found xd, which is no operation.*nearest: dx"),
        (WHOLE.replace(", transposed: true", ""), "activation.same_as.*X of up has k = 10, but the weight has 8"),
        (WHOLE.replace("SpMSpM", "GEMM"), "GEMM needs a dense W, but 37 of 96 are nonzero"),
        (WHOLE.replace("name: whole,", "name: whole, experts: {count: 2},"), "experts: each draws a W of its own"),
        (WHOLE.replace("{same_as: dx}", "{pattern: dense, transposed: true}"), "transposed: true is allowed only beside file or same_as"),
    ],
)
def test_mistakes_in_a_w_that_is_an_x_are_named(tmp_path: Path, operation: str, found: str) -> None:
    with pytest.raises(SparsimError, match=found):
        load(tmp_path, UP, DX, operation)


def test_the_twin_of_a_w_that_is_an_x_is_the_twin_of_that_x(tmp_path: Path) -> None:
    import yaml

    (tmp_path / "twin.yaml").write_text(yaml.safe_dump(twin_spec(load(tmp_path, UP, DX, DW, WHOLE))), encoding="utf-8")
    up, dx, _, whole = load_workload(tmp_path / "twin.yaml").operations
    assert dx.activations.mask is not None
    assert up.activations.mask is not None
    assert whole.activations.mask is not None
    assert ((whole.weight.to_dense() != 0) == dx.activations.mask).all()
    assert (whole.activations.mask == up.activations.mask.T).all()
