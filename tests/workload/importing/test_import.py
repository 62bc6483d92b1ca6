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
from simulator.workload.importing import Pruning, Source, nonzeros, prune_sources, read_sources, trace_spec, write_matrices
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


def read(path: Path, tensors: list[str]) -> list[Source]:
    return read_sources(path, tensors).sources


def pruned(rule: str, **numbers: Any) -> NDArray[np.float64]:
    (source,) = prune_sources([Source("w", array_csr(VALUES))], Pruning(rule, **numbers))[0]
    assert source.matrix is not None
    kept = dense(source.matrix)
    assert np.array_equal(kept[kept != 0], VALUES[kept != 0])
    return kept


def test_tensors_by_name_glob_or_all(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "m.safetensors", {"a.w": VALUES, "b.w": VALUES.T.astype("f4"), "bias": np.zeros(3)})
    assert [source.name for source in read(path, [])] == ["a.w", "b.w"]
    assert [source.name for source in read(path, ["b*"])] == ["b.w"]
    (source,) = read(path, ["a.w"])
    assert source.matrix is not None
    assert np.array_equal(dense(source.matrix), VALUES)


def test_bfloat16_and_masks(tmp_path: Path) -> None:
    stored = np.array([[1.5, 0.0, -2.0]], dtype="<f4").view("<u4") >> 16
    path = safetensors(tmp_path / "m.safetensors", {"w": stored.astype("<u2"), "mask": np.array([[True, False]])})
    weights, mask = (source.matrix for source in read(path, []))
    assert weights is not None
    assert mask is not None
    assert dense(weights).tolist() == [[1.5, 0.0, -2.0]]
    assert (mask.data, mask.nnz) == (None, 1)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 12]}}, "'w': 12 bytes for 2 × 2 elements of 32 bits"),
        ({"w": {"dtype": "F32", "shape": [2, 2**61], "data_offsets": [0, 16]}}, "'w': 16 bytes for 2 × 2305843009213693952 elements"),
        ({"w": {"dtype": "PICKLE", "shape": [2, 2], "data_offsets": [0, 16]}}, "'w': unknown dtype 'PICKLE'; known: BOOL"),
        (
            {"w": {"dtype": ["F32"], "shape": [2, 2], "data_offsets": [0, 16]}},
            "'w': no tensor with dtype, shape and data_offsets in the header",
        ),
        ({"w": {"dtype": "F32", "shape": [2, -2], "data_offsets": [0, 16]}}, "'w': no tensor with dtype, shape and data_offsets"),
        ({"w": {"dtype": "F32", "shape": [2, 2]}}, "'w': no tensor with dtype, shape and data_offsets"),
        ({"v": {"dtype": "F32", "shape": [2, 2], "data_offsets": [8, 24]}}, "'v': begins at byte 8, but the tensors before it end at 16"),
        ({"v": {"dtype": "F32", "shape": [2, 2], "data_offsets": [16, 32]}}, "truncated or too long: 16 bytes for tensors of 32"),
        ({"v": 3}, "'v': no tensor with dtype, shape and data_offsets"),
    ],
)
def test_hostile_safetensors(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    path = safetensors(tmp_path / "m.safetensors", {"w": np.ones((2, 2), dtype="f4")}, **changes)
    with pytest.raises(OperandError) as caught:
        read(path, [])
    assert str(caught.value).startswith(f"{path}: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no whole safetensors file: its 0 bytes do not begin with the length of a header that they hold"),
        (b"\xff" * 40, "no whole safetensors file: its 40 bytes do not begin with"),
        (struct.pack("<Q", 2**26) + b"{}", "no whole safetensors file: its 10 bytes do not begin"),
        (struct.pack("<Q", 2) + b"[]", "its header is no JSON of tensors by name"),
        (struct.pack("<Q", 4) + b"{{}}", "its header is no JSON of tensors by name"),
        (struct.pack("<Q", 3) + b'"\xff"', "its header is no JSON of tensors by name"),
        (struct.pack("<Q", 15) + b'{"a": 1,"a": 2}', "'a' stands twice; allowed: each name once"),
        (struct.pack("<Q", 2) + b"{}", "no tensor of 2 dimensions"),
        (struct.pack("<Q", 100_000) + b"[" * 100_000, "no whole safetensors file"),
        (b"\x80\x04\x95" + b"pickled!" * 4, "no whole safetensors file"),
    ],
)
def test_files_that_are_no_safetensors(tmp_path: Path, raw: bytes, reason: str) -> None:
    (tmp_path / "m.safetensors").write_bytes(raw)
    with pytest.raises(OperandError, match=re.escape(reason)):
        read(tmp_path / "m.safetensors", [])


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
            outcomes.add(len(read(path, [])))
        except OperandError as error:
            outcomes.add(str(error).partition(": ")[0])
    assert {2, str(path)} == outcomes - {1}


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "bfloat16"])
def test_narrow_numbers_are_those_of_ml_dtypes(tmp_path: Path, name: str) -> None:
    values = np.array([[1.5, 0.0, -2.0], [0.0, 0.25, -0.75]])
    save_file({"w": values.astype(getattr(ml_dtypes, name))}, tmp_path / "m.safetensors")
    (source,) = read(tmp_path / "m.safetensors", [])
    assert source.matrix is not None
    assert np.array_equal(dense(source.matrix), values)


@pytest.mark.parametrize("name", ["w_s", "block.w_scale", "mx"])
def test_scales_of_blocks_are_no_weights_whatever_they_are_called(tmp_path: Path, name: str) -> None:
    """Their type has an exponent and no zero; weights of fp8 beside them are read as they are stored."""
    values = np.array([[1.5, 0.0, -2.0, 0.25]])
    scales = np.array([[1.0, 0.5]])
    path = tmp_path / "m.safetensors"
    save_file({"block.w": values.astype(ml_dtypes.float8_e4m3fn), name: scales.astype(ml_dtypes.float8_e8m0fnu)}, path)
    imported = read_sources(path, [])
    assert [source.name for source in imported.sources] == ["block.w"]
    assert imported.left_out.keys() == {name}
    assert "scales of blocks" in imported.left_out[name]
    with pytest.raises(OperandError, match=f"{name}: part of packed weights, which are not read as numbers: scales of blocks"):
        read_sources(path, [name])


def test_a_tensor_without_a_name_is_one_of_them(tmp_path: Path) -> None:
    """No mask, nor the bias, of those whose names tell of none."""
    shifted = np.roll(VALUES, 1)
    imported = read_sources(safetensors(tmp_path / "m.safetensors", {"": shifted * (shifted > 0), "a": VALUES, "b.up": VALUES.T}), [])
    assert imported.left_out == {}
    (_, whole, turned) = (source.matrix for source in imported.sources)
    assert whole is not None
    assert turned is not None
    assert np.array_equal(dense(whole), VALUES)
    assert np.array_equal(dense(turned), VALUES.T)


def test_what_cannot_be_a_weight_is_left_out_and_named_unless_it_is_asked_for_by_name(tmp_path: Path) -> None:
    """One bad tensor stops no checkpoint; what is asked for is had, or refused with the reason."""
    bad = {
        "freqs": (np.ones((2, 2), dtype="c8"), "dtype C64; allowed: BOOL, "),
        "nan": (np.array([[1.0, np.nan]]), "a value is NaN or infinite"),
        "none": (np.zeros((2, 3)), "no nonzero"),
        "empty": (np.zeros((0, 3)), "shape 0 × 3; allowed: 1 to"),
    }
    path = tmp_path / "m.safetensors"
    save_file({"w": VALUES, **{name: values for name, (values, _) in bad.items()}}, path)
    for wanted in ([], ["*"]):
        imported = read_sources(path, wanted)
        assert [source.name for source in imported.sources] == ["w"]
        assert imported.left_out.keys() == bad.keys()
        assert all(imported.left_out[name].startswith(reason) for name, (_, reason) in bad.items())
    assert read_sources(path, ["w"]).left_out == {}
    for name, (_, reason) in bad.items():
        with pytest.raises(OperandError, match=re.escape(f"m.safetensors: {name}: {reason}")):
            read_sources(path, [name, "w"])
    save_file({name: values for name, (values, _) in bad.items()}, path)
    with pytest.raises(OperandError, match=r"no tensor that can be read: .*nan: a value is NaN"):
        read_sources(path, [])


def gpt2(width: int, *, biased: bool, turned: bool) -> dict[str, NDArray[Any]]:
    """The weights of a block [out, in], or turned, as GPT-2 stores them."""
    sides = {
        "attn.c_attn": (3 * width, width),
        "attn.c_proj": (width, width),
        "mlp.c_fc": (4 * width, width),
        "mlp.c_proj": (width, 4 * width),
    }
    draw = np.random.default_rng(width)
    tensors = {}
    for name, (outputs, inputs) in sides.items():
        values = draw.normal(size=(outputs, inputs))
        tensors[f"h.0.{name}.weight"] = np.ascontiguousarray(values.T) if turned else values
        if biased:
            tensors[f"h.0.{name}.bias"] = np.ones(outputs)
    return tensors


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("stored_turned", [True, False])
def test_weights_stored_in_out_are_turned_by_the_names_of_their_model(tmp_path: Path, biased: bool, stored_turned: bool) -> None:
    """GPT-2's Conv1D and linear layers have the same names: which it is shows in the biases, or in what grows wider."""
    right = gpt2(8, biased=False, turned=False)
    path = tmp_path / "m.safetensors"
    save_file(gpt2(8, biased=biased, turned=stored_turned) | {"wte.weight": VALUES}, path)
    for source in read_sources(path, []).sources:
        assert source.matrix is not None
        assert source.turned == (stored_turned and source.name != "wte.weight")
        assert np.array_equal(dense(source.matrix), right.get(source.name, VALUES))
    for layout, wanted in (("out-in", False), ("in-out", True)):
        assert {source.turned for source in read_sources(path, [], layout).sources} == {wanted}


def test_any_bias_tells_the_axis_of_its_weight(tmp_path: Path) -> None:
    save_file(
        {"up.weight": np.ones((4, 8)), "up.bias": np.ones(8), "down.weight": np.ones((4, 8)), "down.bias": np.ones(4)},
        tmp_path / "m.safetensors",
    )
    assert [(source.name, source.turned) for source in read(tmp_path / "m.safetensors", [])] == [
        ("down.weight", False),
        ("up.weight", True),
    ]


def test_pruning_by_rows_takes_the_rows_of_w(tmp_path: Path) -> None:
    """Of a Conv1D these are the stored columns."""
    save_file({"h.0.mlp.c_fc.weight": VALUES, "h.0.mlp.c_fc.bias": np.ones(32)}, tmp_path / "m.safetensors")
    ((source,), empty) = prune_sources(read(tmp_path / "m.safetensors", []), Pruning("row", density=0.25))
    assert source.matrix is not None
    assert (source.matrix.shape, set(np.diff(source.matrix.indptr)), empty) == ((32, 16), {4}, [])


def test_a_layout_turns_a_matrix_file_too(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", VALUES)
    (source,) = read_sources(tmp_path / "w.npy", [], "in-out").sources
    assert source.matrix is not None
    assert np.array_equal(dense(source.matrix), VALUES.T)


WORDS = np.ones((4, 2), dtype=np.int32)


@pytest.mark.parametrize(
    ("parts", "refused"),
    [
        (
            {"q.qweight": WORDS, "q.qzeros": WORDS, "q.scales": VALUES.astype("f2"), "q.g_idx": np.ones(4, dtype="i4")},
            ["q.qweight", "q.qzeros"],
        ),
        ({"q.weight_packed": WORDS, "q.weight_scale": VALUES}, ["q.weight_packed", "q.weight_scale"]),
        ({"q.bitmask": WORDS.astype("u1"), "q.compressed": np.ones(9), "q.row_offsets": np.ones(4, dtype="i8")}, ["q.bitmask"]),
        ({"q.weight": np.ones((8, 1), dtype="u1"), "q.weight.absmax": np.ones(4)}, ["q.weight"]),
        ({"e.up_blocks": np.ones((4, 8), dtype="u1"), "e.up_scales": np.ones((4, 1), dtype="u1")}, ["e.up_blocks"]),
        ({"q.B_24": WORDS, "q.B_meta": WORDS.astype("i2"), "q.s": VALUES}, ["q.B_24", "q.B_meta"]),
    ],
)
def test_packed_weights_are_refused_by_name_never_read_as_numbers(tmp_path: Path, parts: dict[str, Any], refused: list[str]) -> None:
    save_file({"w": VALUES, **parts}, tmp_path / "m.safetensors")
    imported = read_sources(tmp_path / "m.safetensors", [])
    assert not {source.name for source in imported.sources} & set(refused)
    assert set(refused) <= imported.left_out.keys()
    for name in refused:
        assert imported.left_out[name].startswith("part of packed weights, which are not read as numbers: ")
        with pytest.raises(OperandError, match=f"{name}: part of packed weights"):
            read(tmp_path / "m.safetensors", [name])


def test_integers_that_are_numbers_are_read_their_scales_are_not(tmp_path: Path) -> None:
    save_file({"w.weight": np.eye(3, dtype="i1"), "w.weight_scale": np.ones((1, 1))}, tmp_path / "m.safetensors")
    assert [source.name for source in read(tmp_path / "m.safetensors", [])] == ["w.weight"]


def test_an_index_gives_the_tensors_of_all_its_files_in_its_order(tmp_path: Path) -> None:
    save_file({"b": VALUES, "d": VALUES}, tmp_path / "1.safetensors")
    save_file({"a": 2 * VALUES}, tmp_path / "2.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": {"d": "1.safetensors", "a": "2.safetensors", "b": "1.safetensors"}}))
    assert [source.name for source in read(index, [])] == ["d", "a", "b"]
    (source,) = read(index, ["a"])
    assert source.matrix is not None
    assert np.array_equal(dense(source.matrix), 2 * VALUES)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no index; allowed: JSON with weight_map, the file of each tensor by name"),
        ("[]", "no index; allowed: JSON with weight_map"),
        ('{"weight_map": 3}', "no index; allowed: JSON with weight_map"),
        ('{"weight_map": {"a": 3}}', "no index; allowed: JSON with weight_map"),
        ('{"metadata": {}}', "no index; allowed: JSON with weight_map"),
        ('{"weight_map": {"\\ud800": "1.safetensors"}}', "no index; allowed"),
        ('{"x": ' + "[" * 100_000, "no index; allowed"),
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
        read(index, [])


def test_a_wrong_name_is_told(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "m.safetensors", {"up.weight": VALUES, "bias": np.ones(2)})
    with pytest.raises(OperandError, match=r"no tensor up\.wieght of 2 dimensions or more; there are up\.weight; nearest: up\.weight"):
        read(path, ["up.wieght"])
    with pytest.raises(OperandError, match="bias has 1 dimensions; allowed: 2 or more"):
        read(path, ["bias"])


@pytest.mark.parametrize("shape", [(8, 2, 3, 3), (4, 3, 5), (2, 1, 2, 2, 2)])
def test_filters_are_read_where_they_are_asked_for_and_told_where_they_are_not(tmp_path: Path, shape: tuple[int, ...]) -> None:
    filters = np.arange(float(np.prod(shape))).reshape(shape)
    path = safetensors(tmp_path / "m.safetensors", {"conv.weight": filters, "fc.weight": VALUES, "fc.bias": np.ones(3)})
    assert [source.name for source in read(path, [])] == ["fc.weight"]
    (told,) = read_sources(path, []).left_out
    assert told == f"conv.weight ({' × '.join(map(str, shape))}, as {shape[0]} × {filters[0].size})"
    for asked in (["conv.weight"], ["*.weight"]):
        assert read_sources(path, asked).left_out == {}
        matrix = read(path, asked)[0].matrix
        assert matrix is not None
        assert np.array_equal(dense(matrix), filters.reshape(shape[0], -1))


def test_a_checkpoint_of_filters_only_says_how_to_take_them(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "m.safetensors", {"conv": np.ones((4, 2, 3))})
    with pytest.raises(OperandError, match="no tensor of 2 dimensions; --tensor conv takes 4 × 2 × 3, as 4 × 6"):
        read(path, [])


@pytest.mark.parametrize(
    ("tensors", "turned"),
    [
        (
            {"a.kernel": (4, 6), "a.bias": (6,), "b/kernel:0": (3, 5), "c.kernel": (4, 4)},
            {"a.kernel": (6, 4), "b-kernel-0": (5, 3), "c.kernel": (4, 4)},
        ),
        ({"q_weight": (4, 6), "q_bias": (6,), "lin/w": (4, 6), "lin/b": (6,)}, {"q_weight": (6, 4), "lin-w": (6, 4)}),
        ({"in_proj_weight": (6, 4), "in_proj_bias": (6,), "a.kernel": (6, 4), "a.bias": (6,)}, {}),
    ],
)
def test_the_names_of_other_families_tell_how_their_weights_are_stored(
    tmp_path: Path, tensors: dict[str, tuple[int, ...]], turned: dict[str, tuple[int, int]]
) -> None:
    path = safetensors(tmp_path / "m.safetensors", {name: np.ones(shape) for name, shape in tensors.items()})
    sources = read(path, [])
    labels = {source.name.replace("/", "-").replace(":", "-"): source.matrix.shape for source in sources if source.matrix and source.turned}
    assert labels == turned


@pytest.mark.parametrize(
    ("name", "shape", "bias", "expected"),
    [
        ("up.weight", (6, 4, 3, 3), 4, (36, 6)),  # a transposed convolution: [in, out, …]
        ("up.weight", (6, 3, 3), 3, (9, 6)),
        ("c.weight", (6, 4, 3), 6, (6, 12)),
        ("c.weight", (6, 1, 3, 3), 6, (6, 9)),  # depthwise
        ("c.kernel", (3, 3, 4, 6), 6, (6, 36)),  # Flax: [height, width, in, out]
        ("c.kernel", (3, 4, 6), None, (6, 12)),
    ],
)
def test_filters_are_read_with_their_outputs_as_rows(
    tmp_path: Path, name: str, shape: tuple[int, ...], bias: int | None, expected: tuple[int, int]
) -> None:
    filters = np.arange(1.0, np.prod(shape) + 1).reshape(shape)
    path = safetensors(tmp_path / "m.safetensors", {name: filters} | ({f"{name[:-6]}bias": np.ones(bias)} if bias else {}))
    (told,) = read_sources(safetensors(tmp_path / "n.safetensors", {name: filters, "w": VALUES}), []).left_out if bias is None else [""]
    assert bias is not None or told.endswith(f"as {expected[0]} × {expected[1]})")
    matrix = read(path, [name])[0].matrix
    assert matrix is not None
    assert matrix.shape == expected
    assert np.array_equal(np.sort(dense(matrix).ravel()), np.sort(filters.ravel()))


def test_a_mask_is_put_on_the_weight_beside_it(tmp_path: Path) -> None:
    mask = VALUES > 0
    tensors = {"a.weight_orig": VALUES, "a.weight_mask": mask.astype("f4"), "b.weight": VALUES, "b.__weight_mma_mask": mask, "c_mask": mask}
    imported = read_sources(safetensors(tmp_path / "m.safetensors", tensors), [])
    names = {source.name: source.matrix for source in imported.sources}
    assert list(names) == ["a.weight", "b.weight", "c_mask"]
    for name in ("a.weight", "b.weight"):
        matrix = names[name]
        assert matrix is not None
        assert np.array_equal(dense(matrix), np.where(mask, VALUES, 0))
    assert imported.left_out == {
        "a.weight_mask": "a mask, which is put on a.weight_orig",
        "b.__weight_mma_mask": "a mask, which is put on b.weight",
    }


@pytest.mark.parametrize(
    "parts",
    [
        {"q.weight": np.ones((4, 4), "u1"), "q.weight_scale": np.ones((4, 1), "f4"), "q.weight_scale_2": np.ones(1, "f4")},
        {"q.W_q": np.ones((4, 4), "u1"), "q.scale": np.ones((4, 1), "f4"), "q.zero": np.ones((4, 1), "f4")},
        {"q.weight": VALUES, "q.weight_meta": np.ones((16, 2), "i2")},
        {"q.weight._data": np.ones((4, 4), "u1"), "q.weight._scale": np.ones((4, 1), "f4")},
        {"q.position_ids": np.ones((1, 8), "i8")},
    ],
)
def test_what_stands_beside_packed_weights_is_no_weight_either(tmp_path: Path, parts: dict[str, Any]) -> None:
    save_file({"w": VALUES, **parts}, tmp_path / "m.safetensors")
    imported = read_sources(tmp_path / "m.safetensors", [])
    assert [source.name for source in imported.sources] == ["w"]
    assert imported.left_out.keys() == {name for name, values in parts.items() if values.ndim == 2}


def test_names_that_differ_by_case_alone_become_different_files(tmp_path: Path) -> None:
    sources = [Source("A-b", array_csr(VALUES)), Source("a-b", array_csr(2 * VALUES))]
    names = [operation["name"] for operation in trace_spec("w", sources, 1, "two")["operations"]]
    assert names == ["A-b", "a-b.2"]
    write_matrices(sources, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["A-b.npz", "a-b.2.npz"]


def test_a_note_behind_the_last_comma_is_no_number(tmp_path: Path) -> None:
    path = tmp_path / "net.csv"
    path.write_text("Layer,H,W,FH,FW,C,F,S,\nc, 5, 5, 3, 3, 1, 1, 1,#dw\ng, 4, 5, 8, 2:4, half\nh, 4, 5, 8, note\n")
    assert [(source.name, source.shape) for source in read(path, [])] == [("c", (1, 9, 9)), ("g", (5, 8, 4)), ("h", (5, 8, 4))]


@pytest.mark.parametrize("first", ["QKT,1024,1024,64,", "QKT,16,16,64,2:4", "c,5,5,3,3,1,1,1,"])
def test_a_topology_that_begins_with_a_layer_loses_none_unsaid(tmp_path: Path, first: str) -> None:
    (tmp_path / "net.csv").write_text(f"{first}\nL2,1024,480,160,\n")
    with pytest.raises(OperandError, match=r"net\.csv:1: found a layer, '.*'; allowed: a heading above the first layer"):
        read(tmp_path / "net.csv", [])


@pytest.mark.parametrize(
    ("heading", "line"),
    [
        ("Layer,K,M,N,", "g,8,4,5,"),
        ("M,N,K,Layer name,Sparsity", "4,5,8,g,2:4"),
        ("Sparsity, Layer, N, K, M", "2:4, g, 5, 8, 4"),
        ("Layer,K,M,N,Sparsity", "g,8,4,5,2:4"),
    ],
)
def test_a_heading_that_names_its_columns_in_another_order_is_followed(tmp_path: Path, heading: str, line: str) -> None:
    (tmp_path / "net.csv").write_text(f"{heading}\n{line}\n")
    (source,) = read(tmp_path / "net.csv", [])
    assert (source.name, source.shape) == ("g", (5, 8, 4))
    assert source.pattern == ({"pattern": "n_m", "n": 2, "m": 4} if "2:4" in line else {"pattern": "dense"})


def test_a_convolution_is_read_by_its_heading_too(tmp_path: Path) -> None:
    (tmp_path / "net.csv").write_text(
        "Layer name, Num Filter, Channels, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Strides,\nc, 24, 16, 28, 30, 3, 5, 2,\n"
    )
    (source,) = read(tmp_path / "net.csv", [])
    assert source.shape == (24, 3 * 5 * 16, 14 * 14)


@pytest.mark.parametrize(
    "heading", ["Layer name, M, N, K,", "operator, M, N", "Layer, IFMAP Width, IFMAP Width, Filter Height, Filter Width"]
)
def test_a_heading_in_order_changes_nothing(tmp_path: Path, heading: str) -> None:
    (tmp_path / "net.csv").write_text(f"{heading}\ng, 4, 5, 8,\n")
    assert read(tmp_path / "net.csv", [])[0].shape == (5, 8, 4)


def test_a_heading_that_moves_some_columns_and_does_not_name_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.csv").write_text("Layer, K, M, rows\ng, 4, 5, 8,\n")
    with pytest.raises(OperandError, match=r"net\.csv:1: 'M' stands in column 3, SCALE-Sim reads it in 2; .*\(n is missing\)"):
        read(tmp_path / "net.csv", [])


@pytest.mark.parametrize(
    ("heading", "found"),
    [
        ("src,dst", "'dst' is no column of SCALE-Sim, .*; a list of edges is read with the ending .tsv"),
        ("what, ever, stands, here", "'ever' is no column of SCALE-Sim, which reads m there"),
        ("Layer, Out, In Chanels, Kernel H, Kernel W, Y, X, Stride", r"'Out' is no column of SCALE-Sim, which reads height there"),
        ("Layer, M, batch, K", "'batch' is no column of SCALE-Sim, which reads n there"),
        ("Layer, IFMAP Height, IFMAP Width, Filter Hieght, Filter Width, Channels, Num Filter, Strides", "nearest: filterheight"),
    ],
)
def test_a_heading_of_other_names_is_never_read_by_its_places(tmp_path: Path, heading: str, found: str) -> None:
    (tmp_path / "net.csv").write_text(f"{heading}\nc, 5, 5, 3, 3, 1, 1, 1,\n")
    with pytest.raises(OperandError, match=rf"net\.csv:1: .*{found}"):
        read(tmp_path / "net.csv", [])


@pytest.mark.parametrize(
    ("heading", "line"),
    [
        ("Name;Kernel H [px];Kernel W [px];Cin;Cout;Input Height;Input Width;Stride", "c;3;5;16;24;28;30;2;"),
        ("LAYER\tIfmap Height\tIfmap Width\tFilter Height\tFilter Width\tChannels\tNum Filter\tStrides", "c\t28\t30\t3\t5\t16\t24\t2\t"),
        ("\ufefflayer, h, w, fh, fw, c, f, s", "c, 28, 30, 3, 5, 16, 24, 2\r"),
        ("Layer,H,W,FH,FW,C,F,S,,,Eh,Ew", "c,28,30,3,5,16,24,2,,,14,14"),
        ('"Layer","IFMAP Height (px)","IFMAP Width (px)","FH","FW","C","F","Strides"', '"c","28","30","3","5","16","24","2"'),
    ],
)
def test_a_heading_is_known_by_other_marks_cases_units_and_names(tmp_path: Path, heading: str, line: str) -> None:
    (tmp_path / "net.csv").write_text(f"{heading}\n{line}\n", encoding="utf-8")
    assert read(tmp_path / "net.csv", [])[0].shape == (24, 3 * 5 * 16, 14 * 14)


def test_titles_and_columns_of_notes_are_left_out_by_name(tmp_path: Path) -> None:
    heading = "Layer name, M, N, K, Who,"
    (tmp_path / "net.csv").write_text(f"Two nets,\n{heading}\n\nFirst,,,,\ng, 4, 5, 8, me,\nSecond,\n{heading}\nh, 6, 5, 8, you\n")
    imported = read_sources(tmp_path / "net.csv", [])
    assert [(source.name, source.shape) for source in imported.sources] == [("g", (5, 8, 4)), ("h", (5, 8, 6))]
    assert list(imported.left_out) == ["Two nets (line 1)", "'Who'", "First (line 4)", "Second (line 6)"]


def test_columns_beside_those_of_scale_sim_count_where_they_change_a_layer(tmp_path: Path) -> None:
    heading = "Layer,H,W,FH,FW,C,F,Strides,Batch Size,Groups,Padding"
    (tmp_path / "net.csv").write_text(f"{heading}\na,5,5,3,3,1,1,1,4,1,0\nb,5,5,3,3,1,1,1,,,\n")
    assert [source.shape for source in read(tmp_path / "net.csv", [])] == [(1, 9, 36), (1, 9, 9)]
    for line, reason in (
        ("2,2,0", r"groups = 2; allowed: 1"),
        ("2,1,1", r"padding = 1; allowed: 0"),
        ("0,1,0", "batch = 0; allowed: 1 or more"),
    ):
        (tmp_path / "net.csv").write_text(f"{heading}\na,5,5,3,3,1,1,1,{line}\n")
        with pytest.raises(OperandError, match=rf"net\.csv:2: {reason}"):
            read(tmp_path / "net.csv", [])


def test_what_a_column_of_sparsity_says_is_never_dropped(tmp_path: Path) -> None:
    """A note behind the last comma is; a ratio in other words there is none."""
    path = tmp_path / "net.csv"
    path.write_text("Layer,M,N,K,Sparsity\ng,4,5,8,0.5\n")
    with pytest.raises(OperandError, match=r"net\.csv:2: sparsity '0\.5'; allowed: N:M, such as 2:4, or dense, or nothing"):
        read(path, [])
    path.write_text("Layer,M,N,K,Sparsity\na,4,5,8,dense\nb,4,5,8\nc,4,5,8,2:4\n")
    assert [source.pattern["pattern"] for source in read(path, [])] == ["dense", "dense", "n_m"]


@pytest.mark.parametrize("line", ['"a,4,5,8\nb",4,5,8', 'a,4,5,"8'])
def test_a_quote_that_is_not_closed_swallows_no_layer(tmp_path: Path, line: str) -> None:
    (tmp_path / "net.csv").write_text(f"Layer,M,N,K\n{line}\n")
    with pytest.raises(OperandError, match=r"net\.csv:2: a cell that does not end in its line"):
        read(tmp_path / "net.csv", [])


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("Layer,M,N,K\ng,4,5,8\n".encode("utf-16"), "net.csv:1: a byte that is no UTF-8 text"),
        (b"Layer,M,N,K\ng\xe9,4,5,8\n", "net.csv:2: a byte that is no UTF-8 text"),
        (b"Layer,M,N,K\n" + b"g" * 200_000 + b",4,5,8\n", "net.csv:2: a cell that does not end in its line, or is too long"),
    ],
)
def test_what_is_no_text_of_a_table_is_said_in_words_of_ours(tmp_path: Path, raw: bytes, reason: str) -> None:
    (tmp_path / "net.csv").write_bytes(raw)
    with pytest.raises(OperandError, match=re.escape(reason)):
        read(tmp_path / "net.csv", [])


def test_the_last_group_of_a_ragged_k_has_fewer_weights(tmp_path: Path) -> None:
    """K = 18 at 2:4: four groups of 4 and one of 2, 10 weights a row."""
    (tmp_path / "net.csv").write_text("Layer,M,N,K,\ng, 3, 5, 18, 2:4,\n")
    (source,) = read(tmp_path / "net.csv", [])
    assert (source.shape, source.pattern) == ((5, 18, 3), {"pattern": "n_m", "n": 2, "m": 4})
    (tmp_path / "net.csv").write_text("Layer,M,N,K,\ng, 3, 5, 2, 2:4,\n")
    assert read(tmp_path / "net.csv", [])[0].pattern == {"pattern": "dense"}


@pytest.mark.parametrize(("line", "operand"), [("big,100000000,64,1000,", "activations"), ("big,64,100000000,1000,", "weights")])
def test_a_layer_too_large_to_hold_is_named_by_its_line(tmp_path: Path, line: str, operand: str) -> None:
    (tmp_path / "net.csv").write_text(f"Layer,M,N,K,\nsmall,64,64,64,\n{line}\n")
    with pytest.raises(OperandError, match=rf"net\.csv:3: 100000000000 nonzero {operand}; allowed: at most"):
        read(tmp_path / "net.csv", [])


def test_an_x_too_large_for_its_matrix_is_named_with_the_way_out() -> None:
    with pytest.raises(OperandError, match=r"w: a dense X of 2048 × 67108864 elements; allowed: at most .*, or fewer --tokens"):
        trace_spec("t", [Source("w", array_csr(np.ones((1, 2048))))], 2**26, "w")


def test_a_dense_x_needs_no_storage(tmp_path: Path) -> None:
    """A layer of U-Net with 2.4 G activations, of which only the sizes are held."""
    (tmp_path / "net.csv").write_text("Layer,M,N,K,\nbig,4177936,64,576,\n")
    (tmp_path / "w.yaml").write_text(json.dumps(trace_spec("w", read(tmp_path / "net.csv", []), 1, "net.csv")))
    (operation,) = load_workload(tmp_path / "w.yaml").operations
    assert (operation.shape, operation.activations.mask) == ((64, 576, 4177936), None)


def test_more_operations_than_a_workload_file_holds(tmp_path: Path) -> None:
    (tmp_path / "net.csv").write_text("Layer,M,N,K,\n" + "g,4,5,8\n" * 5000)
    with pytest.raises(OperandError, match="5000 operations; allowed: at most 4096 in a workload file"):
        trace_spec("w", read(tmp_path / "net.csv", []), 1, "net.csv")


def test_scale_sim_topologies(tmp_path: Path) -> None:
    path = tmp_path / "net.csv"
    convolutions = "Conv1, 28, 30, 3, 5, 16, 24, 2,\nDP2, 8, 8, 3, 3, 32, 1, 1, 2\n"
    path.write_text("Layer, M, N, K, Sparsity,\nQKT, 64, 128, 32,\nG, 16, 32, 64, 2:4,\n\n" + convolutions)
    assert [(source.name, source.shape, source.pattern) for source in read(path, [])] == [
        ("QKT", (128, 32, 64), {"pattern": "dense"}),
        ("G", (32, 64, 16), {"pattern": "n_m", "n": 2, "m": 4}),
        ("Conv1", (24, 3 * 5 * 16, 14 * 14), {"pattern": "dense"}),
        ("DP2", (1, 9, 6 * 4), {"pattern": "dense"}),
    ]
    (tmp_path / "w.yaml").write_text(json.dumps(trace_spec("w", read(path, []), 1, "net.csv")))
    assert [nonzeros(source) for source in read(path, [])] == [
        operation.weight.nnz for operation in load_workload(tmp_path / "w.yaml").operations
    ]
    depthwise = read(path, [])[-1]
    assert trace_spec("w", [depthwise], 1, "net.csv")["operations"][0]["shape"] == {"batch": 32, "m": 1, "k": 9, "n": 24}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a, 1, 2", r"net\.csv:2: found '1, 2'; allowed: M, N, K"),
        ("a, 1, 2, x,", "allowed: M, N, K"),
        ("a, 0, 2, 1", r"net\.csv:2: M = 0; allowed: 1 to"),
        ("a, 1, 2, 9999999999", "K = 9999999999; allowed: 1 to"),
        ("a, 9, 9, 3, 3, 1, 0, 1", "m = 0; allowed: 1 to"),
        ("a, 4, 4, 8, 5:4", "sparsity 5:4; allowed: N from 1 to M"),
        ("a, 5, 5, 7, 3, 1, 1, 1", "does not fit 5 × 5"),
        ("a, 5, 5, 3, 3, 1, 1, 0", "at stride 0"),
        ("", "no layer below the heading"),
    ],
)
def test_topologies_that_cannot_be(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "net.csv").write_text(f"Layer, M, N, K\n{line}\n")
    with pytest.raises(OperandError, match=reason):
        read(tmp_path / "net.csv", [])


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


def test_blocks_at_the_edges_have_fewer_places() -> None:
    values = np.ones((5, 6))
    values[4:, 4:] = 2
    (only,), _ = prune_sources([Source("w", array_csr(values))], Pruning("block", block=4, density=0.25))
    assert only.matrix is not None
    assert (only.matrix.nnz, only.matrix.rows().tolist(), only.matrix.indices.tolist()) == (2, [4, 4], [4, 5]), "1 of 4, the strongest"
    (most,), _ = prune_sources([Source("w", array_csr(values))], Pruning("block", block=4, density=0.75))
    assert most.matrix is not None
    assert most.matrix.nnz == 16 + 8 + 2, "of equals the first stay"
    (whole,), _ = prune_sources([Source("w", array_csr(values))], Pruning("block", block=99, density=1.0))
    assert whole.matrix is not None
    assert whole.matrix.nnz == 30


def test_global_pruning_weighs_matrices_against_each_other() -> None:
    sources = [Source("none", array_csr(VALUES * 0.1)), Source("small", array_csr(VALUES * 0.4)), Source("large", array_csr(VALUES))]
    (small, large), empty = prune_sources(sources, Pruning("global", density=1 / 6))
    assert (small.name, large.name, empty) == ("small", "large", ["none"])
    assert small.matrix is not None
    assert large.matrix is not None
    assert small.matrix.nnz + large.matrix.nnz == 256
    assert 0 < small.matrix.nnz < 40


def test_what_cannot_be_pruned_is_named() -> None:
    with pytest.raises(OperandError, match="mask: has no values"):
        prune_sources([Source("mask", array_csr(VALUES > 0))], Pruning("magnitude", density=0.5))


def test_the_folder_of_a_model_is_its_checkpoint(tmp_path: Path) -> None:
    save_file({"a": VALUES}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text("{}")
    assert [source.name for source in read(tmp_path, [])] == ["a"]
    save_file({"b": VALUES}, tmp_path / "model-2.safetensors")
    with pytest.raises(OperandError, match=r"is a folder, not a file; files in it: config\.json, model-2\.safetensors"):
        read(tmp_path, [])
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"b": "model-2.safetensors"}}))
    assert [source.name for source in read(tmp_path, [])] == ["b"]


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
