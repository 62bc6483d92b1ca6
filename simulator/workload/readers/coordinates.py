"""Lists of coordinates without a header (`.tsv`, `.tns`): a line an element, counted from 1."""

from __future__ import annotations

import itertools
from pathlib import Path

from simulator.errors import OperandError
from simulator.workload.csr import MAX_DIMENSION, MAX_NONZEROS, Csr, check_size, coordinates_csr
from simulator.workload.readers.elements import BYTE_ORDER_MARK, check_indices, content, lines_of_repeated, table

_PATTERN = [("row", "i8"), ("column", "i8")]
_VALUED = [*_PATTERN, ("value", "f8")]
_LEAST_BYTES = len("1 1\n")


def read_tsv(path: Path) -> Csr:
    """Return the matrix of an edge list: row, column and, in every line or in none, a value.

    Its sides are the largest row and column, for nothing else tells them. Raises OperandError where it is unsound.
    """
    return _read(path, (2, 3))


def read_tns(path: Path) -> Csr:
    """Return the matrix of a FROSTT tensor of two dimensions: row, column, value; sides and errors as `read_tsv`."""
    return _read(path, (3,))


def _read(path: Path, allowed: tuple[int, ...]) -> Csr:
    if path.stat().st_size // _LEAST_BYTES > MAX_NONZEROS:
        raise OperandError(f"{path.stat().st_size} bytes; allowed: at most {MAX_NONZEROS} elements")
    try:
        with path.open("rb") as stream:
            stream.seek(len(BYTE_ORDER_MARK) if stream.read(len(BYTE_ORDER_MARK)) == BYTE_ORDER_MARK else 0)
            lines = content(stream, (b"#", b"%"), 0)
            first = next(lines, None)
            if first is None:
                raise OperandError("no element")
            if b"," in first[1] or b";" in first[1]:
                raise OperandError(
                    f"line {first[0]}: cells parted by {'commas' if b',' in first[1] else 'semicolons'}; allowed: tabs or spaces"
                )
            count = len(first[1].split())
            if count not in allowed:
                raise OperandError(f"line {first[0]}: {count} columns; allowed: row, column{', value' if 3 in allowed else ''} of a matrix")
            found, places = table(itertools.chain([first], lines), _VALUED if count == 3 else _PATTERN, "such an")
    except OSError as error:
        raise OperandError(f"cannot be read: {error.strerror or error}") from error
    for name in ("row", "column"):
        check_indices(name, found[name], MAX_DIMENSION, places)
    shape = int(found["row"].max()), int(found["column"].max())
    check_size(shape, 0)
    rows, columns = found["row"] - 1, found["column"] - 1
    with lines_of_repeated(rows, columns, places):
        return coordinates_csr(shape, rows, columns, found["value"] if count == 3 else None)
