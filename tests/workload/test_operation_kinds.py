"""Kinds of operation in workload files: what each needs, and how one takes the weights of another."""

from pathlib import Path

import numpy as np
import pytest

from simulator.errors import ConfigError, OperandError
from simulator.workload import load_workload


def write(tmp_path: Path, operations: str) -> Path:
    path = tmp_path / "w.yaml"
    path.write_text("name: w\noperations:\n" + operations, encoding="utf-8")
    return path


UP = "  - {name: up, kind: SpMM, shape: {m: 6, k: 4, n: 3}, weight: {pattern: uniform, nnz: 7}, activation: {pattern: dense}}\n"


def test_an_operation_takes_the_weight_of_an_earlier_one(tmp_path: Path) -> None:
    """The training step: dX = Wᵀ·dY, and dW = dY · Xᵀ at the places of W; every shape is told by W."""
    dx = "  - {name: dx, kind: SpMM, shape: {n: 3}, weight_of: up, transpose: stored, activation: {pattern: dense}}\n"
    dw = "  - {name: dw, kind: SDDMM, shape: {n: 3}, weight_of: up, activation: {pattern: dense}, gradient: {pattern: dense}}\n"
    up, transposed, sampled = load_workload(write(tmp_path, UP + dx + dw)).operations
    assert np.array_equal(transposed.weight.to_dense() != 0, up.weight.to_dense().T != 0)
    assert sampled.weight.sha256 == up.weight.sha256
    assert (transposed.shape, sampled.shape, sampled.macs_useful) == ((4, 6, 3), (6, 4, 3), 21)
    assert sampled.gradient is not None
    assert sampled.gradient.shape == (6, 3)


def test_a_vector_has_one_token(tmp_path: Path) -> None:
    vector = "  - {name: v, kind: SpMV, shape: {m: 6, k: 4}, weight: {pattern: uniform, nnz: 7}, activation: {pattern: dense}}\n"
    assert load_workload(write(tmp_path, vector)).operations[0].shape == (6, 4, 1)
    with pytest.raises(OperandError, match=r"SpMV has one token, but n = 2; allowed: SpMM, SpMSpM"):
        load_workload(write(tmp_path, vector.replace("k: 4", "k: 4, n: 2")))


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (
            "{name: a, kind: SDDMM, shape: {m: 2, k: 2, n: 2}, weight: {pattern: dense}, activation: {pattern: dense}}",
            "gradient: dY of an SDDMM",
        ),
        (
            "{name: a, kind: SpMM, shape: {n: 2}, weight_of: b, activation: {pattern: dense}}",
            r"operations.0.weight_of: found b, which is no operation; allowed: nothing, for the first operation",
        ),
        (
            "{name: a, kind: SpMM, shape: {m: 2, k: 2, n: 2}, weight_of: b, weight: {pattern: dense}, activation: {pattern: dense}}",
            "exactly one of weight and weight_of",
        ),
        (
            "{name: a, kind: SpMV, shape: {m: 2, k: 2}, weight: {pattern: dense}, activation: {pattern: uniform, density: 0.5}}",
            "kind = SpMV needs a dense X, but activation.pattern is uniform; allowed: kind: SpMSpV",
        ),
    ],
)
def test_mistakes_with_kinds_are_named(tmp_path: Path, operation: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_workload(write(tmp_path, f"  - {operation}\n"))


def test_a_weight_of_another_shape_is_refused(tmp_path: Path) -> None:
    other = "  - {name: o, kind: SpMM, shape: {m: 6, n: 3}, weight_of: up, transpose: stored, activation: {pattern: dense}}\n"
    with pytest.raises(OperandError, match=r"weight_of \(operation o\): that W has m = 4, but shape.m is 6"):
        load_workload(write(tmp_path, UP + other))


def test_a_weight_that_is_taken_as_it_lies_keeps_its_form(tmp_path: Path) -> None:
    stored = UP.replace("weight:", "storage: {format: csr}, weight:")
    taken = "".join(
        f"  - {{name: t{index}, kind: SpMM, shape: {{n: 3}}, weight_of: up{extra}, activation: {{pattern: dense}}}}\n"
        for index, extra in enumerate(("", ", transpose: scatter", ", transpose: stored", ", transpose: stored, storage: {format: coo}"))
    )
    forms = [op.storage.format if op.storage else None for op in load_workload(write(tmp_path, stored + taken)).operations]
    assert forms == ["csr", "csr", "csr", None, "coo"]


def test_an_expert_does_not_take_the_name_of_another(tmp_path: Path) -> None:
    experts = UP.replace("shape:", "experts: {count: 1}, shape:")
    with pytest.raises(OperandError, match=r"operation up.e0: an expert of another operation has this name"):
        load_workload(write(tmp_path, experts + UP.replace("name: up", "name: up.e0")))
