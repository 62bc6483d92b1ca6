"""Model traces: sizes and densities against the published table, shipped files against what the command writes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from simulator.workload import load_workload
from simulator.workload.models import MODELS
from simulator.workload.models.trace import trace_text
from simulator.workload.types import Operation

ROOT = Path(__file__).resolve().parents[3]
GMACS = {"ws-1x": 2.013, "ws-4x": 27.380, "ws-8x": 106.300, "ws-16x": 418.759, "gpt2-small": 16.114, "resnet50": 4.089}
"""Multiply-accumulates of whole models, dense: each from its published sizes (in thousands of millions)."""


def dense_macs(name: str) -> int:
    shapes = [entry["shape"] for entry in MODELS[name].operations(MODELS[name].tokens)]
    return sum(shape.get("batch", 1) * shape["m"] * shape["k"] * shape["n"] for shape in shapes)


@pytest.mark.parametrize(("name", "gmacs"), GMACS.items())
def test_dense_macs(name: str, gmacs: float) -> None:
    assert dense_macs(name) / 1e9 == pytest.approx(gmacs, abs=5e-4)


@pytest.mark.parametrize("name", MODELS)
def test_shipped_files_are_what_the_command_writes(name: str) -> None:
    assert (ROOT / "workloads" / f"{name}.yaml").read_text(encoding="utf-8") == trace_text(name, MODELS[name])


def test_a_training_step_has_a_gradient_of_each_operand() -> None:
    """Forward, dX and dW of every linear product are as many MACs each; attention's backward pass is twice its forward one."""
    for scale in (1, 4, 8, 16):
        for how in ("train", "train-dense-dw"):
            assert dense_macs(f"ws-{scale}x-{how}") == 3 * dense_macs(f"ws-{scale}x")


@pytest.fixture(scope="module")
def operations() -> dict[str, Operation]:
    """Of the smallest training step, by name."""
    return {operation.name: operation for operation in load_workload(ROOT / "workloads" / "ws-1x-train.yaml").operations}


def test_gradients_take_the_mask_of_the_forward_pass(operations: dict[str, Operation]) -> None:
    forward, dw, dx = (operations[f"h3.c_fc{which}"].weight.to_dense() != 0 for which in ("", ".dw", ".dx"))
    assert (dw == forward).all()
    assert (dx == forward.T).all()


def test_weights_have_their_density_and_activations_theirs() -> None:
    workload = load_workload(ROOT / "workloads" / "ws-4x.yaml")
    operations = {operation.name: operation for operation in workload.operations}
    nonzeros = {name: operations[f"h0.{name}"].weight.nnz for name in ("c_attn", "c_proj", "c_fc", "m_proj")}
    assert nonzeros == {"c_attn": 49_152, "c_proj": 16_384, "c_fc": 65_536, "m_proj": 65_536}
    assert operations["lm_head"].weight.nnz == 2048 * 1024 // 16
    mask = operations["h0.c_fc"].activations.mask
    assert mask is not None
    assert (mask.sum(axis=0) == 256).all()


def test_resnet_is_54_products_of_which_the_pruned_ones_share_names_with_the_dense_ones() -> None:
    dense, pruned = ({entry["name"]: entry for entry in MODELS[name].operations(1)} for name in ("resnet50", "resnet50-90"))
    assert len(dense) == 54
    assert list(dense) == list(pruned)
    assert Counter(entry["kind"] for entry in pruned.values()) == {"SpMM": 52, "GEMM": 2}


def test_tokens_and_seed_are_chosen() -> None:
    text = trace_text("ws-1x", MODELS["ws-1x"], tokens=16, seed=7)
    assert "n: 16}" in text
    assert "n: 256}" not in text
    assert "\nseed: 7\n" in text


@pytest.mark.parametrize("how", ["train", "train-dense-dw"])
def test_gradients_wait_for_what_they_take_from_the_forward_pass(how: str) -> None:
    trace = {entry["name"]: entry for entry in MODELS[f"ws-4x-{how}"].operations(256)}
    assert trace["h3.m_proj.dw"]["depends_on"] == ["h4.c_attn.dx", "h3.c_fc"]
    assert trace["h3.c_proj.dw"]["depends_on"] == ["h3.c_fc.dx", "h3.av"]
    assert trace["h3.dv"]["depends_on"] == ["h3.c_proj.dx", "h3.qk"]
    assert trace["h3.dk"]["depends_on"] == ["h3.dp", "h3.c_attn"]


@pytest.mark.parametrize("how", ["train", "train-dense-dw"])
def test_a_fused_step_makes_again_what_is_nowhere_to_be_read(how: str) -> None:
    model = MODELS[f"ws-4x-{how}"]
    assert model.fused is not None
    fused, apart = ([entry["name"] for entry in products(256)] for products in (model.fused, model.operations))
    again = {f"h{layer}.{name}" for layer in range(8) for name in ("kq", "pd")}
    assert set(fused) - set(apart) == again
    assert set(apart) <= set(fused)
    assert {name for chain in model.chains for name in chain} == again | {
        f"h{layer}.{name}" for layer in range(8) for name in ("qk", "av", "dp", "dq", "dv", "dk")
    }


def test_nothing_is_fused_where_it_is_not_wanted() -> None:
    model = MODELS["ws-1x-train"]
    text = trace_text("ws-1x-train", model, 16, fuse=False)
    assert "made by: sparsim trace ws-1x-train --tokens 16 --unfused\n" in text
    assert "fuse:" not in text
    assert text.count("- name:") == len(model.operations(16))


def test_gradients_meet_the_masks_of_the_forward_pass(operations: dict[str, Operation]) -> None:
    for linear in ("c_attn", "c_fc", "m_proj"):
        forward, dx, dw = (operations[f"h3.{linear}{which}"] for which in ("", ".dx", ".dw"))
        assert dw.gradient is not None
        assert dw.activations.sha256 == forward.activations.sha256
        assert dw.gradient.sha256 == dx.activations.sha256
    assert operations["h3.c_fc.dx"].activations.sha256 == operations["h3.m_proj"].activations.sha256
    assert operations["h3.m_proj.dx"].activations.sha256 != operations["h3.m_proj"].activations.sha256
