"""Batched products: blocks cut, transposed, put on the diagonal, and Y against a plain einsum over the heads."""

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.specs import data_folder
from simulator.workload import Operation, load_workload, pattern_stats
from simulator.workload.blocks import Stack, cut
from simulator.workload.csr import Csr, flat_csr
from simulator.workload.patterns.plain import causal, dense, uniform

Array = NDArray[np.float64]
SEQUENCES, TOKENS, HEADS, CHANNELS = 2, 6, 3, 4

ATTENTION = """
name: attention
seed: 3
operations:
  - {name: qkv, kind: SpMM, shape: {m: 36, k: 12, n: 12}, weight: {pattern: uniform, density: 0.5}, activation: {pattern: dense}}
  - name: qk
    kind: SpMSpM
    weight: {file: k.npz, blocks: {tokens: 6, channels: 4}}
    activation: {file: q.npz, blocks: {tokens: 6, channels: 4}, transposed: true}
    weight_home: activation
    depends_on: [qkv]
  - name: av
    kind: SpMSpM
    weight: {file: v.npz, blocks: {tokens: 6, channels: 4}, transposed: true}
    activation: {pattern: causal}
    weight_home: activation
    depends_on: [qkv, qk]
"""


def matrix(values: Array) -> Csr:
    flat = np.flatnonzero(values)
    return flat_csr((values.shape[0], values.shape[1]), flat.astype(np.int64), values.reshape(-1)[flat])


def to_array(csr: Csr) -> Array:
    values = np.zeros(csr.shape)
    values[csr.rows(), csr.indices] = 1.0 if csr.data is None else csr.data
    return values


def drawn(seed: int, rows: int = SEQUENCES * TOKENS, columns: int = HEADS * CHANNELS) -> Array:
    random = np.random.default_rng(seed)
    return random.integers(-4, 5, size=(rows, columns)).astype(np.float64) * (random.random((rows, columns)) < 0.6)


def by_head(values: Array) -> Array:
    """[tokens, channels] of all as [sequence, token, head, channel]."""
    return values.reshape(SEQUENCES, TOKENS, HEADS, CHANNELS)


@pytest.fixture
def attention(tmp_path: Path) -> dict[str, Operation]:
    for seed, name in enumerate("qkv"):
        sp.save_npz(tmp_path / f"{name}.npz", sp.csr_matrix(drawn(seed)))
    (tmp_path / "attention.yaml").write_text(ATTENTION)
    return {operation.name: operation for operation in load_workload(tmp_path / "attention.yaml").operations}


def test_the_scores_are_those_of_an_einsum_over_heads(attention: dict[str, Operation]) -> None:
    qk = attention["qk"]
    scores = qk.weight.to_dense() @ qk.activations.values()
    expected = np.einsum("skhc,sqhc->shkq", by_head(drawn(1)), by_head(drawn(0)))
    assert np.array_equal(scores.reshape(SEQUENCES, HEADS, TOKENS, TOKENS), expected)


def test_the_output_is_that_of_an_einsum_over_heads(attention: dict[str, Operation]) -> None:
    av = attention["av"]
    output = av.weight.to_dense() @ av.activations.values()
    chances = av.activations.values().reshape(SEQUENCES, HEADS, TOKENS, TOKENS)
    expected = np.einsum("skhc,shkq->shcq", by_head(drawn(2)), chances)
    assert np.array_equal(output.reshape(SEQUENCES, HEADS, CHANNELS, TOKENS), expected)
    assert np.array_equal(chances != 0, np.broadcast_to(np.triu(np.ones((TOKENS, TOKENS), dtype=bool)), chances.shape))


def test_a_batched_operation_counts_its_blocks_and_not_the_zeros_between(attention: dict[str, Operation]) -> None:
    qk, av = attention["qk"], attention["av"]
    assert (qk.batch, qk.shape, qk.block_shape) == (6, (36, 24, 6), (6, 4, 6))
    assert (av.batch, av.shape, av.block_shape) == (6, (24, 36, 6), (4, 6, 6))
    assert qk.macs_dense == av.macs_dense == 6 * 6 * 4 * 6
    k, q = by_head(drawn(1)) != 0, by_head(drawn(0)) != 0
    assert qk.macs_useful == np.einsum("skhc,sqhc->", k.astype(int), q.astype(int))


def test_the_home_of_w_is_told(attention: dict[str, Operation]) -> None:
    assert {name: (op.weight_home, op.batch, op.depends_on) for name, op in attention.items()} == {
        "qkv": ("dram", 1, ()),
        "qk": ("activation", 6, ("qkv",)),
        "av": ("activation", 6, ("qkv", "qk")),
    }


def test_sequences_are_outer_and_heads_inner() -> None:
    file = np.arange(1.0, 25.0).reshape(4, 6)
    stack = cut(matrix(file), tokens=2, channels=3)
    assert (stack.batch, stack.block_shape) == (4, (2, 3))
    assert to_array(stack.matrix).reshape(4, 2, 3).tolist() == [
        [[1, 2, 3], [7, 8, 9]],
        [[4, 5, 6], [10, 11, 12]],
        [[13, 14, 15], [19, 20, 21]],
        [[16, 17, 18], [22, 23, 24]],
    ]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 4), st.integers(1, 5), st.integers(0, 2**32))
def test_cutting_turning_and_stacking_move_every_value_once(sequences: int, tokens: int, heads: int, channels: int, seed: int) -> None:
    file = drawn(seed, sequences * tokens, heads * channels)
    stack = cut(matrix(file), tokens, channels)
    blocks = file.reshape(sequences, tokens, heads, channels).transpose(0, 2, 1, 3).reshape(-1, tokens, channels)
    assert np.array_equal(to_array(stack.matrix), blocks.reshape(-1, channels))
    turned = stack.transposed()
    assert np.array_equal(to_array(turned.matrix), blocks.transpose(0, 2, 1).reshape(-1, tokens))
    assert turned.transposed().matrix.sha256() == stack.matrix.sha256()
    diagonal = stack.diagonal()
    expected = sp.block_diag([sp.csr_array(block) for block in blocks], format="csr")
    assert np.array_equal(to_array(diagonal), expected.toarray())
    assert all(np.all(np.diff(diagonal.indices[a:b]) > 0) for a, b in zip(diagonal.indptr[:-1], diagonal.indptr[1:], strict=True))


def test_one_block_is_the_whole_file() -> None:
    file = matrix(drawn(0))
    whole = cut(file, *file.shape)
    assert whole.batch == 1
    assert whole.matrix.sha256() == whole.diagonal().sha256() == file.sha256()


def test_blocks_that_do_not_divide_are_refused() -> None:
    with pytest.raises(OperandError, match=r"tokens = 5: the file's 12 tokens are not whole sequences of 5; allowed: the divisors of 12"):
        cut(matrix(drawn(0)), 5, 4)
    with pytest.raises(OperandError, match=r"channels = 24: the file's 12 channels are not whole heads of 24"):
        cut(matrix(drawn(0)), 6, 24)
    with pytest.raises(OperandError, match=r"allowed: 1 to 134217728 rows and columns"):
        Stack(2**20, uniform((2**20, 2**8), 5, 0)).diagonal()


def test_causal_is_every_key_up_to_the_query() -> None:
    blocks = to_array(causal((10, 5))).reshape(2, 5, 5)
    assert np.array_equal(blocks, np.broadcast_to(np.triu(np.ones((5, 5))), blocks.shape))
    assert causal((1, 1)).sha256() == dense((1, 1)).sha256()


def generated(folder: Path, kind: str, weight: str, activation: str) -> Operation:
    path = folder / "w.yaml"
    operation = f"{{name: a, kind: {kind}, shape: {{batch: 3, m: 4, k: 5, n: 5}}, weight: {weight}, activation: {activation}}}"
    path.write_text(f"name: w\noperations:\n  - {operation}\n")
    (loaded,) = load_workload(path).operations
    return loaded


def test_generated_nonzeros_stay_in_the_blocks(tmp_path: Path) -> None:
    operation = generated(tmp_path, "SpMSpM", "{pattern: uniform, density: 0.5}", "{pattern: uniform, nnz: 40}")
    assert (operation.shape, operation.block_shape) == ((12, 15, 5), (4, 5, 5))
    assert (operation.weight.nnz, operation.activations.nnz) == (30, 40)
    rows = np.repeat(np.arange(12), np.diff(operation.weight.indptr))
    assert np.array_equal(rows // 4, operation.weight.indices // 5)
    assert pattern_stats(operation.weight).density == 30 / (12 * 15)


def test_dense_blocks_are_no_dense_matrix(tmp_path: Path) -> None:
    operation = generated(tmp_path, "GEMM", "{pattern: dense}", "{pattern: dense}")
    assert not operation.weight.dense
    assert operation.weight.nnz == 3 * 4 * 5
    assert operation.activations.mask is None
    assert operation.macs_useful == operation.macs_dense == 3 * 4 * 5 * 5


def test_running_or_spreads_within_the_blocks(tmp_path: Path) -> None:
    sp.save_npz(tmp_path / "v.npz", sp.csr_matrix(drawn(2)))
    path = tmp_path / "w.yaml"
    operand = "{file: v.npz, blocks: {tokens: 6, channels: 4}, transposed: true, running_or: 6}"
    path.write_text(
        f"name: w\noperations:\n  - {{name: a, kind: SpMSpM, shape: {{m: 2}}, weight: {{pattern: dense}}, activation: {operand}}}\n"
    )
    (operation,) = load_workload(path).operations
    expected = np.logical_or.accumulate(by_head(drawn(2)) != 0, axis=1).transpose(0, 2, 3, 1)
    assert operation.activations.mask is not None
    assert np.array_equal(operation.activations.mask.reshape(expected.shape), expected)


@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("sequence", [0, 1])
def test_tinygpt_cuts_its_attention_by_sequence_and_head(layer: int, sequence: int) -> None:
    folder = data_folder("workloads") / "tinygpt" / "activations"
    q, k, v = (sp.load_npz(folder / f"h{layer}.attn_{name}.npz").toarray().reshape(2, 128, 16, 16)[sequence] for name in "qkv")
    operations = {operation.name: operation for operation in load_workload("tinygpt").operations}
    qk, av = operations[f"h{layer}.qk{sequence}"], operations[f"h{layer}.av{sequence}"]
    scores = (qk.weight.to_dense() @ qk.activations.values()).reshape(16, 128, 128)
    assert np.allclose(scores, np.einsum("khc,qhc->hkq", k, q), rtol=1e-5, atol=1e-5)
    reached = (np.abs(av.weight.to_dense()) @ np.abs(av.activations.values()) > 0).reshape(16, 16, 128)
    assert np.array_equal(reached, np.logical_or.accumulate(v != 0, axis=0).transpose(1, 2, 0))
    y = operations[f"h{layer}.c_proj"].activations.mask
    assert y is not None
    assert np.array_equal(y.reshape(16, 16, 2, 128).transpose(2, 0, 1, 3)[sequence], reached)


def test_one_sequence_is_its_part_of_all() -> None:
    values = drawn(5)
    everything = cut(matrix(values), TOKENS, CHANNELS)
    second = cut(matrix(values), TOKENS, CHANNELS, sequence=1)
    assert second.batch == HEADS
    assert np.array_equal(to_array(second.matrix), to_array(everything.matrix)[HEADS * TOKENS :])


def test_a_sequence_that_is_not_there_is_named() -> None:
    with pytest.raises(OperandError, match=r"sequence = 2: the file has 2 sequences of 6 tokens; allowed: 0 to 1"):
        cut(matrix(drawn(5)), TOKENS, CHANNELS, sequence=2)
