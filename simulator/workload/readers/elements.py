"""Elements as lines of text, of Matrix Market files and of lists of coordinates: each line is read whole, or named."""

from __future__ import annotations

import io
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.csr import RepeatedError

MAX_LINE = 4096
_MAX_ELEMENT = 256
"""Bytes of a line with an element; two indices and a number take fewer than 80."""
_MAX_SKIPPED = 2**24
"""Bytes of comments and blank lines; more are a decompression bomb, or no file of elements."""
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""That some editors put before UTF-8 text."""
_CHARACTERS = b"0123456789+-.eE \t\r\n"
"""Of an element. NumPy's reader would take other spaces and letters too."""

Columns = Sequence[tuple[str, str]]
"""Name and NumPy type of each column."""


def content(stream: io.BufferedIOBase, comment: bytes | tuple[bytes, ...], number: int) -> Iterator[tuple[int, bytes]]:
    """Lines that are neither comments nor blank, and no longer than an element may be, with their numbers in the file.

    `number` is that of the line before. Raises OperandError.
    """
    skipped = 0
    while line := stream.readline(MAX_LINE):
        number += 1
        if line.strip() and not line.startswith(comment):
            if len(line) > _MAX_ELEMENT:
                raise OperandError(f"line {number}: a line of {len(line)} bytes or more; allowed: at most {_MAX_ELEMENT}")
            yield number, line
            continue
        skipped += len(line)
        if skipped > _MAX_SKIPPED:
            raise OperandError(f"more than {_MAX_SKIPPED} bytes of comments and blank lines: a decompression bomb, or no matrix")


def table(lines: Iterable[tuple[int, bytes]], columns: Columns, what: str) -> tuple[NDArray[Any], array[int]]:
    """The elements, one a line, as a structured array, and their lines. Raises OperandError, which names the first that is none.

    `what` says whose elements they are: "a real", "a weighted".
    """
    places, texts, strange = array("Q"), [], False
    for place, line in lines:
        places.append(place)
        texts.append(line.decode("latin-1"))
        strange = strange or bool(line.translate(None, _CHARACTERS))
    if not texts:
        return np.empty(0, dtype=list(columns)), places
    if not strange:
        try:
            found = np.loadtxt(texts, dtype=list(columns), comments=None, ndmin=1)
        except (ValueError, OverflowError):
            pass
        else:
            check_values(found, places, np.isfinite, "a value is NaN or infinite; allowed: finite numbers")
            return found, places
    wrong = next((at for at, text in enumerate(texts) if not _readable(text, columns)), None)
    if wrong is None:
        raise OperandError("lines that can be read alone, but not together")
    if texts[wrong].split()[-1].lower().lstrip("+-") in ("nan", "inf", "infinity"):
        raise OperandError(f"line {places[wrong]}: a value is NaN or infinite; allowed: finite numbers")
    wanted = " and ".join("a number" if name == "value" else f"a {name}" for name, _ in columns)
    raise OperandError(f"line {places[wrong]}: found {texts[wrong].strip()[:40]!r}; {what} element is {wanted}")


def check_values(found: NDArray[Any], places: array[int], right: Callable[[NDArray[Any]], NDArray[np.bool_]], words: str) -> None:
    """Raise OperandError, with its line and `words`, for the first value that is not right; elements without values are."""
    if "value" not in (found.dtype.names or ()):
        return
    wrong = np.flatnonzero(~right(found["value"]))
    if len(wrong):
        raise OperandError(f"line {places[wrong[0]]}: {words}")


def _readable(text: str, columns: Columns) -> bool:
    """Whether a line is an element."""
    if text.encode("latin-1").translate(None, _CHARACTERS):
        return False
    try:
        np.loadtxt([text], dtype=list(columns), comments=None, ndmin=1)
    except (ValueError, OverflowError):
        return False
    return True


def check_indices(name: str, indices: NDArray[np.int64], side: int, places: array[int]) -> None:
    """Raise OperandError, with its line, for an index that is not from 1 to `side`."""
    outside = np.flatnonzero((indices < 1) | (indices > side))
    if len(outside):
        raise OperandError(f"line {places[outside[0]]}: {name} {indices[outside[0]]}; allowed: 1 to {side}, as it counts from 1")


@contextmanager
def lines_of_repeated(rows: NDArray[np.int64], columns: NDArray[np.int64], places: array[int], *, mirrored: bool = False) -> Iterator[None]:
    """Name the lines where an element stands twice; `mirrored`: or across the diagonal, which means the same."""
    try:
        yield
    except RepeatedError as error:
        here = (rows == error.row) & (columns == error.column)
        if mirrored:
            here |= (rows == error.column) & (columns == error.row)
        first, second = (places[at] for at in np.flatnonzero(here)[:2])
        across = f"; ({error.column + 1}, {error.row + 1}) is the same one" if mirrored and error.row != error.column else ""
        element = f"({error.row + 1}, {error.column + 1})"
        raise OperandError(f"line {second}: the element {element} stands twice, first in line {first}{across}") from error
