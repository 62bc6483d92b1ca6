"""Matrix Market files (`.mtx`, `.mtx.gz`), whose header is judged before their elements are read."""

from __future__ import annotations

import gzip
import zlib
from array import array
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.csr import Csr, check_size, coordinates_csr
from simulator.workload.readers.elements import (
    BYTE_ORDER_MARK,
    MAX_LINE,
    Columns,
    check_indices,
    check_values,
    content,
    lines_of_repeated,
    table,
)

_GZIP_RATIO = 1032
"""Deflate never packs more than this many bytes into one."""

_ELEMENT_BYTES = {"coordinate": 4, "array": 2}
"""Shortest element: `1 1` or `1`, and the end of its line."""

_UNSIGNED = "unsigned-integer"
_INTEGERS = ("integer", _UNSIGNED)
_FIELDS = ("real", "double", *_INTEGERS, "pattern")
_SKEW = "skew-symmetric"
_SYMMETRIES = ("general", "symmetric", _SKEW, "hermitian")
"""Of real numbers, hermitian is symmetric."""


class _Header(Struct, frozen=True):
    layout: str
    field: str
    symmetry: str
    shape: tuple[int, int]
    stored: int
    """Elements that the file lists."""


def read_mtx(path: Path) -> Csr:
    """Return the matrix of a Matrix Market file, symmetry expanded; OperandError where it is unsound.

    Coordinates count from 1. Stored zeros are dropped; field `pattern` has no values.
    """
    try:
        with path.open("rb") as raw, gzip.open(raw) if path.suffix.lower() == ".gz" else raw as stream:
            banner = stream.readline(MAX_LINE)
            lines = content(stream, b"%", 1)
            header = _header(banner, next(lines, (0, b""))[1])
            _check_size(header, path.stat().st_size, packed=path.suffix.lower() == ".gz")
            if header.layout == "array":
                return _array(header, lines)
            return _coordinates(header, lines)
    except (EOFError, OSError, zlib.error) as error:
        raise OperandError("not a whole Matrix Market file: it ends early, is damaged, or is not packed by gzip") from error


def _header(banner: bytes, sizes: bytes) -> _Header:
    words = banner.removeprefix(BYTE_ORDER_MARK).decode("latin-1").lower().split()
    if words[:1] == ["%matrixmarket"]:
        raise OperandError("the first line begins with one %; allowed: `%%MatrixMarket`")
    if len(words) != 5 or words[:2] != ["%%matrixmarket", "matrix"]:
        raise OperandError("the first line is not `%%MatrixMarket matrix LAYOUT FIELD SYMMETRY`")
    layout, field, symmetry = words[2:]
    for word, allowed in ((layout, tuple(_ELEMENT_BYTES)), (field, _FIELDS), (symmetry, _SYMMETRIES)):
        if word not in allowed:
            raise OperandError(f"the first line says {word[:40]!r}; allowed: {', '.join(allowed)}")
    if (layout, field) == ("array", "pattern"):
        raise OperandError("the first line says an array without values (pattern); allowed: coordinate pattern, or array real")
    numbers = sizes.split()
    if len(numbers) != (3 if layout == "coordinate" else 2) or not all(word.isdigit() for word in numbers):
        raise OperandError(f"no size line after the comments, but {sizes[:40].decode('latin-1').strip()!r}")
    shape = int(numbers[0]), int(numbers[1])
    if symmetry != "general" and shape[0] != shape[1]:
        raise OperandError(f"{symmetry}, but {shape[0]} × {shape[1]} is not square")
    return _Header(layout, field, symmetry, shape, int(numbers[2]) if layout == "coordinate" else _array_elements(symmetry, shape))


def _array_elements(symmetry: str, shape: tuple[int, int]) -> int:
    """Elements of a dense file: all, or the lower triangle, which has a diagonal unless its sign turns there."""
    if symmetry == "general":
        return shape[0] * shape[1]
    return shape[0] * (shape[0] + (-1 if symmetry == _SKEW else 1)) // 2


def _check_size(header: _Header, size: int, *, packed: bool) -> None:
    """Refuse what cannot be held, and headers that promise more than the file can contain."""
    check_size(header.shape, header.stored)
    if header.stored * _ELEMENT_BYTES[header.layout] > size * (_GZIP_RATIO if packed else 1) + 1:
        raise OperandError(f"truncated: {size} bytes cannot hold the {header.stored} elements that the header promises")


def _table(header: _Header, lines: Iterator[tuple[int, bytes]], columns: Columns) -> tuple[NDArray[Any], array[int]]:
    """The elements that the header promises; one line more is read, to be missed by none."""
    found, places = table(islice(lines, header.stored + 1), columns, f"{_article(header.field)} {header.field}")
    if header.field in _INTEGERS:
        check_values(
            found, places, lambda values: values == np.floor(values), f"a value that is no integer; the first line says {header.field}"
        )
    if header.field == _UNSIGNED:
        check_values(found, places, lambda values: values >= 0, "a negative value; the first line says unsigned-integer")
    if len(found) != header.stored:
        reason = f"too long: more than {header.stored}" if len(found) > header.stored else f"truncated: {len(found)}"
        raise OperandError(f"{reason} elements; the header promises {header.stored}")
    return found, places


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _array(header: _Header, lines: Iterator[tuple[int, bytes]]) -> Csr:
    """A dense file: every element, or those of the lower triangle, column by column."""
    values = _table(header, lines, [("value", "f8")])[0]["value"]
    if header.symmetry == "general":
        flat = np.arange(header.stored, dtype=np.int64)
        return coordinates_csr(header.shape, flat % header.shape[0], flat // header.shape[0], values)
    # row by row, the upper triangle has its places in the order in which the lower one has them column by column
    columns, rows = np.triu_indices(header.shape[0], 1 if header.symmetry == _SKEW else 0)
    return _expanded(header, rows.astype(np.int64), columns.astype(np.int64), values)


def _coordinates(header: _Header, lines: Iterator[tuple[int, bytes]]) -> Csr:
    pattern = header.field == "pattern"
    found, places = _table(header, lines, [("row", "i8"), ("column", "i8"), *([] if pattern else [("value", "f8")])])
    for name, side in zip(("row", "column"), header.shape, strict=True):
        check_indices(name, found[name], side, places)
    rows, columns = found["row"] - 1, found["column"] - 1
    if header.symmetry == _SKEW and len(diagonal := np.flatnonzero(rows == columns)):
        raise OperandError(f"line {places[diagonal[0]]}: an element on the diagonal, which is zero where the matrix is skew-symmetric")
    with lines_of_repeated(rows, columns, places, mirrored=header.symmetry != "general"):
        return _expanded(header, rows, columns, None if pattern else found["value"])


def _expanded(header: _Header, rows: NDArray[np.int64], columns: NDArray[np.int64], values: NDArray[np.float64] | None) -> Csr:
    """The matrix of these elements and of those that the symmetry leaves out."""
    if header.symmetry != "general":
        off = rows != columns
        sign = -1.0 if header.symmetry == _SKEW else 1.0
        rows, columns = np.concatenate([rows, columns[off]]), np.concatenate([columns, rows[off]])
        values = None if values is None else np.concatenate([values, sign * values[off]])
    return coordinates_csr(header.shape, rows, columns, values)
