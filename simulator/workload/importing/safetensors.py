"""safetensors files: a strict reader of their header, which is all their structure, and of the tensors asked for.

Format (github.com/huggingface/safetensors): 8 bytes, little-endian, the length of a JSON header; the header: name →
{dtype, shape, data_offsets [begin, end)}; then the tensors' bytes. Nothing in it is code.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.csr import MAX_NONZEROS, check_size

_MAX_HEADER = 2**24
_TYPES = {
    "BOOL": "?", "I8": "i1", "U8": "u1", "I16": "<i2", "U16": "<u2", "I32": "<i4", "U32": "<u4", "I64": "<i8", "U64": "<u8",
    "F16": "<f2", "BF16": "<u2", "F32": "<f4", "F64": "<f8",
}  # fmt: skip
"""Stored type of each dtype; a bfloat16 is the upper half of a float32."""


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies in its file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    """First byte, counted from the beginning of the file."""

    @property
    def size(self) -> int:
        """Elements."""
        return math.prod(self.shape)


def read_header(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a file by name; OperandError where the header does not describe the file exactly."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(size - 8, _MAX_HEADER):
            raise OperandError(f"no safetensors file: a header of {length} bytes in a file of {size}; allowed: at most {_MAX_HEADER}")
        raw = stream.read(length)
    try:
        header = json.loads(raw.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise OperandError(f"no safetensors file: the header is no JSON ({error})") from error
    if not isinstance(header, dict):
        raise OperandError("no safetensors file: the header is no mapping of names")
    header.pop("__metadata__", None)
    tensors = {name: _tensor(name, entry, 8 + length) for name, entry in header.items()}
    _check_tiling(tensors, 8 + length, size)
    return tensors


def read_tensor(path: Path, tensor: Tensor) -> NDArray[Any]:
    """Return a 2-D tensor as numbers or Booleans; OperandError where it is too large to hold."""
    check_size((tensor.shape[0], tensor.shape[1]), 0)
    if tensor.size > MAX_NONZEROS:
        raise OperandError(f"{tensor.size} elements; allowed: at most {MAX_NONZEROS}")
    stored = np.fromfile(path, dtype=_TYPES[tensor.dtype], count=tensor.size, offset=tensor.start).reshape(tensor.shape)
    return (stored.astype("<u4") << 16).view("<f4") if tensor.dtype == "BF16" else stored


def _tensor(name: str, entry: Any, origin: int) -> Tensor:
    try:
        dtype, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        numbers = [*shape, begin, end]
    except (TypeError, KeyError, ValueError) as error:
        raise OperandError(f"{name}: no dtype, shape and data_offsets") from error
    if dtype not in _TYPES:
        raise OperandError(f"{name}: dtype {str(dtype)[:20]!r}; allowed: {', '.join(_TYPES)}")
    if not all(type(number) is int and 0 <= number < 2**63 for number in numbers):
        raise OperandError(f"{name}: shape and data_offsets must be whole numbers from 0")
    tensor = Tensor(dtype, shape, origin + begin)
    if end - begin != tensor.size * np.dtype(_TYPES[dtype]).itemsize:
        raise OperandError(f"{name}: {end - begin} bytes for {tensor.size} elements of {dtype}")
    return tensor


def _check_tiling(tensors: dict[str, Tensor], origin: int, size: int) -> None:
    """The tensors follow one another without gap or overlap, to the end of the file."""
    place = origin
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].size)):
        if tensor.start != place:
            raise OperandError(f"{name}: begins at byte {tensor.start}, but the tensor before it ends at {place}")
        place += tensor.size * np.dtype(_TYPES[tensor.dtype]).itemsize
    if place != size:
        raise OperandError(f"{'truncated' if place > size else 'too long'}: the header describes {place} bytes, the file has {size}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
