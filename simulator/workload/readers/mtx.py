"""Matrix Market files (`.mtx`, `.mtx.gz`), whose header is judged before their elements are read."""

from __future__ import annotations

import gzip
import io
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.csr import Csr, check_size, coordinates_csr

_MAX_LINE = 4096
_MAX_ELEMENT = 256
"""Bytes of a line with an element; two indices and a number take fewer than 80."""
_MAX_SKIPPED = 2**24
"""Bytes of comments and blank lines; more are a decompression bomb, or no Matrix Market file."""
_GZIP_RATIO = 1032
"""Deflate never packs more than this many bytes into one."""

_ELEMENT_BYTES = {"coordinate": 4, "array": 2}
"""Shortest element: `1 1` or `1`, and the end of its line."""

_FIELDS = ("real", "double", "integer", "unsigned-integer", "pattern")
_SYMMETRIES = ("general", "symmetric", "skew-symmetric")


@dataclass(frozen=True)
class _Header:
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
        with path.open("rb") as raw, gzip.open(raw) if path.suffix == ".gz" else raw as stream:
            banner = _next_line(stream)
            lines = _content(stream)
            header = _header(banner, next(lines, (0, b""))[1])
            _check_size(header, path.stat().st_size, packed=path.suffix == ".gz")
            if header.layout == "array":
                return _array(header, lines)
            return _coordinates(header, lines)
    except (ValueError, OverflowError, EOFError, OSError, zlib.error) as error:
        raise OperandError(f"not a whole Matrix Market file: {error}") from error


def _next_line(stream: io.BufferedIOBase) -> bytes:
    return stream.readline(_MAX_LINE)


def _content(stream: io.BufferedIOBase) -> Iterator[tuple[int, bytes]]:
    """Lines below the banner that are neither comments nor blank, and no longer than an element may be; their numbers in the file."""
    skipped = 0
    number = 1
    while line := _next_line(stream):
        number += 1
        if line.strip() and not line.startswith(b"%"):
            if len(line) > _MAX_ELEMENT:
                raise OperandError(f"a line of {len(line)} bytes or more; allowed: at most {_MAX_ELEMENT}")
            yield number, line
            continue
        skipped += len(line)
        if skipped > _MAX_SKIPPED:
            raise OperandError(
                f"more than {_MAX_SKIPPED} bytes of comments and blank lines: a decompression bomb, or no Matrix Market file"
            )


def _header(banner: bytes, sizes: bytes) -> _Header:
    words = banner.decode("latin-1").split()
    if words[:1] == ["%MatrixMarket"]:
        raise OperandError("the first line begins with one %; allowed: `%%MatrixMarket`")
    if len(words) != 5 or words[0] != "%%MatrixMarket" or words[1].lower() != "matrix":
        raise OperandError("the first line is not `%%MatrixMarket matrix LAYOUT FIELD SYMMETRY`")
    layout, field, symmetry = (word.lower() for word in words[2:])
    for word, allowed in ((layout, tuple(_ELEMENT_BYTES)), (field, _FIELDS), (symmetry, _SYMMETRIES)):
        if word not in allowed:
            raise OperandError(f"the first line says {word!r}; allowed: {', '.join(allowed)}")
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
    return shape[0] * (shape[0] + (1 if symmetry == "symmetric" else -1)) // 2


def _check_size(header: _Header, size: int, *, packed: bool) -> None:
    """Refuse what cannot be held, and headers that promise more than the file can contain."""
    check_size(header.shape, header.stored)
    if header.stored * _ELEMENT_BYTES[header.layout] > size * (_GZIP_RATIO if packed else 1) + 1:
        raise OperandError(f"truncated: {size} bytes cannot hold the {header.stored} elements that the header promises")


def _table(header: _Header, lines: Iterator[tuple[int, bytes]], columns: list[tuple[str, str]]) -> tuple[NDArray[Any], array[int]]:
    """The elements, one a line, as a structured array, and their lines; one line more than promised is read, to be missed by none."""
    places, texts = array("Q"), []
    for place, line in islice(lines, header.stored + 1):
        places.append(place)
        texts.append(line.decode("latin-1"))
    if len(texts) != header.stored:
        found = f"too long: more than {header.stored}" if len(texts) > header.stored else f"truncated: {len(texts)}"
        raise OperandError(f"{found} elements; the header promises {header.stored}")
    if not texts:
        return np.empty(0, dtype=columns), places
    try:
        return np.loadtxt(texts, dtype=columns, comments=None, ndmin=1), places
    except ValueError:
        wrong = next((at for at, text in enumerate(texts) if not _readable(text, columns)), None)
        if wrong is None:
            raise
    wanted = " ".join("a number" if name == "value" else f"a {name}" for name, _ in columns)
    raise OperandError(f"line {places[wrong]}: found {texts[wrong].strip()[:40]!r}; a {header.field} element is {wanted}")


def _readable(text: str, columns: list[tuple[str, str]]) -> bool:
    """Whether a line is an element."""
    try:
        np.loadtxt([text], dtype=columns, comments=None, ndmin=1)
    except ValueError:
        return False
    return True


def _array(header: _Header, lines: Iterator[tuple[int, bytes]]) -> Csr:
    """A dense file: every element, or those of the lower triangle, column by column."""
    values = _table(header, lines, [("value", "f8")])[0]["value"]
    if header.symmetry == "general":
        flat = np.arange(header.stored, dtype=np.int64)
        return coordinates_csr(header.shape, flat % header.shape[0], flat // header.shape[0], values)
    # row by row, the upper triangle has its places in the order in which the lower one has them column by column
    columns, rows = np.triu_indices(header.shape[0], 0 if header.symmetry == "symmetric" else 1)
    return _expanded(header, rows.astype(np.int64), columns.astype(np.int64), values)


def _coordinates(header: _Header, lines: Iterator[tuple[int, bytes]]) -> Csr:
    pattern = header.field == "pattern"
    table, places = _table(header, lines, [("row", "i8"), ("column", "i8"), *([] if pattern else [("value", "f8")])])
    for name, side in zip(("row", "column"), header.shape, strict=True):
        outside = np.flatnonzero((table[name] < 1) | (table[name] > side))
        if len(outside):
            raise OperandError(f"line {places[outside[0]]}: {name} {table[name][outside[0]]}; allowed: 1 to {side}")
    return _expanded(header, table["row"] - 1, table["column"] - 1, None if pattern else table["value"])


def _expanded(header: _Header, rows: NDArray[np.int64], columns: NDArray[np.int64], values: NDArray[np.float64] | None) -> Csr:
    """The matrix of these elements and of those that the symmetry leaves out."""
    if header.symmetry != "general":
        off = rows != columns
        sign = -1.0 if header.symmetry == "skew-symmetric" else 1.0
        rows, columns = np.concatenate([rows, columns[off]]), np.concatenate([columns, rows[off]])
        values = None if values is None else np.concatenate([values, sign * values[off]])
    return coordinates_csr(header.shape, rows, columns, values)
