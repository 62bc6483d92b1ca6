"""Importing: what is read becomes the trace that a user meant, and what is unsound is refused by name."""

import json
import re
import struct
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray
from safetensors.numpy import save_file

from simulator.errors import OperandError
from simulator.workload import load_workload
from simulator.workload.csr import Csr
from simulator.workload.importing import Pruning, Source, left_out, prune_sources, read_sources, trace_spec, write_matrices
from simulator.workload.readers.numpy_files import array_csr

VALUES = np.random.default_rng(0).normal(size=(16, 32))


def safetensors(path: Path, tensors: dict[str, NDArray[Any]], **changes: Any) -> Path:
    header, body = {}, b""
    for name, values in tensors.items():
        raw = values.tobytes()
        dtype = {"f4": "F32", "f8": "F64", "i1": "I8", "u2": "BF16", "b1": "BOOL"}[values.dtype.str[1:]]
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    header |= changes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return path


def dense(matrix: Csr) -> NDArray[np.float64]:
    assert matrix.data is not None
    return np.asarray(sp.csr_array((matrix.data, matrix.indices, matrix.indptr), shape=matrix.shape).toarray())


def pruned(rule: str, **numbers: Any) -> NDArray[np.float64]:
    (source,) = prune_sources([Source("w", array_csr(VALUES))], Pruning(rule, **numbers))
    assert source.matrix is not None
    kept = dense(source.matrix)
    assert np.array_equal(kept[kept != 0], VALUES[kept != 0])
    return kept


def test_tensors_by_name_glob_or_all(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "m.safetensors", {"a.w": VALUES, "b.w": VALUES.T.astype("f4"), "bias": np.zeros(3)})
    assert [source.name for source in read_sources(path, [])] == ["a.w", "b.w"]
    assert [source.name for source in read_sources(path, ["b*"])] == ["b.w"]
    (source,) = read_sources(path, ["a.w"])
    assert source.matrix is not None
    assert np.array_equal(dense(source.matrix), VALUES)


def test_bfloat16_and_masks(tmp_path: Path) -> None:
    stored = np.array([[1.5, 0.0, -2.0]], dtype="<f4").view("<u4") >> 16
    path = safetensors(tmp_path / "m.safetensors", {"w": stored.astype("<u2"), "mask": np.array([[True, False]])})
    weights, mask = (source.matrix for source in read_sources(path, []))
    assert weights is not None
    assert mask is not None
    assert dense(weights).tolist() == [[1.5, 0.0, -2.0]]
    assert (mask.data, mask.nnz) == (None, 1)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 12]}}, "invalid shape, data type, or offset for tensor"),
        ({"w": {"dtype": "F32", "shape": [2, 2**61], "data_offsets": [0, 16]}}, "overflow computing buffer size"),
        ({"w": {"dtype": "PICKLE", "shape": [2, 2], "data_offsets": [0, 16]}}, "unknown variant `PICKLE`, expected one of `BOOL`"),
        ({"w": {"dtype": ["F32"], "shape": [2, 2], "data_offsets": [0, 16]}}, "invalid type: sequence, expected string"),
        ({"w": {"dtype": "F32", "shape": [2, -2], "data_offsets": [0, 16]}}, "invalid value: integer `-2`, expected usize"),
        ({"w": {"dtype": "F32", "shape": [2, 2]}}, "missing field `data_offsets`"),
        ({"v": {"dtype": "F32", "shape": [2, 2], "data_offsets": [8, 24]}}, "invalid offset for tensor `v`"),
        ({"v": {"dtype": "F32", "shape": [2, 2], "data_offsets": [16, 32]}}, "file not fully covered"),
        ({"v": 3}, "invalid type: integer `3`"),
        ({"v": {"dtype": "F32", "shape": [0, 2**62], "data_offsets": [16, 16]}}, "v: shape 0 × 4611686018427387904; allowed: 1 to"),
    ],
)
def test_hostile_safetensors(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    path = safetensors(tmp_path / "m.safetensors", {"w": np.ones((2, 2), dtype="f4")}, **changes)
    with pytest.raises(OperandError) as caught:
        read_sources(path, [])
    assert str(caught.value).startswith(f"{path}: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no whole safetensors file: header too small"),
        (b"\xff" * 40, "header too large"),
        (struct.pack("<Q", 2**26) + b"{}", "no whole safetensors file: invalid header length"),
        (struct.pack("<Q", 2) + b"[]", "invalid type: sequence"),
        (struct.pack("<Q", 4) + b"{{}}", "key must be a string"),
        (struct.pack("<Q", 3) + b'"\xff"', "invalid UTF-8 in header"),
        (struct.pack("<Q", 15) + b'{"a": 1,"a": 2}', "no whole safetensors file"),
        (struct.pack("<Q", 2) + b"{}", "no tensor of 2 dimensions"),
        (struct.pack("<Q", 100_000) + b"[" * 100_000, "no whole safetensors file"),
        (b"\x80\x04\x95" + b"pickled!" * 4, "no whole safetensors file"),
    ],
)
def test_files_that_are_no_safetensors(tmp_path: Path, raw: bytes, reason: str) -> None:
    (tmp_path / "m.safetensors").write_bytes(raw)
    with pytest.raises(OperandError, match=re.escape(reason)):
        read_sources(tmp_path / "m.safetensors", [])


def test_files_changed_at_random_are_read_or_refused(tmp_path: Path) -> None:
    """Whatever bytes a file has, it ends in sources or in one message, never in another exception."""
    path = safetensors(tmp_path / "m.safetensors", {"a.w": VALUES, "b": np.ones((3, 3), dtype="f4"), "c": np.ones(4, dtype="i1")})
    whole, draw = path.read_bytes(), np.random.default_rng(1)
    outcomes: set[int | str] = set()
    for _ in range(400):
        raw = bytearray(whole[: len(whole) if draw.random() < 0.8 else int(draw.integers(len(whole)))])
        for place in draw.integers(min(len(raw), 250), size=draw.integers(1, 4)) if raw else ():
            raw[place] = draw.integers(256)
        path.write_bytes(raw)
        try:
            outcomes.add(len(read_sources(path, [])))
        except OperandError as error:
            outcomes.add(str(error).partition(": ")[0])
    assert {2, str(path)} == outcomes - {1}


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "bfloat16"])
def test_narrow_numbers_are_those_of_ml_dtypes(tmp_path: Path, name: str) -> None:
    values = np.array([[1.0, 0.5, 4.0], [2.0, 0.25, 8.0]]) if "e8m0" in name else np.array([[1.5, 0.0, -2.0], [0.0, 0.25, -0.75]])
    save_file({"w": values.astype(getattr(ml_dtypes, name))}, tmp_path / "m.safetensors")
    (source,) = read_sources(tmp_path / "m.safetensors", [])
    assert source.matrix is not None
    assert np.array_equal(dense(source.matrix), values)


def test_a_type_that_is_not_asked_for_does_not_matter(tmp_path: Path) -> None:
    save_file({"freqs": np.ones((2, 2), dtype="c8"), "w": VALUES}, tmp_path / "m.safetensors")
    assert [source.name for source in read_sources(tmp_path / "m.safetensors", ["w"])] == ["w"]
    with pytest.raises(OperandError, match=r"m\.safetensors: freqs: dtype C64; allowed: BOOL, .*F8_E4M3.*; --tensor chooses others"):
        read_sources(tmp_path / "m.safetensors", [])


def test_an_index_gives_the_tensors_of_all_its_files_in_its_order(tmp_path: Path) -> None:
    save_file({"b": VALUES, "d": VALUES}, tmp_path / "1.safetensors")
    save_file({"a": 2 * VALUES}, tmp_path / "2.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": {"d": "1.safetensors", "a": "2.safetensors", "b": "1.safetensors"}}))
    assert [source.name for source in read_sources(index, [])] == ["d", "a", "b"]
    (source,) = read_sources(index, ["a"])
    assert source.matrix is not None
    assert np.array_equal(dense(source.matrix), 2 * VALUES)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no index: Input data was truncated; allowed: JSON with weight_map"),
        ("[]", "no index: Expected `object`, got `array`; allowed: JSON with weight_map"),
        ('{"weight_map": 3}', r"no index: .* at `\$\.weight_map`; allowed: JSON with weight_map"),
        ('{"weight_map": {"a": 3}}', "no index: Expected `str`, got `int`"),
        ('{"metadata": {}}', "no index: Object missing required field `weight_map`"),
        ('{"weight_map": {"\\ud800": "1.safetensors"}}', "no index: "),
        ('{"x": ' + "[" * 100_000, "no index: maximum recursion depth exceeded"),
        ('{"weight_map": {"a": "\\u0000"}}', "weight_map: .*no such file"),
        ('{"weight_map": {"a": "none.safetensors"}}', "weight_map: .*no such file"),
        ('{"weight_map": {"a": "../1.safetensors"}}', r"weight_map: a is not in \.\./1\.safetensors, or that is no file beside the index"),
        ('{"weight_map": {"z": "1.safetensors"}}', r"weight_map: z is not in 1\.safetensors"),
    ],
)
def test_an_index_that_is_none(tmp_path: Path, text: str, reason: str) -> None:
    save_file({"a": VALUES}, tmp_path / "1.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(text)
    with pytest.raises(OperandError, match=f"^{re.escape(str(index))}: {reason}"):
        read_sources(index, [])


def test_a_nan_and_a_wrong_name_are_told(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "m.safetensors", {"up.weight": np.array([[1.0, np.nan]]), "bias": np.ones(2)})
    with pytest.raises(OperandError, match=r"up\.weight: a value is NaN or infinite"):
        read_sources(path, [])
    with pytest.raises(OperandError, match=r"no tensor up\.wieght of 2 dimensions or more; there are up\.weight; nearest: up\.weight"):
        read_sources(path, ["up.wieght"])
    with pytest.raises(OperandError, match="bias has 1 dimensions; allowed: 2 or more"):
        read_sources(path, ["bias"])


@pytest.mark.parametrize("shape", [(8, 2, 3, 3), (4, 3, 5), (2, 1, 2, 2, 2)])
def test_filters_are_read_where_they_are_asked_for_and_told_where_they_are_not(tmp_path: Path, shape: tuple[int, ...]) -> None:
    filters = np.arange(float(np.prod(shape))).reshape(shape)
    path = safetensors(tmp_path / "m.safetensors", {"conv.weight": filters, "fc.weight": VALUES, "fc.bias": np.ones(3)})
    assert [source.name for source in read_sources(path, [])] == ["fc.weight"]
    (told,) = left_out(path, [])
    assert told == f"conv.weight ({' × '.join(map(str, shape))}, as {shape[0]} × {filters[0].size})"
    for asked in (["conv.weight"], ["*.weight"]):
        assert left_out(path, asked) == []
        matrix = read_sources(path, asked)[0].matrix
        assert matrix is not None
        assert np.array_equal(dense(matrix), filters.reshape(shape[0], -1))


def test_a_checkpoint_of_filters_only_says_how_to_take_them(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "m.safetensors", {"conv": np.ones((4, 2, 3))})
    with pytest.raises(OperandError, match="no tensor of 2 dimensions; --tensor conv takes 4 × 2 × 3, as 4 × 6"):
        read_sources(path, [])


def test_names_that_differ_by_case_alone_become_different_files(tmp_path: Path) -> None:
    sources = [Source("A-b", array_csr(VALUES)), Source("a-b", array_csr(2 * VALUES))]
    names = [operation["name"] for operation in trace_spec("w", sources, 1, "two")["operations"]]
    assert names == ["A-b", "a-b.2"]
    write_matrices(sources, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A-b.npz", "a-b.2.npz"]


def test_a_note_behind_the_last_comma_is_no_number(tmp_path: Path) -> None:
    path = tmp_path / "net.csv"
    path.write_text("Layer,H,W,FH,FW,C,F,S,\nc, 5, 5, 3, 3, 1, 1, 1,#dw\ng, 4, 5, 8, 2:4, half\nh, 4, 5, 8, note\n")
    assert [(source.name, source.shape) for source in read_sources(path, [])] == [("c", (1, 9, 9)), ("g", (5, 8, 4)), ("h", (5, 8, 4))]


@pytest.mark.parametrize("first", ["QKT,1024,1024,64,", "QKT,16,16,64,2:4", "c,5,5,3,3,1,1,1,"])
def test_a_topology_that_begins_with_a_layer_loses_none_unsaid(tmp_path: Path, first: str) -> None:
    (tmp_path / "net.csv").write_text(f"{first}\nL2,1024,480,160,\n")
    with pytest.raises(OperandError, match=r"net\.csv:1: found a layer, '.*'; allowed: a heading above the first layer"):
        read_sources(tmp_path / "net.csv", [])


@pytest.mark.parametrize(("line", "operand"), [("big,4177936,64,576,", "activations"), ("big,64,4177936,576,", "weights")])
def test_a_layer_too_large_to_hold_is_named_by_its_line(tmp_path: Path, line: str, operand: str) -> None:
    (tmp_path / "net.csv").write_text(f"Layer,M,N,K,\nsmall,64,64,64,\n{line}\n")
    with pytest.raises(OperandError, match=rf"net\.csv:3: 2406491136 nonzero {operand}; allowed: at most"):
        read_sources(tmp_path / "net.csv", [])


def test_scale_sim_topologies(tmp_path: Path) -> None:
    path = tmp_path / "net.csv"
    convolutions = "Conv1, 28, 30, 3, 5, 16, 24, 2,\nDP2, 8, 8, 3, 3, 32, 1, 1, 2\n"
    path.write_text("Layer, M, N, K, Sparsity,\nQKT, 64, 128, 32,\nG, 16, 32, 64, 2:4,\n\n" + convolutions)
    assert [(source.name, source.shape, source.pattern) for source in read_sources(path, [])] == [
        ("QKT", (128, 32, 64), {"pattern": "dense"}),
        ("G", (32, 64, 16), {"pattern": "n_m", "n": 2, "m": 4}),
        ("Conv1", (24, 3 * 5 * 16, 14 * 14), {"pattern": "dense"}),
        ("DP2", (1, 9, 6 * 4), {"pattern": "dense"}),
    ]
    depthwise = read_sources(path, [])[-1]
    assert trace_spec("w", [depthwise], 1, "net.csv")["operations"][0]["shape"] == {"batch": 32, "m": 1, "k": 9, "n": 24}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a, 1, 2", r"net\.csv:2: found '1, 2'; allowed: M, N, K"),
        ("a, 1, 2, x,", "allowed: M, N, K"),
        ("a, 1, 2, 0", "k = 0; allowed: 1 to"),
        ("a, 1, 2, 9999999999", "k = 9999999999; allowed: 1 to"),
        ("a, 4, 4, 6, 2:4", "sparsity 2:4 of K = 6"),
        ("a, 4, 4, 8, 5:4", "sparsity 5:4 of K = 8"),
        ("a, 5, 5, 7, 3, 1, 1, 1", "does not fit 5 × 5"),
        ("a, 5, 5, 3, 3, 1, 1, 0", "at stride 0"),
        ("", "no layer below the heading"),
    ],
)
def test_topologies_that_cannot_be(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "net.csv").write_text(f"Layer, M, N, K\n{line}\n")
    with pytest.raises(OperandError, match=reason):
        read_sources(tmp_path / "net.csv", [])


def test_magnitude_keeps_the_largest() -> None:
    kept = pruned("magnitude", density=0.1)
    assert np.count_nonzero(kept) == round(0.1 * 512)
    assert np.abs(kept[kept != 0]).min() > np.abs(VALUES[kept == 0]).max()


def test_rows_groups_and_blocks_keep_their_numbers() -> None:
    assert set(np.count_nonzero(pruned("row", density=0.25), axis=1)) == {8}
    groups = pruned("n_m", n=2, m=4).reshape(-1, 4)
    assert set(np.count_nonzero(groups, axis=1)) == {2}
    assert all(
        np.abs(row[row != 0]).min() > np.abs(all_of[row == 0]).max() for row, all_of in zip(groups, VALUES.reshape(-1, 4), strict=True)
    )
    tiles = pruned("block", block=8, density=0.5).reshape(2, 8, 4, 8).transpose(0, 2, 1, 3).reshape(8, -1)
    kept = np.count_nonzero(tiles, axis=1)
    assert sorted(kept) == [0] * 4 + [64] * 4
    energy = (VALUES.reshape(2, 8, 4, 8) ** 2).sum(axis=(1, 3)).ravel()
    assert energy[kept > 0].min() > energy[kept == 0].max()


def test_global_pruning_weighs_matrices_against_each_other() -> None:
    sources = [Source("small", array_csr(VALUES * 0.1)), Source("large", array_csr(VALUES))]
    small, large = (source.matrix for source in prune_sources(sources, Pruning("global", density=0.25)))
    assert small is not None
    assert large is not None
    assert small.nnz + large.nnz == 256
    assert small.nnz < 10


def test_what_cannot_be_pruned_is_named() -> None:
    with pytest.raises(OperandError, match="mask: has no values"):
        prune_sources([Source("mask", array_csr(VALUES > 0))], Pruning("magnitude", density=0.5))
    with pytest.raises(OperandError, match="w: block = 5 does not divide 16"):
        prune_sources([Source("w", array_csr(VALUES))], Pruning("block", block=5, density=0.5))


@pytest.mark.parametrize(("n", "m"), [(2, 5), (3, 7), (1, 33), (4, 5)])
def test_the_last_group_of_a_row_may_have_fewer_places(n: int, m: int) -> None:
    kept = pruned("n_m", n=n, m=m)
    for start in range(0, VALUES.shape[1], m):
        places = VALUES[:, start : start + m]
        least = np.sort(np.abs(places), axis=1)[:, -min(n, places.shape[1])]
        assert np.array_equal(kept[:, start : start + m] != 0, np.abs(places) >= least[:, None])


def test_a_trace_loads_as_what_was_imported(tmp_path: Path) -> None:
    import yaml

    sparse = np.where(np.abs(VALUES) > 1, VALUES, 0)
    sources = [Source("layer/0 w", array_csr(sparse)), Source("layer/0 w", array_csr(VALUES > 0)), Source("full", array_csr(VALUES))]
    write_matrices(sources, tmp_path)
    (tmp_path / "w.yaml").write_text(yaml.safe_dump(trace_spec("my net", sources, 8, "here")))
    first, second, full = load_workload(tmp_path / "w.yaml").operations
    assert [(operation.name, operation.kind) for operation in (first, second, full)] == [
        ("layer-0-w", "SpMM"),
        ("layer-0-w.2", "SpMM"),
        ("full", "GEMM"),
    ]
    assert np.array_equal(first.weight.to_dense(), sparse)
    assert (second.weight.data, second.weight.nnz) == (None, int((VALUES > 0).sum()))
    assert first.shape == (16, 32, 8)
