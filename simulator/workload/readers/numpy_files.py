"""NumPy `.npy` files (dense arrays, masks), and the headers of their kind, judged before an array is read."""

from __future__ import annotations

import ast
import math
from pathlib import Path
from typing import IO, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.csr import MAX_NONZEROS, Csr, check_finite, check_size, flat_csr

_MAGIC = b"\x93NUMPY"
_LENGTHS = {b"\x01\x00": 2, b"\x02\x00": 4, b"\x03\x00": 4}
"""Bytes of a header's length, by version."""
_MAX_HEADER = 2**16
"""Bytes; later versions would allow gigabytes, for records of many fields."""
_ENTRIES = {"descr", "fortran_order", "shape"}


class Header(Struct, frozen=True):
    """What a .npy header says."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    by_columns: bool
    """Whether the first index runs fastest, as in Fortran."""

    @property
    def elements(self) -> int:
        """Elements of the array."""
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        """Bytes of the array."""
        return self.elements * self.dtype.itemsize

    def array(self, raw: bytes) -> NDArray[Any]:
        """The array whose elements these bytes are."""
        return np.frombuffer(raw, self.dtype).reshape(self.shape, order="F" if self.by_columns else "C")


def npy_header(stream: IO[bytes], name: str) -> Header:
    """Return what a .npy header of version 1.0 to 3.0 states, the stream then being at the first element.

    Raises OperandError for another version, and for a header that is none: NumPy's own reader hands it to Python's tokenizer.
    """
    start = stream.read(len(_MAGIC) + 2)
    if start[: len(_MAGIC)] != _MAGIC:
        raise OperandError(f"`{name}` does not begin as a .npy file does")
    version = start[len(_MAGIC) :]
    if version not in _LENGTHS:
        raise OperandError(f"`{name}` is of .npy version {'.'.join(map(str, version))}; allowed: 1.0, 2.0, 3.0")
    size = stream.read(_LENGTHS[version])
    length = int.from_bytes(size, "little")
    if length > _MAX_HEADER:
        raise OperandError(f"`{name}` has a header of {length} bytes; allowed: at most {_MAX_HEADER}")
    text = stream.read(length)
    if len(size) < _LENGTHS[version] or len(text) < length:
        raise OperandError(f"`{name}` ends within its header")
    try:
        stated = ast.literal_eval(text.decode("latin-1").strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise OperandError(f"`{name}` has a header that cannot be read") from error
    if not isinstance(stated, dict) or set(stated) != _ENTRIES:
        raise OperandError(f"`{name}` has a header without {', '.join(sorted(_ENTRIES))}, or with more")
    shape, order = stated["shape"], stated["fortran_order"]
    if not isinstance(shape, tuple) or not all(type(side) is int and 0 <= side < 2**63 for side in shape):
        raise OperandError(f"`{name}` has a header whose shape is no list of sizes")
    if not isinstance(order, bool):
        raise OperandError(f"`{name}` has a header whose fortran_order is neither True nor False")
    return Header(shape, _dtype(stated["descr"], name), order)


def _dtype(stated: object, name: str) -> np.dtype[Any]:
    if not isinstance(stated, str):
        raise OperandError(f"`{name}` holds records of several fields; allowed: arrays of numbers")
    try:
        dtype = np.dtype(stated)
    except (TypeError, ValueError, SyntaxError, OverflowError) as error:
        raise OperandError(f"`{name}` has a header with an unknown type {stated[:40]!r}") from error
    if dtype.hasobject:
        raise OperandError(f"`{name}` holds pickled Python objects, which are never loaded; allowed: arrays of numbers")
    return dtype


def read_npy(path: Path) -> Csr:
    """Return the nonzeros of a 2-D array; a Boolean one is a pattern without values. OperandError where it is unsound."""
    try:
        with path.open("rb") as stream:
            header = npy_header(stream, path.name)
            _check(header, path.stat().st_size - stream.tell())
            array = header.array(stream.read(header.size))
    except OSError as error:
        raise OperandError(f"cannot be read: {error.strerror or error}") from error
    return array_csr(array)


def array_csr(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Csr:
    """Return the nonzeros of a 2-D array of real numbers or Booleans; OperandError where a value is not finite."""
    shape = (array.shape[0], array.shape[1])
    check_finite(array)
    flat = np.flatnonzero(array)
    check_size(shape, len(flat))
    data = None if array.dtype.kind == "b" else np.ascontiguousarray(array).reshape(-1)[flat].astype(np.float64)
    return flat_csr(shape, flat.astype(np.int64, copy=False), data)


def _check(header: Header, size: int) -> None:
    shape, dtype = header.shape, header.dtype
    if dtype.kind not in "biuf":
        hint = " (bfloat16 is saved so; save it as float32)" if dtype.str == "|V2" else ""
        raise OperandError(f"an array of type {dtype}{hint}; allowed: real numbers, integers, Booleans")
    if len(shape) != 2:
        raise OperandError(f"an array of {len(shape)} dimensions; allowed: 2")
    check_size((shape[0], shape[1]), 0)
    if header.elements > MAX_NONZEROS:
        raise OperandError(f"{shape[0]} × {shape[1]} elements; allowed: at most {MAX_NONZEROS}")
    if size != header.size:
        raise OperandError(f"truncated or too long: {size} bytes for {header.elements} elements of type {dtype}")
