"""Tensors of a safetensors file: what its header says of them, and their numbers.

A header is judged here, in words for people, and by the `safetensors` package: types, shapes, and tensors that follow one another
without gap or overlap to the end of the file. That package makes no NumPy arrays of fp8, so the tensors are read here, from the
places that the header names, as `ml_dtypes` has them. Both packages are loaded when a file is read, not before.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.csr import MAX_NONZEROS, check_size

_MAX_HEADER = 100_000_000
"""Bytes of a header; the format allows no more."""
_NATIVE = {
    "BOOL": "?", "I8": "i1", "U8": "u1", "I16": "<i2", "U16": "<u2", "I32": "<i4", "U32": "<u4", "I64": "<i8", "U64": "<u8",
    "F16": "<f2", "F32": "<f4", "F64": "<f8",
}  # fmt: skip
"""NumPy's type of each dtype that it has."""
_NARROW = {
    "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn", "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2": "float8_e5m2",
    "F8_E5M2FNUZ": "float8_e5m2fnuz", "F8_E8M0": "float8_e8m0fnu",
}  # fmt: skip
"""ml_dtypes' type of the others; each value is a float32 too."""
_BITS = {
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8), **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32), **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}  # fmt: skip
"""Bits of an element of each dtype of the format."""


_Size = Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class _Entry(msgspec.Struct):
    """What a header says of a tensor."""

    dtype: str
    shape: Annotated[tuple[_Size, ...], msgspec.Meta(max_length=64)]
    data_offsets: tuple[_Size, _Size]
    """First byte and the one behind the last, counted from the end of the header."""


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies, and as what."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    """First byte, counted from the beginning of the file."""


def read_header(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file by name; OperandError where the header does not describe the file exactly."""
    with path.open("rb") as stream:
        length, size = int.from_bytes(stream.read(8), "little"), path.stat().st_size
        if not 2 <= length <= min(_MAX_HEADER, size - 8):
            raise OperandError(f"no whole safetensors file: its {size} bytes do not begin with the length of a header that they hold")
        text = stream.read(length)
    try:
        entries = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OperandError("no whole safetensors file: its header is no JSON of tensors by name") from error
    check_names_once(text)
    entries.pop("__metadata__", None)
    tensors, ends = {}, {}
    for name, raw in entries.items():
        entry = _entry(name, raw)
        ends[entry.data_offsets] = name
        tensors[name] = Tensor(path, entry.dtype, entry.shape, 8 + length + entry.data_offsets[0])
    _check_places(ends, size - 8 - length)
    _check_by_package(path)
    return tensors


def check_names_once(text: bytes) -> None:
    """Raise OperandError where a name stands twice in a JSON object: readers would take the one or the other."""
    try:
        json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise OperandError("no JSON of names") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise OperandError(f"{twice!r} stands twice; allowed: each name once")
    return found


def _entry(name: str, raw: msgspec.Raw) -> _Entry:
    try:
        entry = msgspec.json.decode(raw, type=_Entry)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OperandError(f"{name!r}: no tensor with dtype, shape and data_offsets in the header") from error
    if entry.dtype not in _BITS:
        raise OperandError(f"{name!r}: unknown dtype {entry.dtype[:20]!r}; known: {', '.join(_BITS)}")
    start, end = entry.data_offsets
    if 8 * (end - start) != math.prod(entry.shape) * _BITS[entry.dtype]:
        sides = " × ".join(map(str, entry.shape))
        raise OperandError(f"{name!r}: {end - start} bytes for {sides or 'one'} elements of {_BITS[entry.dtype]} bits")
    return entry


def _check_places(ends: dict[tuple[int, int], str], size: int) -> None:
    """Raise OperandError unless tensors follow one another, from the first byte after the header to the last."""
    reached = 0
    for (start, end), name in sorted(ends.items()):
        if start != reached:
            raise OperandError(f"{name!r}: begins at byte {start}, but the tensors before it end at {reached}")
        reached = end
    if reached != size:
        raise OperandError(f"truncated or too long: {size} bytes for tensors of {reached}")


def _check_by_package(path: Path) -> None:
    """Whatever else the format's own package refuses."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy"):
            pass
    except SafetensorError as error:
        raise OperandError("no whole safetensors file: its header does not describe it as the format demands") from error


def read_tensor(tensor: Tensor, axes: int = 1) -> NDArray[Any]:
    """Return a tensor as a matrix of numbers or Booleans, the product of its first `axes` dimensions × that of the others.

    Raises OperandError where its type is no number, or it is too large to hold.
    """
    shape = (math.prod(tensor.shape[:axes]), math.prod(tensor.shape[axes:]))
    _check_number(tensor)
    check_size(shape, 0)
    return read_values(tensor).reshape(shape)


def read_values(tensor: Tensor) -> NDArray[Any]:
    """Return the numbers or Booleans of a tensor one after another, those of narrow types as float32; OperandError as `read_tensor`."""
    _check_number(tensor)
    count = math.prod(tensor.shape)
    _check_count(count)
    if tensor.dtype in _NATIVE:
        return np.fromfile(tensor.file, _NATIVE[tensor.dtype], count, offset=tensor.start)
    import ml_dtypes

    narrow = np.dtype(getattr(ml_dtypes, _NARROW[tensor.dtype]))
    stored = np.fromfile(tensor.file, f"<u{narrow.itemsize}", count, offset=tensor.start)
    values: NDArray[np.float32] = stored.astype(f"u{narrow.itemsize}", copy=False).view(narrow).astype(np.float32)
    return values


def check_elements(shape: tuple[int, int]) -> None:
    """Raise OperandError where a matrix is empty, or has more elements than can be held at once."""
    check_size(shape, 0)
    _check_count(math.prod(shape))


def _check_count(elements: int) -> None:
    if elements > MAX_NONZEROS:
        raise OperandError(f"{elements} elements; allowed: at most {MAX_NONZEROS}")


def _check_number(tensor: Tensor) -> None:
    if tensor.dtype not in (_NATIVE | _NARROW):
        raise OperandError(f"dtype {tensor.dtype}; allowed: {', '.join(_NATIVE | _NARROW)}")
