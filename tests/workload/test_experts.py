"""Grouped products: who gets which tokens, and what an operation of experts becomes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import ConfigError
from simulator.workload import load_workload
from simulator.workload.operands import routed_tokens
from simulator.workload.spec import ExpertsSpec
from tests.strategies import machine, run, workload

HEAD = "name: w\nseed: 3\noperations:\n"
MOE = (
    "  - {name: moe, kind: SpMM, shape: {m: 6, k: 5, n: 12}, experts: {count: 4, top_k: 2, skew: 1.0}, "
    "weight: {pattern: uniform, nnz: 9}, activation: {pattern: dense}}\n"
)


def write(folder: Path, operations: str) -> Path:
    path = folder / "w.yaml"
    path.write_text(HEAD + operations, encoding="utf-8")
    return path


@given(
    count=st.integers(1, 9),
    share=st.floats(0, 1),
    skew=st.sampled_from([0.0, 1.0, 3.0]),
    tokens=st.integers(1, 40),
    seed=st.integers(0, 2**63 - 1),
)
def test_every_token_has_its_experts(count: int, share: float, skew: float, tokens: int, seed: int) -> None:
    spec = ExpertsSpec(count=count, top_k=1 + int(share * (count - 1)), skew=skew)
    routed = routed_tokens(spec, tokens, seed)
    assert len(routed) == count
    assert (np.bincount(np.concatenate(routed), minlength=tokens) == spec.top_k).all()
    again = routed_tokens(spec, tokens, seed)
    assert all(np.array_equal(one, other) for one, other in zip(routed, again, strict=True))


def test_skew_makes_loads_uneven() -> None:
    loads = [np.array([len(mine) for mine in routed_tokens(ExpertsSpec(count=16, top_k=2, skew=skew), 4096, 1)]) for skew in (0.0, 1.0)]
    assert loads[0].std() / loads[0].mean() < 0.1
    assert loads[1].std() / loads[1].mean() > 0.4


def test_an_operation_becomes_one_an_expert(tmp_path: Path) -> None:
    operands = "weight: {pattern: dense}, activation: {pattern: dense}"
    after = f"  - {{name: after, kind: SpMM, shape: {{m: 2, k: 6, n: 12}}, {operands}, depends_on: [moe]}}\n"
    loaded = load_workload(write(tmp_path, MOE + after))
    *experts, last = loaded.operations
    assert all(op.name.startswith("moe.e") for op in experts)
    assert sum(op.shape[2] for op in experts) == 24
    assert len({op.weight.sha256 for op in experts}) == len(experts)
    assert last.depends_on == tuple(op.name for op in experts)
    timing = run(machine({"output_bank_kib": 1, "bank_kib": 1}), workload(*loaded.operations))
    for op in loaded.operations:
        assert np.array_equal(timing.outputs[op.name], op.weight.to_dense() @ op.activations.values())


def test_tokens_are_those_of_the_whole(tmp_path: Path) -> None:
    """Every expert's X is made of columns of one X, and forward and backward meet the same tokens and the same W."""
    sparse_x = MOE.replace("SpMM", "SpMSpM").replace("activation: {pattern: dense}", "activation: {pattern: uniform, density: 0.5}")
    dw = (
        "  - {name: dw, kind: SDDMM, shape: {n: 12}, experts: {count: 4, top_k: 2, skew: 1.0}, weight_of: moe, "
        "activation: {pattern: uniform, density: 0.5, seed: 4}, gradient: {pattern: dense}}\n"
    )
    operations = load_workload(write(tmp_path, sparse_x + dw)).operations
    forward, backward = operations[: len(operations) // 2], operations[len(operations) // 2 :]
    assert [op.shape for op in forward] == [op.shape for op in backward]
    assert [op.weight.sha256 for op in forward] == [op.weight.sha256 for op in backward]
    assert sum(op.activations.nnz for op in forward) == 2 * 30


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        (MOE.replace("top_k: 2", "top_k: 5"), "top_k: found 5; allowed: at most count = 4"),
        (MOE.replace("n: 12", "n: 12, batch: 2"), "experts: each draws a W of its own"),
        (
            MOE + "  - {name: dx, kind: SpMM, shape: {n: 12}, weight_of: moe, transpose: stored, activation: {pattern: dense}}\n",
            "operations.1.experts: those of moe, whose W it takes, differ",
        ),
    ],
)
def test_mistakes_are_named(tmp_path: Path, operations: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_workload(write(tmp_path, operations))
