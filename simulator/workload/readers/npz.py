"""SciPy's sparse `.npz` files in each of its formats, whose headers are judged before their arrays are read."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.blocks import Stack
from simulator.workload.csr import MAX_NONZEROS, Csr, check_size, checked_csr, coordinates_csr
from simulator.workload.readers.numpy_files import Header, npy_header

_PACKED_TOO_WELL = 256
"""Indices that ascend never shrink to so small a part; a larger member that does is a decompression bomb."""
_BOMB_BYTES = 2**24
_POINTERS = ("indptr",)
"""Arrays that may shrink to nothing, where most rows are empty; they are as long as the matrix has rows, which are bounded."""
_SHOWN = 8
_SMALL = 64
"""Elements at most of `format` and `shape`."""
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_npz(path: Path) -> Csr:
    """Return the matrix of a `.npz` file of any format of scipy.sparse.save_npz; OperandError where it is not whole and sound.

    Boolean data is a pattern without values.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise OperandError(f"not a whole .npz file, or damaged{_member(error)}") from error


def _member(error: Exception) -> str:
    """The array whose checksum is wrong, where that is what zipfile says."""
    name = str(error).partition("Bad CRC-32 for file '")[2].partition("'")[0]
    return f": `{name.removesuffix('.npy')}` is not what was written" if name else ""


class _Parts(Struct, frozen=True):
    """The arrays of one matrix, of which only those that its format needs are read."""

    archive: zipfile.ZipFile
    headers: dict[str, Header]
    shape: tuple[int, int]

    def integers(self, name: str) -> NDArray[np.int64]:
        """One array of indices."""
        return _array(self.archive, name).astype(np.int64)

    def values(self) -> NDArray[np.float64]:
        """The array `data`."""
        return _array(self.archive, "data").astype(np.float64)

    def length(self, name: str) -> int:
        """Elements of an array of one dimension."""
        return self.headers[name].shape[0]


def _read(archive: zipfile.ZipFile) -> Csr:
    names = set(archive.namelist())
    if "format.npy" not in names:
        held = ", ".join(sorted(name.removesuffix(".npy") for name in names)[:_SHOWN]) or "nothing"
        raise OperandError(
            f"no sparse matrix: it holds {held[:200]}, and no array `format`; allowed: what scipy.sparse.save_npz writes, or a dense .npy"
        )
    _check_small(_header(archive, "format"), "format", "SU")
    layout = _array(archive, "format").item()
    layout = layout.decode("ascii", "replace") if isinstance(layout, bytes) else str(layout)
    if layout not in _FORMATS:
        raise OperandError(f"sparse format {layout[:20]!r}; allowed: {', '.join(_FORMATS)}")
    indices, dimensions, reader = _FORMATS[layout]
    members = ("shape", *indices, "data")
    if "coords.npy" in names:
        raise OperandError("a sparse array of another number of dimensions; allowed: 2")
    missing = next((name for name in members if f"{name}.npy" not in names), None)
    if missing is not None:
        raise OperandError(f"the array `{missing}` is missing")
    headers = {name: _header(archive, name) for name in members}
    shape = _shape(archive, headers["shape"])
    for name, sides, kinds, allowed in (*((name, 1, "iu", "integers") for name in indices), ("data", dimensions, "biuf", "real numbers")):
        header = headers[name]
        if len(header.shape) != sides:
            raise OperandError(f"`{name}` has {len(header.shape)} dimensions; allowed: {sides}")
        if header.dtype.kind not in kinds:
            raise OperandError(f"`{name}` has type {header.dtype}; allowed: {allowed}")
    check_size(shape, 0)
    matrix = reader(_Parts(archive, headers, shape))
    return replace(matrix, data=None) if headers["data"].dtype.kind == "b" else matrix


def _csr(parts: _Parts) -> Csr:
    """Row pointers, column indices, values."""
    return _compressed(parts, parts.shape, "row")


def _csc(parts: _Parts) -> Csr:
    """Column pointers, row indices, values: CSR of the transpose."""
    turned = _compressed(parts, (parts.shape[1], parts.shape[0]), "column")
    return Stack(1, turned).transposed().matrix


def _compressed(parts: _Parts, shape: tuple[int, int], line: str) -> Csr:
    check_size(shape, parts.length("indices"))
    _check_pointers(parts, shape[0], line)
    _check_values(parts, parts.length("indices"))
    return checked_csr(shape, parts.integers("indptr"), parts.integers("indices"), parts.values())


def _coo(parts: _Parts) -> Csr:
    """A row and a column index for each value."""
    check_size(parts.shape, parts.length("row"))
    if parts.length("row") != parts.length("col"):
        raise OperandError(f"{parts.length('row')} row indices and {parts.length('col')} column indices; allowed: as many")
    _check_values(parts, parts.length("row"))
    return coordinates_csr(parts.shape, parts.integers("row"), parts.integers("col"), parts.values())


def _bsr(parts: _Parts) -> Csr:
    """CSR of blocks, each of which is whole: [blocks, rows of a block, columns of a block]."""
    blocks, high, wide = parts.headers["data"].shape
    if not (high and wide) or parts.shape[0] % high or parts.shape[1] % wide:
        raise OperandError(f"blocks of {high} × {wide} do not divide {parts.shape[0]} × {parts.shape[1]}")
    check_size(parts.shape, blocks * high * wide)
    grid = parts.shape[0] // high, parts.shape[1] // wide
    _check_pointers(parts, grid[0], "row")
    _check_values(parts, parts.length("indices"))
    numbers = np.arange(1, blocks + 1, dtype=np.float64)
    where = checked_csr(grid, parts.integers("indptr"), parts.integers("indices"), numbers)
    if where.data is None:
        raise OperandError("`data` is missing")
    values = parts.values()[where.data.astype(np.int64) - 1]
    rows = where.rows()[:, None, None] * high + np.arange(high)[:, None]
    columns = where.indices.astype(np.int64)[:, None, None] * wide + np.arange(wide)
    rows, columns = np.broadcast_arrays(rows, columns)
    return coordinates_csr(parts.shape, rows.ravel(), columns.ravel(), values.ravel())


def _dia(parts: _Parts) -> Csr:
    """Diagonals by their offsets; of each, the value in column j stands at place j, and what is outside the matrix is not meant."""
    diagonals, length = parts.headers["data"].shape
    if diagonals * length > MAX_NONZEROS:
        raise OperandError(f"{diagonals} diagonals of {length} places; allowed: at most {MAX_NONZEROS} in all")
    _check_values(parts, parts.length("offsets"))
    offsets = parts.integers("offsets")
    if len(np.unique(offsets)) < len(offsets):
        raise OperandError("a diagonal stands twice")
    values = parts.values()
    columns = np.broadcast_to(np.arange(length, dtype=np.int64), values.shape)
    rows = columns - offsets[:, None]
    inside = (rows >= 0) & (rows < parts.shape[0]) & (columns < parts.shape[1])
    return coordinates_csr(parts.shape, rows[inside], columns[inside], values[inside])


_FORMATS: dict[str, tuple[tuple[str, ...], int, Callable[[_Parts], Csr]]] = {
    "csr": (("indptr", "indices"), 1, _csr),
    "csc": (("indptr", "indices"), 1, _csc),
    "coo": (("row", "col"), 1, _coo),
    "bsr": (("indptr", "indices"), 3, _bsr),
    "dia": (("offsets",), 2, _dia),
}
"""Of each format, the arrays of indices that it has, the dimensions of `data`, and its reader."""


def _check_pointers(parts: _Parts, lines: int, line: str) -> None:
    if parts.length("indptr") != lines + 1:
        raise OperandError(f"{parts.length('indptr')} {line} pointers; {lines} {line}s need {lines + 1}")


def _check_values(parts: _Parts, wanted: int) -> None:
    if parts.length("data") != wanted:
        raise OperandError(f"{parts.length('data')} values for {wanted} indices")


def _header(archive: zipfile.ZipFile, name: str) -> Header:
    """Shape and type of a member, checked against the size that the archive states for it."""
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type not in _PACKINGS:
        raise OperandError(f"`{name}` is packed in another way than scipy.sparse.save_npz packs; allowed: stored or deflated")
    with archive.open(info) as stream:
        header, start = npy_header(stream, name), stream.tell()
    if name not in _POINTERS and info.file_size > max(_BOMB_BYTES, _PACKED_TOO_WELL * info.compress_size):
        raise OperandError(f"`{name}` unpacks {info.compress_size} bytes to {info.file_size}: a decompression bomb, no matrix")
    if info.file_size - start != header.size:
        raise OperandError(f"`{name}` is truncated: {info.file_size - start} bytes for {header.elements} elements of type {header.dtype}")
    return header


def _shape(archive: zipfile.ZipFile, header: Header) -> tuple[int, int]:
    _check_small(header, "shape", "iu")
    sides = [int(side) for side in np.atleast_1d(_array(archive, "shape"))]
    if len(sides) != 2:
        raise OperandError(f"a matrix of {len(sides)} dimensions; allowed: 2")
    return sides[0], sides[1]


def _check_small(header: Header, name: str, kinds: str) -> None:
    if header.dtype.kind not in kinds or header.elements > _SMALL or (name == "format" and header.shape != ()):
        raise OperandError(f"`{name}` has shape {header.shape} and type {header.dtype}, which scipy.sparse.save_npz does not write")


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(f"{name}.npy") as stream:
        header = npy_header(stream, name)
        raw = stream.read()  # to its end, where the checksum is compared
    if len(raw) != header.size:
        raise OperandError(f"`{name}` is truncated: {len(raw)} bytes for {header.elements} elements of type {header.dtype}")
    return header.array(raw)
