"""Matrix files: each format read, each hostile file refused with its reason."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from simulator.errors import OperandError
from simulator.workload.blocks import Stack
from simulator.workload.csr import Csr
from simulator.workload.readers import read_matrix

DENSE = np.array([[0.0, 2.0, 0.0, 1.5], [0.0, 0.0, 0.0, 0.0], [-3.0, 0.0, 4.0, 0.0]])


def to_array(matrix: Csr) -> np.ndarray[Any, Any]:
    data = matrix.data if matrix.data is not None else np.ones(matrix.nnz)
    return np.asarray(sp.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape).toarray())


def read_text(folder: Path, name: str, text: str) -> Csr:
    path = folder / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="latin-1")
    return read_matrix(path)


def npy(array: np.ndarray[Any, Any]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)
    return stream.getvalue()


def members() -> dict[str, bytes]:
    return {
        "format.npy": npy(np.array(b"csr")),
        "shape.npy": npy(np.array([2, 4])),
        "indptr.npy": npy(np.array([0, 1, 3], dtype=np.int32)),
        "indices.npy": npy(np.array([2, 0, 3], dtype=np.int32)),
        "data.npy": npy(np.array([1.0, 2.0, 3.0], dtype=np.float32)),
    }


def read_npz(folder: Path, parts: dict[str, bytes]) -> Csr:
    path = folder / "matrix.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return read_matrix(path)


@pytest.mark.parametrize("make", [sp.csr_matrix, sp.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8, np.int64])
def test_npz_of_scipy(tmp_path: Path, make: Callable[[Any], Any], dtype: Any) -> None:
    sp.save_npz(tmp_path / "m.npz", make(DENSE.astype(dtype)))
    matrix = read_matrix(tmp_path / "m.npz")
    assert np.array_equal(to_array(matrix), DENSE.astype(dtype).astype(np.float64))
    assert [matrix.indptr.dtype.name, matrix.indices.dtype.name] == ["int64", "int32"]


def test_npz_rows_are_sorted_and_stored_zeros_dropped(tmp_path: Path) -> None:
    parts = members() | {"indices.npy": npy(np.array([2, 3, 0])), "data.npy": npy(np.array([1.0, 0.0, 5.0]))}
    matrix = read_npz(tmp_path, parts)
    assert (matrix.indptr.tolist(), matrix.indices.tolist()) == ([0, 1, 2], [2, 0])
    assert matrix.data is not None
    assert matrix.data.tolist() == [1.0, 5.0]


def test_npz_of_booleans_is_a_pattern(tmp_path: Path) -> None:
    matrix = read_npz(tmp_path, members() | {"data.npy": npy(np.array([True, False, True]))})
    assert (matrix.data, matrix.nnz) == (None, 2)


def test_the_hash_is_of_the_content_not_of_the_file(tmp_path: Path) -> None:
    first = read_npz(tmp_path, members())
    shuffled = members() | {"indices.npy": npy(np.array([2, 3, 0])), "data.npy": npy(np.array([1.0, 3.0, 2.0]))}
    text = "%%MatrixMarket matrix coordinate real general\n2 4 3\n2 4 3\n1 3 1\n2 1 2\n"
    assert first.sha256() == read_npz(tmp_path, shuffled).sha256() == read_text(tmp_path, "m.mtx", text).sha256()
    other = members() | {"data.npy": npy(np.array([1.0, 2.0, 4.0]))}
    pattern = members() | {"data.npy": npy(np.array([True, True, True]))}
    assert len({matrix.sha256() for matrix in (first, read_npz(tmp_path, other), read_npz(tmp_path, pattern))}) == 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data.npy": npy(np.array([1.0, np.nan, 3.0]))}, "a value is NaN or infinite"),
        ({"data.npy": npy(np.array([1.0, np.inf, 3.0]))}, "a value is NaN or infinite"),
        ({"data.npy": npy(np.array([1.0, 2.0]))}, "2 values for 3 indices"),
        ({"data.npy": npy(np.array([1j, 2, 3]))}, "`data` has type complex128; allowed: real numbers"),
        ({"data.npy": npy(np.ones((3, 1)))}, "`data` has 2 dimensions; allowed: 1"),
        ({"data.npy": members()["data.npy"][:-4]}, "`data` is truncated: 8 bytes for 3 elements of type float32"),
        ({"data.npy": b"PK"}, "`data` does not begin as a .npy file does"),
        ({"indices.npy": npy(np.array([2, 0, 4]))}, "column index 4 is out of range; allowed: 0 to 3"),
        ({"indices.npy": npy(np.array([2, 0, -1]))}, "column index -1 is out of range"),
        ({"indices.npy": npy(np.array([2, 3, 3]))}, "the element (1, 3) stands twice"),
        ({"indices.npy": npy(np.array([2.0, 0.0, 3.0]))}, "`indices` has type float64; allowed: integers"),
        ({"indptr.npy": npy(np.array([0, 4, 3]))}, "row pointers must start at 0 and never fall"),
        ({"indptr.npy": npy(np.array([0, 1, 2]))}, "the last row pointer is 2, but there are 3 column indices"),
        ({"indptr.npy": npy(np.array([0, 3]))}, "2 row pointers; 2 rows need 3"),
        ({"shape.npy": npy(np.array([2, 2, 2]))}, "a matrix of 3 dimensions; allowed: 2"),
        ({"shape.npy": npy(np.array([0, 4]))}, "shape 0 × 4; allowed: 1 to"),
        ({"shape.npy": npy(np.array([2, 2**40]))}, "allowed: 1 to"),
        ({"shape.npy": npy(np.array([1, 2]))}, "3 nonzeros in 1 × 2 elements"),
        ({"format.npy": npy(np.array(b"coo"))}, "the array `row` is missing"),
        ({"format.npy": npy(np.array(b"lil"))}, "sparse format 'lil'; allowed: csr, csc, coo, bsr, dia"),
    ],
)
def test_hostile_npz(tmp_path: Path, changes: dict[str, bytes], reason: str) -> None:
    with pytest.raises(OperandError) as caught:
        read_npz(tmp_path, members() | changes)
    assert str(caught.value).startswith(f"{tmp_path}/matrix.npz: ")
    assert reason in str(caught.value)


@pytest.mark.parametrize("layout", ["csc", "coo", "bsr", "dia"])
@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.bool_])
@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (1, 2)])
def test_every_format_of_scipy_is_the_same_matrix(tmp_path: Path, layout: str, dtype: Any, shape: tuple[int, int]) -> None:
    draw = np.random.default_rng(shape[0])
    whole = (draw.integers(1, 9, shape) * (draw.random(shape) < 0.4)).astype(dtype)
    whole[0, 0] = 1
    for make in (getattr(sp, f"{layout}_matrix"), getattr(sp, f"{layout}_array")):
        sp.save_npz(tmp_path / "m.npz", make(whole, blocksize=(shape[0], 2)) if layout == "bsr" else make(whole))
        matrix = read_matrix(tmp_path / "m.npz")
        assert np.array_equal(to_array(matrix), whole.astype(np.float64))
        assert (matrix.data is None) == (dtype is np.bool_)
        sp.save_npz(tmp_path / "csr.npz", sp.csr_array(whole))
        assert matrix.sha256() == read_matrix(tmp_path / "csr.npz").sha256()


def test_a_diagonal_may_lie_in_part_outside_the_matrix(tmp_path: Path) -> None:
    """Values that no place of the matrix stands for are not read; here all but three of each diagonal."""
    wide = sp.dia_array((np.arange(1.0, 13.0).reshape(2, 6), np.array([-2, 1])), shape=(5, 4))
    sp.save_npz(tmp_path / "m.npz", wide)
    assert np.array_equal(to_array(read_matrix(tmp_path / "m.npz")), wide.toarray())


@pytest.mark.parametrize(
    ("layout", "arrays", "reason"),
    [
        ("csc", {"indptr": [0, 1, 3], "indices": [0, 1, 0], "data": [1.0, 2, 3]}, "3 column pointers; 4 columns need 5"),
        ("coo", {"row": [0, 1], "col": [0], "data": [1.0, 2]}, "2 row indices and 1 column indices"),
        ("coo", {"row": [0, 2], "col": [0, 1], "data": [1.0, 2]}, "row index 2 is out of range"),
        ("coo", {"row": [1, 1], "col": [3, 3], "data": [1.0, 2]}, "the element (1, 3) stands twice"),
        ("bsr", {"indptr": [0, 1], "indices": [0], "data": [[[1.0] * 3] * 2]}, "blocks of 2 × 3 do not divide 2 × 4"),
        ("bsr", {"indptr": [0, 1], "indices": [0], "data": np.zeros((1, 0, 2))}, "blocks of 0 × 2 do not divide"),
        ("bsr", {"indptr": [0, 1], "indices": [2], "data": [[[1.0] * 2] * 2]}, "column index 2 is out of range"),
        ("bsr", {"indptr": [0, 2], "indices": [0, 0], "data": [[[1.0] * 2] * 2] * 2}, "stands twice"),
        ("bsr", {"indptr": [0, 1], "indices": [0, 1], "data": [[[1.0] * 2] * 2]}, "1 values for 2 indices"),
        ("dia", {"offsets": [0, 0], "data": [[1.0] * 4] * 2}, "a diagonal stands twice"),
        ("dia", {"offsets": [0], "data": [[1.0] * 4] * 2}, "2 values for 1 indices"),
        ("dia", {"offsets": [0], "data": [1.0] * 4}, "`data` has 1 dimensions; allowed: 2"),
    ],
)
def test_hostile_formats_of_scipy(tmp_path: Path, layout: str, arrays: dict[str, Any], reason: str) -> None:
    parts = {"format.npy": npy(np.array(layout.encode())), "shape.npy": npy(np.array([2, 4]))}
    with pytest.raises(OperandError) as caught:
        read_npz(tmp_path, parts | {f"{name}.npy": npy(np.array(values)) for name, values in arrays.items()})
    assert reason in str(caught.value)


HEADER = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (HEADER[:-3], "a header that cannot be read"),
        (HEADER.replace("(1, 1)", "(1, 1"), "a header that cannot be read"),
        (HEADER.replace("'<f8'", "'<f8"), "a header that cannot be read"),
        ("(" * 500, "a header that cannot be read"),
        (HEADER.replace("1, 1", "1, " + "9" * 5000), "a header that cannot be read"),
        (HEADER.replace("1, 1", "True, 1"), "a header whose shape is no list of sizes"),
        (HEADER.replace("1, 1", "-1, -1"), "a header whose shape is no list of sizes"),
        (HEADER.replace("(1, 1)", "'11'"), "a header whose shape is no list of sizes"),
        (HEADER.replace("1, 1", f"1, {2**63}"), "a header whose shape is no list of sizes"),
        (HEADER.replace("False", "0"), "a header whose fortran_order is neither True nor False"),
        (HEADER.replace("'descr'", "'type'"), "a header without descr, fortran_order, shape, or with more"),
        ("[]", "a header without descr, fortran_order, shape, or with more"),
        (HEADER.replace("'<f8'", "[('x', '<f8')]"), "holds records of several fields"),
        (HEADER.replace("<f8", "<q9"), "a header with an unknown type '<q9'"),
        (HEADER.replace("<f8", "|O"), "holds pickled Python objects"),
        (HEADER.replace("<f8", "<U1"), "an array of type <U1"),
    ],
)
def test_a_npy_header_is_read_by_no_tokenizer(tmp_path: Path, header: str, reason: str) -> None:
    raw = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(8)
    (tmp_path / "m.npy").write_bytes(raw)
    with pytest.raises(OperandError) as caught:
        read_matrix(tmp_path / "m.npy")
    assert reason in str(caught.value)
    with pytest.raises(OperandError):
        read_npz(tmp_path, members() | {"data.npy": raw})
    (tmp_path / "m.npy").write_bytes(raw[:11])
    with pytest.raises(OperandError, match="ends within its header"):
        read_matrix(tmp_path / "m.npy")


def test_a_damaged_member_is_found_by_its_checksum(tmp_path: Path) -> None:
    read_npz(tmp_path, members())
    raw = bytearray((tmp_path / "matrix.npz").read_bytes())
    place = raw.index(np.array([1.0, 2.0, 3.0], dtype="<f4").tobytes())
    raw[place] ^= 1
    (tmp_path / "matrix.npz").write_bytes(raw)
    with pytest.raises(OperandError, match="damaged: `data` is not what was written"):
        read_matrix(tmp_path / "matrix.npz")


def test_a_member_packed_in_another_way_is_refused_by_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.npz", "w", zipfile.ZIP_LZMA) as archive:
        for name, content in members().items():
            archive.writestr(name, content)
    with pytest.raises(OperandError, match="`format` is packed in another way"):
        read_matrix(tmp_path / "m.npz")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("g.tsv", "1\t2\t1\n2\t3\t1\n3\t1\t1\n", [[0, 1, 0], [0, 0, 1], [1, 0, 0]]),
        ("g.tsv", "# an edge list\n1\t2\n\n2\t1\n", [[0, 1], [1, 0]]),
        ("g.tsv", "\u00ef\u00bb\u00bf% an edge list\n1\t2\n\n2\t1\n", [[0, 1], [1, 0]]),
        ("t.tns", "1 1 1.0\n2 3 2.0\n", [[1, 0, 0], [0, 0, 2]]),
    ],
)
def test_lists_of_coordinates_count_from_1(tmp_path: Path, name: str, text: str, expected: list[list[float]]) -> None:
    assert to_array(read_text(tmp_path, name, text)).tolist() == expected


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("g.tsv", "", "no element"),
        ("g.tsv", "0\t1\t1\n", "line 1: row 0; allowed: 1 to"),
        ("g.tsv", "1\t1\t1\n1\t2\n", "line 2: found '1\\t2'; such an element is a row and a column and a number"),
        ("g.tsv", "row\tcolumn\tvalue\n1\t1\t1\n", "line 1: found 'row"),
        ("g.tsv", "1\t1\t1\n1\t1\t2\n2\t2\t1\n", "line 2: the element (1, 1) stands twice, first in line 1"),
        ("g.tsv", f"1\t{2**27 + 1}\n", f"line 1: column {2**27 + 1}"),
        ("t.tns", "1 1 1 2.0\n", "line 1: 4 columns; allowed: row, column, value of a matrix"),
        ("t.tns", "1 2\n", "line 1: 2 columns"),
    ],
)
def test_hostile_lists_of_coordinates(tmp_path: Path, name: str, text: str, reason: str) -> None:
    with pytest.raises(OperandError) as caught:
        read_text(tmp_path, name, text)
    assert reason in str(caught.value)


def test_npz_pickles_are_never_loaded(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.array([print], dtype=object), allow_pickle=True)
    for name in ("data.npy", "format.npy", "shape.npy"):
        with pytest.raises(OperandError, match="holds pickled Python objects, which are never loaded"):
            read_npz(tmp_path, members() | {name: stream.getvalue()})


def test_npz_header_that_promises_terabytes(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (2**40,)})
    with pytest.raises(OperandError, match="`data` is truncated: 0 bytes"):
        read_npz(tmp_path, members() | {"data.npy": stream.getvalue()})


def test_npz_that_is_cut_or_lacks_arrays(tmp_path: Path) -> None:
    read_npz(tmp_path, members())
    whole = (tmp_path / "matrix.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OperandError, match=r"cut\.npz: not a whole \.npz file"):
        read_matrix(tmp_path / "cut.npz")
    np.savez(tmp_path / "dense.npz", np.eye(3))
    with pytest.raises(OperandError, match=r"no sparse matrix: it holds .*, and no array `format`"):
        read_matrix(tmp_path / "dense.npz")
    with pytest.raises(OperandError, match="the array `indptr` is missing"):
        read_npz(tmp_path, {name: part for name, part in members().items() if name != "indptr.npy"})


@pytest.mark.parametrize("name", ["m.mtx", "m.mtx.gz"])
def test_matrix_market_general(tmp_path: Path, name: str) -> None:
    text = "%%MatrixMarket matrix coordinate real general\n% made by hand\n3 4 5\n3 3 4\n1 2 2\n1 4 1.5\n3 1 -3\n2 2 0.0\n"
    assert np.array_equal(to_array(read_text(tmp_path, name, text)), DENSE)


@pytest.mark.parametrize(
    ("kind", "elements", "expected"),
    [
        ("coordinate integer symmetric", "2 2 2\n1 1 5\n2 1 7\n", [[5, 7], [7, 0]]),
        ("coordinate real skew-symmetric", "2 2 1\n2 1 7\n", [[0, -7], [7, 0]]),
        ("coordinate pattern general", "2 2 2\n1 1\n2 1\n", [[1, 0], [1, 0]]),
        ("coordinate pattern symmetric", "2 2 1\n2 1\n", [[0, 1], [1, 0]]),
        ("array real general", "2 2\n1\n0\n3\n4\n", [[1, 3], [0, 4]]),
    ],
)
def test_matrix_market_kinds(tmp_path: Path, kind: str, elements: str, expected: list[list[float]]) -> None:
    matrix = read_text(tmp_path, "m.mtx", f"%%MatrixMarket matrix {kind}\n{elements}")
    assert to_array(matrix).tolist() == expected
    assert (matrix.data is None) == ("pattern" in kind)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the first line is not"),
        ("%%MatrixMarket matrix coordinate complex hermitian\n1 1 1\n1 1 1 0\n", "says 'complex'; allowed: real, double, integer"),
        ("%%MatrixMarket matrix array pattern general\n1 1\n", "an array without values"),
        ("%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 2\n2 1 1\n2 2 1\n", "line 4: an element on the diagonal"),
        ("%%MatrixMarket matrix coordinate integer general\n2 2 1\n2 1 1.5\n", "line 3: a value that is no integer"),
        ("%%MatrixMarket matrix coordinate unsigned-integer general\n2 2 1\n\n2 1 -1\n", "line 4: a negative value"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n2 1 1e999\n", "line 3: a value is NaN or infinite"),
        ("%%MatrixMarket matrix coordinate real general\n", "no size line after the comments"),
        ("%%MatrixMarket matrix coordinate real general\n2 2\n", "no size line after the comments, but '2 2'"),
        ("%%MatrixMarket matrix coordinate real general\n2 -2 1\n", "no size line"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 5\n", "5 nonzeros in 2 × 2 elements"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n0 1 1.0\n", "line 3: row 0; allowed: 1 to 2"),
        ("%%MatrixMarket matrix coordinate real general\n% a\n2 3 2\n% b\n1 1 1.0\n\n2 4 1.0\n", "line 7: column 4; allowed: 1 to 3"),
        ("%MatrixMarket matrix coordinate real general\n1 1 1\n1 1 1\n", "begins with one %; allowed: `%%MatrixMarket`"),
        (
            "%%MatrixMarket matrix coordinate pattern general\n2 2 2\n1 1\n2 2 1\n",
            "line 4: found '2 2 1'; a pattern element is a row and a column",
        ),
        (
            "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 1.0D+00\n",
            "line 3: found '1 1 1.0D+00'; a real element is a row and a column and a number",
        ),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1\n", "line 3: found '1 1'; a real element is"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1.5 1 1\n", "line 3: found '1.5 1 1'"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 1.0\n2 2 1.0\n", "too long: more than 1 elements"),
        ("%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n2 1 -1" + "\0" * 90 + "\n4 4 1e3\n4 2 -1\n", "line 3: found"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1\N{NO-BREAK SPACE}1 1\n", "line 3: found '1\\xa01 1'"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 1_0\n", "line 3: found '1 1 1_0'"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 1e999\n", "a value is NaN or infinite"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 99999999999999999999 1\n", "line 3: found '1 99999999999999999999 1'"),
        ("%%MatrixMarket matrix coordinate real symmetric\n2 3 1\n2 1 1\n", "symmetric, but 2 × 3 is not square"),
        ("%%MatrixMarket matrix array real symmetric\n2 3\n1\n", "symmetric, but 2 × 3 is not square"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 one\n", "line 3: found '1 1 one'"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 inf\n", "line 3: a value is NaN or infinite"),
        (
            "%%MatrixMarket matrix coordinate real symmetric\n2 2 2\n1 2 1\n2 1 1\n",
            "line 4: the element (1, 2) stands twice, first in line 3; (2, 1) is the same",
        ),
        ("%%MatrixMarket matrix array real general\n2 2\n1\n", "truncated: "),
        ("%%MatrixMarket matrix array real general\n2 1\n1.0000000\n", "truncated: 1 elements; the header promises 2"),
    ],
)
def test_hostile_matrix_market(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(OperandError) as caught:
        read_text(tmp_path, "m.mtx", text)
    assert str(caught.value).startswith(f"{tmp_path}/m.mtx: ")
    assert reason in str(caught.value)


@pytest.mark.parametrize("symmetry", ["general", "symmetric", "skew-symmetric"])
@pytest.mark.parametrize("side", [1, 2, 5])
def test_dense_matrix_market_is_what_scipy_reads(tmp_path: Path, symmetry: str, side: int) -> None:
    values = np.random.default_rng(side).integers(1, 9, (side, side)).astype(float)
    whole = {"general": values, "symmetric": values + values.T, "skew-symmetric": values - values.T}[symmetry]
    scipy.io.mmwrite(tmp_path / "m.mtx", whole, symmetry=symmetry)
    assert f"array real {symmetry}" in (tmp_path / "m.mtx").read_text().splitlines()[0]
    assert np.array_equal(to_array(read_matrix(tmp_path / "m.mtx")), scipy.io.mmread(tmp_path / "m.mtx"))


def test_a_cut_gzip(tmp_path: Path) -> None:
    text = "%%MatrixMarket matrix coordinate real general\n9 9 9\n" + "".join(f"{i} {i} {i * 0.37}\n" for i in range(1, 10))
    (tmp_path / "m.mtx.gz").write_bytes(gzip.compress(text.encode())[:-20])
    with pytest.raises(OperandError, match="not a whole Matrix Market file"):
        read_matrix(tmp_path / "m.mtx.gz")
    (tmp_path / "n.mtx.gz").write_text(text)
    with pytest.raises(OperandError, match="not a whole Matrix Market file"):
        read_matrix(tmp_path / "n.mtx.gz")


def test_smtx(tmp_path: Path) -> None:
    matrix = read_text(tmp_path, "m.smtx", "2, 4, 3\n0 1 3\n2 3 0\n")
    assert (matrix.shape, matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data) == ((2, 4), [0, 1, 3], [2, 0, 3], None)
    assert read_text(tmp_path, "m.smtx", "2, 4, 0\r\n0 0 0\r\n\r\n").nnz == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the first line is not `rows, columns, nonzeros`"),
        ("2, 4\n0 0 0\n\n", "the first line is not `rows, columns, nonzeros`"),
        ("2, 4, 3\n0 1 3\n", "truncated"),
        ("2, 4, 3\n0 1 3\n2 0 3 3\n", "truncated: 4 column indices; the first line promises 3"),
        ("2, 4, 3\n0 1 3\n2 0 3\n1.0 2.0 3.0\n", "4 lines; allowed: 3"),
        ("2, 4, 3\n0 1 3 3\n2 0 3\n", "4 row pointers; 2 rows need 3"),
        ("2, 4, 3\n0 1 3\n2 0 -3\n", "line 3 holds '-'"),
        ("2, 4, 3\n0 1 3\n2 0 99999999999999999999999999\n", "line 3 holds a number of 26 digits"),
        ("2, 4, 9\n0 1 9\n2 0 3 1 1 1 1 1 1\n", "9 nonzeros in 2 × 4 elements"),
        ("0, 4, 0\n0\n\n", "shape 0 × 4"),
        ("99999999999, 4, 1\n0 1\n0\n", "allowed: 1 to"),
    ],
)
def test_hostile_smtx(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(OperandError) as caught:
        read_text(tmp_path, "m.smtx", text)
    assert reason in str(caught.value)


def test_a_pattern_transposes_with_its_values(tmp_path: Path) -> None:
    sp.save_npz(tmp_path / "m.npz", sp.csr_matrix(DENSE))
    transposed = Stack(1, read_matrix(tmp_path / "m.npz")).transposed().matrix
    assert np.array_equal(to_array(transposed), DENSE.T)
    assert all(np.all(np.diff(transposed.indices[a:b]) > 0) for a, b in zip(transposed.indptr[:-1], transposed.indptr[1:], strict=True))
    assert Stack(1, transposed).transposed().matrix.sha256() == read_matrix(tmp_path / "m.npz").sha256()


def test_npy_of_numbers_and_masks(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", DENSE.astype(np.float32))
    assert np.array_equal(to_array(read_matrix(tmp_path / "m.npy")), DENSE)
    np.save(tmp_path / "m.npy", np.asfortranarray(DENSE))
    assert np.array_equal(to_array(read_matrix(tmp_path / "m.npy")), DENSE)
    np.save(tmp_path / "m.npy", DENSE != 0)
    mask = read_matrix(tmp_path / "m.npy")
    assert (mask.data, mask.nnz) == (None, 4)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.array([[1.0, np.nan]]), "a value is NaN or infinite"),
        (np.ones(3), "an array of 1 dimensions; allowed: 2"),
        (np.array([[1j]]), "an array of type complex128"),
        (np.array([["a"]]), "an array of type <U1"),
        (np.ones((0, 3)), "shape 0 × 3"),
    ],
)
def test_hostile_npy(tmp_path: Path, array: np.ndarray[Any, Any], reason: str) -> None:
    np.save(tmp_path / "m.npy", array)
    with pytest.raises(OperandError, match=reason):
        read_matrix(tmp_path / "m.npy")


def test_npy_that_is_a_pickle_cut_or_promises_terabytes(tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.array([[print]], dtype=object), allow_pickle=True)
    with pytest.raises(OperandError, match="pickled Python objects, which are never loaded"):
        read_matrix(tmp_path / "p.npy")
    np.save(tmp_path / "m.npy", DENSE)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "m.npy").read_bytes()[:-1])
    with pytest.raises(OperandError, match="truncated or too long: 95 bytes for 12 elements"):
        read_matrix(tmp_path / "cut.npy")
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (2**20, 2**20)})
    (tmp_path / "huge.npy").write_bytes(stream.getvalue())
    with pytest.raises(OperandError, match="1048576 × 1048576 elements; allowed: at most"):
        read_matrix(tmp_path / "huge.npy")
    (tmp_path / "text.npy").write_text("no array")
    with pytest.raises(OperandError, match=r"`text\.npy` does not begin as a \.npy file does"):
        read_matrix(tmp_path / "text.npy")


def test_decompression_bombs(tmp_path: Path) -> None:
    """Small files that would unpack to much: refused at their headers, or after 16 MiB."""
    zeros = 5 * 2**20
    parts = members() | {"indices.npy": npy(np.zeros(zeros, dtype=np.int32)), "data.npy": npy(np.zeros(zeros, dtype=np.int8))}
    parts |= {"shape.npy": npy(np.array([2, 2**27])), "indptr.npy": npy(np.array([0, 0, zeros]))}
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert (tmp_path / "bomb.npz").stat().st_size < 2**16
    with pytest.raises(OperandError, match=r"`indices` unpacks \d+ bytes to \d+: a decompression bomb"):
        read_matrix(tmp_path / "bomb.npz")
    comments = "%%MatrixMarket matrix coordinate real general\n" + "%" * 2**10 + "\n"
    (tmp_path / "bomb.mtx.gz").write_bytes(gzip.compress((comments + ("%" * 1023 + "\n") * 2**14).encode()))
    with pytest.raises(OperandError, match="bytes of comments and blank lines: a decompression bomb"):
        read_matrix(tmp_path / "bomb.mtx.gz")
    wide = "%%MatrixMarket matrix coordinate real general\n9 9 9\n" + ("1 1 1" + " " * 1000 + "\n") * 9
    (tmp_path / "wide.mtx.gz").write_bytes(gzip.compress(wide.encode()))
    with pytest.raises(OperandError, match=r"a line of 1006 bytes or more; allowed: at most 256"):
        read_matrix(tmp_path / "wide.mtx.gz")
