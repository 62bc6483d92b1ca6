"""NumPy `.npy` (dense arrays, masks) and SciPy `.npz` (CSR) files, whose headers are judged before their arrays are read."""

from __future__ import annotations

import math
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.csr import MAX_NONZEROS, Csr, check_size, checked_csr, flat_csr

_MEMBERS = ("format", "shape", "indptr", "indices", "data")
_PACKED_TOO_WELL = 256
"""Indices that ascend never shrink to so small a part; a larger member that does is a decompression bomb."""
_BOMB_BYTES = 2**24
_SMALL = 64
"""Elements at most of `format` and `shape`."""


@dataclass(frozen=True)
class Header:
    """What a .npy header says."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def elements(self) -> int:
        """Of the array."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Of the array."""
        return self.elements * self.dtype.itemsize


def read_npz(path: Path) -> Csr:
    """Return the matrix of a `.npz` file; OperandError where it is not a whole, sound CSR matrix.

    Boolean data is a pattern without values.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise OperandError(f"not a whole .npz file: {error}") from error


def _read(archive: zipfile.ZipFile) -> Csr:
    names = set(archive.namelist())
    missing = [name for name in _MEMBERS if f"{name}.npy" not in names]
    if "format" in missing:
        raise OperandError("no sparse matrix: the array `format` is missing; allowed: files of scipy.sparse.save_npz")
    headers = {name: _header(archive, name) for name in _MEMBERS if name not in missing}
    _check_small(headers["format"], "format", "SU")
    layout = _array(archive, "format").item()
    layout = layout.decode("ascii", "replace") if isinstance(layout, bytes) else str(layout)
    if layout != "csr":
        raise OperandError(f"sparse format {layout!r}; allowed: csr (convert with .tocsr() before save_npz)")
    if missing:
        raise OperandError(f"the array `{missing[0]}` is missing")
    shape = _shape(archive, headers["shape"])
    _check_headers(shape, headers)
    data = _array(archive, "data")
    matrix = checked_csr(shape, _integers(archive, "indptr"), _integers(archive, "indices"), data.astype(np.float64))
    return replace(matrix, data=None) if data.dtype.kind == "b" else matrix


def _header(archive: zipfile.ZipFile, name: str) -> Header:
    """Shape and type of a member, checked against the size that the archive states for it."""
    info = archive.getinfo(f"{name}.npy")
    with archive.open(info) as stream:
        header, start = npy_header(stream, name), stream.tell()
    if header.dtype.hasobject:
        raise OperandError(f"`{name}` holds pickled Python objects, which are never loaded; allowed: arrays of numbers")
    if info.file_size > max(_BOMB_BYTES, _PACKED_TOO_WELL * info.compress_size):
        raise OperandError(f"`{name}` unpacks {info.compress_size} bytes to {info.file_size}: a decompression bomb, no matrix")
    if info.file_size - start != header.bytes:
        raise OperandError(f"`{name}` is truncated: {info.file_size - start} bytes for {header.elements} elements of type {header.dtype}")
    return header


def npy_header(stream: IO[bytes], name: str) -> Header:
    """Return shape and type that a .npy header of version 1.0 states; OperandError for another version."""
    if npy.read_magic(stream) != (1, 0):  # a later version allows headers of gigabytes
        raise OperandError(f"`{name}` is not of .npy version 1.0")
    shape, _, dtype = npy.read_array_header_1_0(stream)
    return Header(shape, dtype)


def _shape(archive: zipfile.ZipFile, header: Header) -> tuple[int, int]:
    _check_small(header, "shape", "iu")
    sides = [int(side) for side in np.atleast_1d(_array(archive, "shape"))]
    if len(sides) != 2:
        raise OperandError(f"a matrix of {len(sides)} dimensions; allowed: 2")
    return sides[0], sides[1]


def _check_headers(shape: tuple[int, int], headers: dict[str, Header]) -> None:
    """Check that the arrays can belong to the matrix before any is read."""
    for name in ("indptr", "indices", "data"):
        header, kinds = headers[name], "biuf" if name == "data" else "iu"
        if len(header.shape) != 1:
            raise OperandError(f"`{name}` has {len(header.shape)} dimensions; allowed: 1")
        if header.dtype.kind not in kinds:
            raise OperandError(f"`{name}` has type {header.dtype}; allowed: {'real numbers' if name == 'data' else 'integers'}")
    stored = headers["indices"].shape[0]
    check_size(shape, stored)
    if headers["indptr"].shape[0] != shape[0] + 1:
        raise OperandError(f"{headers['indptr'].shape[0]} row pointers; {shape[0]} rows need {shape[0] + 1}")
    if headers["data"].shape[0] != stored:
        raise OperandError(f"{headers['data'].shape[0]} values for {stored} indices")


def _check_small(header: Header, name: str, kinds: str) -> None:
    if header.dtype.kind not in kinds or header.elements > _SMALL or (name == "format" and header.shape != ()):
        raise OperandError(f"`{name}` has shape {header.shape} and type {header.dtype}, which scipy.sparse.save_npz does not write")


def _integers(archive: zipfile.ZipFile, name: str) -> NDArray[np.int64]:
    return _array(archive, name).astype(np.int64)


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(f"{name}.npy") as stream:
        array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return array


def read_npy(path: Path) -> Csr:
    """Return the nonzeros of a 2-D array; a Boolean one is a pattern without values. OperandError where it is unsound."""
    size = path.stat().st_size
    try:
        with path.open("rb") as stream:
            _check(npy_header(stream, path.name), size - stream.tell())
            stream.seek(0)
            array = npy.read_array(stream, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise OperandError(f"not a whole .npy file: {error}") from error
    return array_csr(array)


def array_csr(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Csr:
    """Return the nonzeros of a 2-D array of real numbers or Booleans; OperandError where a value is not finite."""
    shape = (array.shape[0], array.shape[1])
    if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
        raise OperandError("a value is NaN or infinite; allowed: finite numbers")
    flat = np.flatnonzero(array)
    check_size(shape, len(flat))
    data = None if array.dtype.kind == "b" else np.ascontiguousarray(array).reshape(-1)[flat].astype(np.float64)
    return flat_csr(shape, flat.astype(np.int64, copy=False), data)


def _check(header: Header, size: int) -> None:
    shape, dtype = header.shape, header.dtype
    if dtype.hasobject:
        raise OperandError("holds pickled Python objects, which are never loaded; allowed: arrays of numbers")
    if dtype.kind not in "biuf":
        raise OperandError(f"an array of type {dtype}; allowed: real numbers, integers, Booleans")
    if len(shape) != 2:
        raise OperandError(f"an array of {len(shape)} dimensions; allowed: 2")
    check_size((shape[0], shape[1]), 0)
    if header.elements > MAX_NONZEROS:
        raise OperandError(f"{shape[0]} × {shape[1]} elements; allowed: at most {MAX_NONZEROS}")
    if size != header.bytes:
        raise OperandError(f"truncated or too long: {size} bytes for {header.elements} elements of type {dtype}")
