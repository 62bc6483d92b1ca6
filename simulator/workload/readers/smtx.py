"""DLMC files (`.smtx`): a pattern in compressed sparse rows, as three lines of text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.csr import Csr, check_size, checked_csr

_MAX_LINE = 4096
_DIGITS = b"0123456789 \t\r"


def read_smtx(path: Path) -> Csr:
    """Return the pattern of a DLMC file: `rows, cols, nnz`, row pointers, column indices, one line each.

    Indices count from 0. Raises OperandError where it is truncated or unsound.
    """
    size = path.stat().st_size
    try:
        with path.open("rb") as stream:
            first = stream.readline(_MAX_LINE)
            numbers = _numbers(first.replace(b",", b" "), "the first line")
            if len(numbers) != 3:
                raise OperandError("the first line is not `rows, columns, nonzeros`")
            shape, stored = (int(numbers[0]), int(numbers[1])), int(numbers[2])
            check_size(shape, stored)
            if 2 * (shape[0] + 1 + stored) > size - len(first) + 2:
                raise OperandError(f"truncated: {size} bytes cannot hold {shape[0] + 1} row pointers and {stored} column indices")
            lines = stream.read().rstrip().split(b"\n")
    except OSError as error:
        raise OperandError(f"cannot be read: {error.strerror or error}") from error
    if len(lines) > 2:
        raise OperandError(f"{len(lines) + 1} lines; allowed: 3")
    pointers = _numbers(lines[0], "line 2")
    indices = _numbers(lines[1] if len(lines) == 2 else b"", "line 3")
    if len(indices) != stored:
        raise OperandError(f"truncated: {len(indices)} column indices; the first line promises {stored}")
    return checked_csr(shape, pointers, indices, None)


def _numbers(line: bytes, what: str) -> NDArray[np.int64]:
    """Whole numbers of a line, which holds nothing else."""
    strange = line.rstrip(b"\n").translate(None, _DIGITS)
    if strange:
        raise OperandError(f"{what} holds {strange[:1].decode('latin-1')!r}; allowed: digits and spaces")
    if not line.strip():
        return np.empty(0, dtype=np.int64)
    numbers = np.array(line.split(), dtype="S")
    if numbers.dtype.itemsize > len(str(2**62)) - 1:
        raise OperandError(f"{what} holds a number of {numbers.dtype.itemsize} digits")
    return numbers.astype(np.int64)
