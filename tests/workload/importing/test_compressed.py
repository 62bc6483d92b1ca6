"""Weights of several tensors: what an encoder of each layout, written from its description one number at a time, has packed comes back."""

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from simulator.errors import OperandError
from simulator.workload.importing import read_sources

Parts = dict[str, NDArray[Any]]


def decoded(path: Path, parts: Parts) -> NDArray[np.float64]:
    """The one weight of a checkpoint of these parts and a plain one, which are read beside each other, and nothing is left out."""
    save_file({"a.weight": np.ones((2, 2)), **{f"q.{last}": part for last, part in parts.items()}}, path / "m.safetensors")
    imported = read_sources(path / "m.safetensors", [])
    assert not imported.left_out
    plain, source = sorted(imported.sources, key=lambda source: source.name)
    assert (plain.name, plain.packing, source.name) == ("a.weight", "", "q.weight")
    assert source.packing
    assert source.matrix is not None
    assert source.matrix.data is not None
    dense = np.zeros(source.matrix.shape)
    dense[source.matrix.rows(), source.matrix.indices] = source.matrix.data
    return dense


def refusal(path: Path, parts: Parts, name: str = "weight") -> str:
    save_file({f"q.{last}": part for last, part in parts.items()}, path / "m.safetensors")
    with pytest.raises(OperandError) as refused:
        read_sources(path / "m.safetensors", [f"q.{name}"])
    return str(refused.value)


def sparse(shape: tuple[int, int], density: float = 0.3) -> NDArray[np.float32]:
    rng = np.random.default_rng(shape)
    weights = np.where(rng.random(shape) < density, rng.integers(1, 99, shape), 0)
    weights[0, -1] = 7
    return weights.astype(np.float32)


def bitmask(weights: NDArray[Any]) -> Parts:
    mask = np.zeros((len(weights), -(-weights.shape[1] // 8)), dtype=np.uint8)
    values, offsets = [], []
    for row, numbers in enumerate(weights):
        offsets.append(len(values))
        for column, number in enumerate(numbers):
            if number:
                mask[row, column // 8] |= 1 << column % 8
                values.append(number)
    sides = np.array(weights.shape, dtype=np.int64)
    return {"shape": sides, "bitmask": mask, "compressed": np.array(values, weights.dtype), "row_offsets": np.array(offsets)}


@pytest.mark.parametrize("shape", [(5, 19), (1, 8), (7, 3)])
@pytest.mark.parametrize("dtype", ["f2", "f4", ml_dtypes.bfloat16])
def test_a_bitmask_and_its_values(tmp_path: Path, shape: tuple[int, int], dtype: Any) -> None:
    weights = sparse(shape)
    assert np.array_equal(decoded(tmp_path, bitmask(weights.astype(dtype))), weights)


def test_a_bitmask_of_two_in_four_has_values_by_rows_and_may_have_a_zero_among_them(tmp_path: Path) -> None:
    weights = np.array([[0, 3, 0, 4, 5, 0, 6, 0], [1, 2, 0, 0, 0, 7, 0, 0]], dtype=np.float32)
    parts = {
        "shape": np.array([[2], [8]]),
        "bitmask": np.array([[0b01011010], [0b00100011 | 1 << 7]], dtype=np.uint8),
        "compressed": np.array([[3, 4, 5, 6], [1, 2, 7, 0]], dtype=np.float32),
    }
    assert np.array_equal(decoded(tmp_path, parts), weights)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"compressed": np.ones(3, dtype="f4")}, "11 bits of the bitmask are set, but there are 3 values"),
        ({"bitmask": np.ones((5, 2), dtype="u1")}, "bitmask is 5 × 2; weights of that shape need 5 × 3"),
        ({"bitmask": np.full((5, 3), 255, dtype="u1")}, "the bitmask has bits beyond column 18"),
        ({"row_offsets": np.zeros(5, dtype="i8")}, "row_offsets are not those of the bitmask"),
        ({"shape": np.array([5, 19, 1])}, "a shape of 3 I64; allowed: two integers"),
        ({"shape": np.array([-5, 19])}, "shape -5 × 19; allowed: 1 to"),
        ({"compressed": np.full(11, np.nan)}, "a value is NaN or infinite"),
    ],
)
def test_a_bitmask_that_does_not_fit_its_values_is_refused(tmp_path: Path, change: Parts, reason: str) -> None:
    weights = sparse((5, 19), 0.1)
    assert np.count_nonzero(weights) == 11
    assert f"q.weight: {reason}" in refusal(tmp_path, bitmask(weights) | change)


def words(numbers: NDArray[Any], bits: int) -> NDArray[np.int32]:
    """[rows, words] of signed numbers [rows, columns], as many as fit a word."""
    each = 32 // bits
    packed = np.zeros((len(numbers), -(-numbers.shape[1] // each)), dtype=np.uint32)
    for (row, column), number in np.ndenumerate(numbers):
        packed[row, column // each] |= np.uint32(int(number) + 2 ** (bits - 1) << column % each * bits)
    return packed.view(np.int32)


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("asymmetric", [False, True])
def test_integers_packed_in_words(tmp_path: Path, bits: int, groups: int, asymmetric: bool) -> None:
    rng = np.random.default_rng(bits)
    numbers = rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (12, 36))
    scale = rng.integers(1, 9, (12, groups)).astype("f4") / 8
    zero = rng.integers(-1, 2, (12, groups)) if asymmetric else np.zeros((12, groups), dtype=int)
    parts: Parts = {"weight_packed": words(numbers, bits), "weight_scale": scale, "weight_shape": np.array([12, 36])}
    if asymmetric:
        parts["weight_zero_point"] = np.ascontiguousarray(words(zero.T, bits).T)
    expected = (numbers - np.repeat(zero, 36 // groups, 1)) * np.repeat(scale, 36 // groups, 1)
    assert np.array_equal(decoded(tmp_path, parts), expected)


def test_groups_of_columns_out_of_order(tmp_path: Path) -> None:
    numbers = np.arange(80).reshape(2, 40) % 16 - 8
    named = np.array([1, 0, 1, 0, 0, 1, 0, 1] * 5, dtype="i4")
    parts = {
        "weight_packed": words(numbers, 4), "weight_scale": np.array([[1, 2], [4, 8]], dtype="f4"),
        "weight_shape": np.array([2, 40]), "weight_g_idx": named, "weight_zero_point": np.zeros((2, 2), dtype="i1"),
    }  # fmt: skip
    assert np.array_equal(decoded(tmp_path, parts), numbers * parts["weight_scale"][:, named])
    in_order = parts | {"weight_g_idx": np.full(40, -1, dtype="i4")}
    assert np.array_equal(decoded(tmp_path, in_order), numbers * parts["weight_scale"].repeat(20, 1))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"weight_shape": np.array([2, 60])}, "weight_packed: no number of bits a number would make 2 × 60 weights of 2 × 5 words"),
        (
            {"weight_packed": np.ones((2, 1), dtype="i4"), "weight_shape": np.array([2, 5])},
            "weight_packed: 1 or 2 or 3 or 4 or 5 or 6 bits",
        ),
        ({"weight_shape": np.array([3, 40])}, "weight_packed: no number of bits"),
        ({"weight_scale": np.ones((2, 3), dtype="f4")}, "40 columns are not 3 groups of as many each"),
        ({"weight_scale": np.ones((3, 2), dtype="f4")}, "weight_scale is 3 × 2; 2 rows need a row each, or one of all"),
        ({"weight_scale": np.full((2, 2), np.inf, dtype="f4")}, "a value is NaN or infinite"),
        ({"weight_g_idx": np.full(40, np.nan)}, "weight_g_idx is of type F64; allowed: I32, I64"),
        ({"weight_zero_point": np.full((2, 2), np.nan)}, "weight_zero_point has a value that is no number of so few bits"),
        ({"weight_zero_point": np.full((2, 2), 0.5)}, "weight_zero_point has a value that is no number of so few bits"),
        ({"weight_g_idx": np.full(40, 2, dtype="i4")}, "weight_g_idx does not name a group of 2 for each of 40 columns"),
        ({"weight_zero_point": np.zeros((2, 2), dtype="i4")}, "weight_zero_point is 2 × 2; weights of that shape need 1 × 2"),
    ],
)
def test_words_that_do_not_fit_what_is_beside_them_are_refused(tmp_path: Path, change: Parts, reason: str) -> None:
    parts = {"weight_packed": words(np.ones((2, 40)), 4), "weight_scale": np.ones((2, 2), dtype="f4"), "weight_shape": np.array([2, 40])}
    assert f"q.weight: {reason}" in refusal(tmp_path, parts | change)


def test_a_part_is_no_matrix_and_says_which_weight_it_is_of(tmp_path: Path) -> None:
    parts = {"weight_packed": words(np.ones((2, 40)), 4), "weight_scale": np.ones((2, 2), dtype="f4"), "weight_shape": np.array([2, 40])}
    for part in ("weight_packed", "weight_scale"):
        told = refusal(tmp_path, parts, part)
        assert "not read as numbers" in told
        assert "; --tensor q.weight takes them all" in told
    assert [source.name for source in read_sources(tmp_path / "m.safetensors", ["q.*"]).sources] == ["q.weight"]


FP4 = [0, 0.5, 1, 1.5, 2, 3, 4, 6]


@pytest.mark.parametrize("micro", [True, False])
def test_numbers_of_four_bits_floating(tmp_path: Path, micro: bool) -> None:
    rng = np.random.default_rng(4)
    codes = rng.integers(0, 16, (3, 64))
    packed = np.array([[row[i] + 16 * row[i + 1] for i in range(0, 64, 2)] for row in codes], dtype=np.uint8)
    exponents = rng.integers(-3, 4, (3, 2 if micro else 4))
    scales: Parts = (
        {"weight_scale": (exponents + 127).astype(np.uint8)}
        if micro
        else {"weight_scale": np.exp2(exponents).astype(ml_dtypes.float8_e4m3fn), "weight_global_scale": np.array([2.0], dtype="f4")}
    )
    expected = np.array([[(-1 if code >= 8 else 1) * FP4[code % 8] for code in row] for row in codes])
    expected *= np.exp2(exponents).repeat(64 // exponents.shape[1], 1)
    assert np.array_equal(decoded(tmp_path, {"weight_packed": packed, **scales}), expected / (1 if micro else 2))


ONES = np.ones((1, 1), ml_dtypes.float8_e4m3fn)


@pytest.mark.parametrize(
    ("scales", "reason"),
    [
        ({"weight_scale": np.array([[255]], dtype="u1")}, "a value is NaN or infinite"),
        ({"weight_scale": ONES, "weight_global_scale": np.zeros(1, "f4")}, "weight_global_scale is 1; allowed: one number that is not 0"),
        ({"weight_scale": ONES, "weight_global_scale": np.ones((1, 3), "f4")}, "weight_global_scale is 1 × 3"),
    ],
)
def test_scales_that_are_no_numbers_are_refused_in_words(tmp_path: Path, scales: Parts, reason: str) -> None:
    assert f"q.weight: {reason}" in refusal(tmp_path, {"weight_packed": np.full((2, 4), 17, dtype=np.uint8), **scales})


def marlin(numbers: NDArray[Any], scale: NDArray[np.float16], bits: int) -> Parts:
    """2:4 numbers [outputs, inputs] as the format for the kernel has them, step by step as its description goes."""
    outputs, inputs = numbers.shape
    kept, nibbles = np.zeros((inputs // 2, outputs), dtype=int), np.zeros((outputs, inputs // 4), dtype=int)
    for row, quad in np.ndindex(outputs, inputs // 4):
        four = numbers[row, 4 * quad : 4 * quad + 4]
        chosen = sorted(sorted(range(4), key=lambda place: four[place] == 0)[:2])
        nibbles[row, quad] = chosen[0] | chosen[1] << 2
        kept[2 * quad : 2 * quad + 2, row] = four[chosen]
    words_of = [[sum(int(nibbles[row, 4 * word + i]) << 4 * i for i in range(4)) for word in range(inputs // 16)] for row in range(outputs)]
    placed = np.zeros(outputs * inputs // 16, dtype=np.uint16)
    for row, word in np.ndindex(outputs, inputs // 16):
        within = row % 64
        at, to = row - within + within % 2 * 2 + within % 8 // 4 + within % 4 // 2 * 32 + within // 8 * 4, word
        if at % 2 == 0 and to % 2 == 1:
            at, to = at + 1, to - 1
        elif at % 2 == 1 and to % 2 == 0:
            at, to = at - 1, to + 1
        placed[to // 2 * outputs * 2 + at * 2 + to % 2] = words_of[row][word]
    order = []
    for lane in range(32):
        column = lane // 4
        rows = [2 * (lane % 4), 2 * (lane % 4) + 1, 2 * (lane % 4 + 4), 2 * (lane % 4 + 4) + 1]
        for step in range(4):
            order += [16 * row + column // 2 * 256 + column % 2 * 8 + 4 * block + step for block in (0, 1) for row in rows]
    turn = {4: [0, 2, 4, 6, 1, 3, 5, 7], 8: [0, 2, 1, 3]}[bits]
    order = [order[at + i] for at in range(0, 1024, len(turn)) for i in turn]
    tiled = [
        kept[16 * down + row, 16 * across + column]
        for down in range(inputs // 32)
        for across in range(outputs // 16)
        for row in range(16)
        for column in range(16)
    ]
    stream = [tiled[at + place] + 2 ** (bits - 1) for at in range(0, len(tiled), 1024) for place in order]
    each = 32 // bits
    packed = [sum(int(stream[at + i]) << bits * i for i in range(each)) for at in range(0, len(stream), each)]
    turned = scale.T
    if len(turned) > 2:
        turned = turned[:, [at + i for at in range(0, outputs, 8) for i in (0, 4, 1, 5, 2, 6, 3, 7)]]
    return {
        "weight_packed": np.array(packed, dtype=np.uint32).view(np.int32).reshape(inputs // 32, -1),
        "scale_packed": np.ascontiguousarray(turned),
        "meta": placed.view(np.int16).reshape(inputs // 32, 2 * outputs),
    }


@pytest.mark.parametrize(("bits", "outputs", "groups"), [(4, 64, 1), (4, 128, 4), (8, 64, 2)])
def test_marlins_two_in_four(tmp_path: Path, bits: int, outputs: int, groups: int) -> None:
    rng = np.random.default_rng(bits)
    inputs = 64 * groups
    numbers = rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (outputs, inputs))
    order = rng.random((outputs, inputs // 4, 4)).argsort(-1).reshape(outputs, inputs)
    numbers[order >= 2] = 0
    scale = (rng.integers(1, 9, (outputs, groups)) / 8).astype(np.float16)
    parts = marlin(numbers, scale, bits)
    assert np.array_equal(decoded(tmp_path, parts), numbers * scale.repeat(64, 1))
    assert "no 2:4 weights as Marlin has them" in refusal(tmp_path, parts | {"meta": parts["meta"][:, :32].copy()})
    assert "two numbers of four in one place" in refusal(tmp_path, parts | {"meta": np.zeros_like(parts["meta"])})
    assert "scale_packed is 1 × 3" in refusal(tmp_path, parts | {"scale_packed": np.ones((1, 3), dtype="f2")})
