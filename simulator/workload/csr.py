"""A sparse matrix in compressed sparse rows (CSR), checked, and the hash of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.errors import OperandError

MAX_DIMENSION = 2**27
"""Rows or columns: the row pointers of that many rows take 1 GiB."""

MAX_NONZEROS = 2**28
"""Nonzeros of a matrix, and elements of an X with zeros, whose mask is held whole; about 3 GiB with values."""

AT_ONCE = 2**20
"""Nonzeros that are worked on at once, so that what is worked out of them stays in the cache, and takes no memory to speak of."""

MAX_WITHOUT_ZEROS = 2**31 - 1
"""Elements of a W without zeros or values, of which only the sizes are held: as many as 32 bits number."""

MAX_DENSE = 2**36
"""Elements of a dense X, of which only the sizes are held: 128 GiB of bf16 that nothing stores."""


class RepeatedError(OperandError):
    """An element stands twice; a file that knows lines says which."""

    def __init__(self, row: int, column: int) -> None:
        super().__init__(f"the element ({row}, {column}) stands twice (counted from 0)")
        self.row, self.column = row, column


class Csr(Struct, frozen=True, eq=False):
    """Nonzeros by row: column indices ascend within a row, no index twice, no stored zero.

    >>> matrix = coordinates_csr((2, 3), np.array([1, 0]), np.array([2, 1]), data=None)
    >>> matrix.nnz, matrix.indptr.tolist(), matrix.indices.tolist()
    (2, [0, 1, 2], [1, 2])
    """

    shape: tuple[int, int]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    data: NDArray[np.float64] | None
    """Values; None where only the pattern is known."""

    @property
    def nnz(self) -> int:
        """Nonzeros."""
        return int(self.indptr[-1])

    def rows(self) -> NDArray[np.int64]:
        """[nnz] row of each nonzero."""
        return np.repeat(np.arange(self.shape[0], dtype=np.int64), np.diff(self.indptr))

    def sha256(self) -> str:
        """Hash of shape, row pointers, column indices and values, whatever file they came from."""
        digest = _shape_digest(self.shape, known=self.data is not None)
        digest.update(np.ascontiguousarray(self.indptr, dtype="<i8").data)
        digest.update(np.ascontiguousarray(self.indices, dtype="<i4").data)
        if self.data is not None:
            digest.update(np.ascontiguousarray(self.data, dtype="<f8").data)
        return digest.hexdigest()


class Ramps(Struct, frozen=True, eq=False):
    """0 to `length` − 1 over and over, `times` times: the column indices of a matrix without zeros, made where they are read.

    >>> Ramps(3, 2)[1:5], np.asarray(Ramps(3, 2))
    (array([1, 2, 0, 1], dtype=int32), array([0, 1, 2, 0, 1, 2], dtype=int32))
    """

    length: int
    times: int

    def __len__(self) -> int:
        return self.length * self.times

    def __getitem__(self, places: slice | NDArray[np.integer]) -> NDArray[np.int32]:
        """Those of a range, or of any places."""
        if isinstance(places, slice):
            places = np.arange(*places.indices(len(self)))
        return (places % self.length).astype(np.int32)

    def __array__(self, dtype: np.dtype[np.generic] | None = None, copy: bool | None = None) -> NDArray[np.generic]:
        """All of them, held."""
        return np.tile(np.arange(self.length, dtype=dtype or np.int32), self.times)


def order_of(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of numbers, none below 0, in ascending order, those of equal ones as they stand.

    NumPy sorts numbers of 16 bits by digits, several times sooner than wider ones.

    >>> order_of(np.array([2, 0, 2, 1])).tolist()
    [1, 3, 0, 2]
    """
    return np.argsort(numbers.astype(np.min_scalar_type(numbers.max(initial=0))), kind="stable")


@lru_cache(256)
def dense_pattern_sha256(shape: tuple[int, int]) -> str:
    """Return the hash that a pattern without any zero has as Csr, without building it.

    One that is larger than a Csr may be has a hash of its kind and shape alone.
    """
    if shape[0] * shape[1] > MAX_NONZEROS:
        return hashlib.sha256(b"dense pattern\n" + np.array(shape, dtype="<i8").tobytes()).hexdigest()
    digest = _shape_digest(shape, known=False)
    digest.update((np.arange(shape[0] + 1, dtype="<i8") * shape[1]).tobytes())
    step = min(shape[0], max(1, AT_ONCE // shape[1]))
    rows = np.tile(np.arange(shape[1], dtype="<i4"), step)
    for start in range(0, shape[0], step):
        digest.update(rows[: min(step, shape[0] - start) * shape[1]].data)
    return digest.hexdigest()


def check_size(shape: tuple[int, int], nonzeros: int) -> None:
    """Raise OperandError where a matrix is empty or larger than what can be held."""
    if not all(1 <= side <= MAX_DIMENSION for side in shape):
        raise OperandError(f"shape {shape[0]} × {shape[1]}; allowed: 1 to {MAX_DIMENSION} rows and columns")
    if not 0 <= nonzeros <= shape[0] * shape[1]:
        raise OperandError(f"{nonzeros} nonzeros in {shape[0]} × {shape[1]} elements")
    if nonzeros > MAX_NONZEROS:
        raise OperandError(f"{nonzeros} nonzeros; allowed: at most {MAX_NONZEROS}")


def check_finite(values: NDArray[np.generic]) -> None:
    """Raise OperandError where a value is NaN or infinite."""
    if values.dtype.kind == "f" and not np.all(np.isfinite(values)):
        raise OperandError("a value is NaN or infinite; allowed: finite numbers")


def checked_csr(shape: tuple[int, int], indptr: NDArray[np.int64], indices: NDArray[np.int64], data: NDArray[np.float64] | None) -> Csr:
    """Return CSR arrays of unknown origin as a Csr: rows sorted, stored zeros dropped.

    Raises OperandError on row pointers that fall or do not match, indices out of range or repeated, and
    values that are not finite.
    """
    if len(indptr) != shape[0] + 1:
        raise OperandError(f"{len(indptr)} row pointers; {shape[0]} rows need {shape[0] + 1}")
    if indptr[0] != 0 or np.any(np.diff(indptr) < 0):
        raise OperandError("row pointers must start at 0 and never fall")
    if indptr[-1] != len(indices):
        raise OperandError(f"the last row pointer is {indptr[-1]}, but there are {len(indices)} column indices")
    rows = np.repeat(np.arange(shape[0], dtype=np.int64), np.diff(indptr))
    return coordinates_csr(shape, rows, indices, data)


def coordinates_csr(shape: tuple[int, int], rows: NDArray[np.int64], columns: NDArray[np.int64], data: NDArray[np.float64] | None) -> Csr:
    """Return coordinates of unknown origin, in any order, as a Csr; OperandError as `checked_csr`."""
    for what, index, side in (("row", rows, shape[0]), ("column", columns, shape[1])):
        wrong = (index < 0) | (index >= side)
        if np.any(wrong):
            raise OperandError(f"{what} index {index[np.argmax(wrong)]} is out of range; allowed: 0 to {side - 1} (counted from 0)")
    if data is not None and len(data) != len(columns):
        raise OperandError(f"{len(data)} values for {len(columns)} indices")
    if data is not None:
        check_finite(data)
    flat = rows * shape[1] + columns
    order = np.argsort(flat, kind="stable")
    flat = flat[order]
    repeated = np.flatnonzero(flat[1:] == flat[:-1])
    if len(repeated):
        row, column = divmod(int(flat[repeated[0]]), shape[1])
        raise RepeatedError(row, column)
    if data is not None:
        data = data[order]
        flat, data = flat[data != 0], data[data != 0]
    return flat_csr(shape, flat, data)


def flat_csr(shape: tuple[int, int], flat: NDArray[np.int64], data: NDArray[np.float64] | None) -> Csr:
    """Return the Csr of ascending flat positions (row × columns + column)."""
    if len(flat) < shape[0]:  # most rows are empty: counting the others is quicker than a search for the end of each
        indptr = np.zeros(shape[0] + 1, dtype=np.int64)
        np.cumsum(np.bincount(flat // shape[1], minlength=shape[0]), out=indptr[1:])
    else:
        indptr = np.searchsorted(flat, np.arange(shape[0] + 1, dtype=np.int64) * shape[1]).astype(np.int64, copy=False)
    indices = np.empty(len(flat), dtype=np.int32)
    for start in range(0, len(flat), AT_ONCE):
        here = slice(start, start + AT_ONCE)
        np.remainder(flat[here], shape[1], out=indices[here], casting="same_kind")
    return Csr(shape, indptr, indices, data)


def runs_of_lines(indptr: NDArray[np.integer]) -> Iterator[slice]:
    """Rows in runs of `AT_ONCE` nonzeros, and less than a row more: what is worked out of a run takes little memory."""
    total = int(indptr[-1])
    ends = np.searchsorted(indptr, np.arange(AT_ONCE, total + AT_ONCE, AT_ONCE), side="right") - 1
    first = 0
    for end in [*ends.tolist(), len(indptr) - 1]:
        last = min(max(end, first + 1), len(indptr) - 1)
        if last > first:
            yield slice(first, last)
            first = last


def occurrences(indices: NDArray[np.int32], size: int) -> NDArray[np.int64]:
    """[size] how often each index occurs."""
    counts = np.zeros(size, dtype=np.int64)
    step = max(AT_ONCE, size)
    for start in range(0, len(indices), step):
        counts += np.bincount(indices[start : start + step], minlength=size)
    return counts


def _shape_digest(shape: tuple[int, int], *, known: bool) -> hashlib._Hash:
    digest = hashlib.sha256(b"csr values\n" if known else b"csr pattern\n")
    digest.update(np.array(shape, dtype="<i8").tobytes())
    return digest
