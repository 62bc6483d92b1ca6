"""Checkpoints: safetensors files, one or several behind an index, tensor by tensor.

A header is judged here, in words for people, and by the `safetensors` package: types, shapes, and tensors that follow one another
without gap or overlap to the end of the file. That package makes no NumPy arrays of fp8, so the tensors are read here, from the
places that the header names, as `ml_dtypes` has them. Both packages are loaded when a checkpoint is read, not before.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.specs import nearest_hint, not_a_file
from simulator.workload.csr import MAX_NONZEROS, Csr, check_size
from simulator.workload.importing.naming import WIDE_INTEGERS, Shapes, masks, packed, pruned_name, stored_in_out
from simulator.workload.importing.sources import Imported, Layout, Source, turned
from simulator.workload.readers.numpy_files import array_csr

INDEX = ".safetensors.index.json"
"""Ending of the file that tells which of several files holds each tensor."""
_MAX_INDEX = 2**24
_MAX_HEADER = 100_000_000
"""Bytes of a header; the format allows no more."""
_SHOWN = 8
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


class _Index(msgspec.Struct):
    """What is read of an index: the file of each tensor."""

    weight_map: dict[str, str]


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


def read_checkpoint(path: Path, wanted: Sequence[str], layout: Layout) -> Imported:
    """Return the 2-D tensors of a safetensors file, or of the files of an index; where `wanted` has names or globs, those.

    A tensor of more dimensions is read only where it is wanted: a convolution's filters [out, in, …], as out × the rest.
    What cannot be a weight (no number, NaN, no nonzero, packed) is left out, unless its very name is wanted.
    Raises OperandError, beginning with the file's name, where it is unsound or a tensor cannot be had.
    """
    with _naming(path):
        tensors = _tensors(path)
        names = _chosen(tensors, wanted)
        shapes = {name: tensor.shape for name, tensor in tensors.items()}
        unfit = packed({name: tensor.dtype for name, tensor in tensors.items()})
        inputs = _leading_inputs(shapes, names, layout)
        masked = masks(shapes)
        left_out = {} if wanted else _unasked(tensors, [name for name in names if name not in unfit], inputs, masked)
        sources = []
        for name in names:
            if name in left_out:
                continue
            try:
                matrix = _csr(tensors[name], unfit.get(name), inputs.get(name, 1), tensors.get(masked.get(name, "")))
            except OperandError as error:
                if name in wanted:
                    raise OperandError(f"{name}: {error}") from error
                left_out[name] = str(error)
                continue
            source = Source(pruned_name(name) if name in masked else name, matrix)
            sources.append(turned(source) if name in inputs else source)
        if not sources:
            raise OperandError(f"no tensor that can be read: {_by_reason(left_out)}")
        return Imported(sources, left_out)


def _leading_inputs(shapes: Shapes, names: Sequence[str], layout: Layout) -> dict[str, int]:
    """Of the weights that are turned, how many leading axes are inputs."""
    if layout == "out-in":
        return {}
    told = stored_in_out(shapes)
    return told if layout == "auto" else {name: told.get(name, 1) for name in names}


def _unasked(tensors: Mapping[str, Tensor], names: Sequence[str], inputs: Mapping[str, int], masked: Mapping[str, str]) -> dict[str, str]:
    """What is left out where nobody asks for it by name, and why."""
    left_out = {
        f"{name} ({_sides(tensor, inputs.get(name, 0))})": "it has more than 2 dimensions; --tensor takes it"
        for name, tensor in tensors.items()
        if len(tensor.shape) > 2
    }
    wide = [name for name in names if tensors[name].dtype in WIDE_INTEGERS]
    left_out |= dict.fromkeys(wide, "integers of 16 bits and more, which are indices or packed numbers; --tensor takes them as numbers")
    return left_out | {mask: f"a mask, which is put on {weight}" for weight, mask in masked.items() if mask in names}


def _by_reason(left_out: Mapping[str, str]) -> str:
    """Names and reasons, a reason once."""
    names = {reason: [name for name, why in left_out.items() if why == reason] for reason in left_out.values()}
    listed = [f"{', '.join(who[:_SHOWN])}{', …' if len(who) > _SHOWN else ''}: {reason}" for reason, who in names.items()]
    return "; ".join(listed[:_SHOWN])


def _tensors(path: Path) -> dict[str, Tensor]:
    return _indexed(path) if path.name.lower().endswith(INDEX) else read_header(path)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Begin what goes wrong in the block with the file's name."""
    try:
        yield
    except OperandError as error:
        raise OperandError(f"{path}: {error}") from error
    except OSError as error:
        raise OperandError(f"{path}: cannot be read: {error.strerror or error}") from error
    except MemoryError as error:
        raise OperandError(f"{path}: too large for the memory of this computer") from error


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
    entries.pop("__metadata__", None)
    tensors, ends = {}, {}
    for name, raw in entries.items():
        entry = _entry(name, raw)
        ends[entry.data_offsets] = name
        tensors[name] = Tensor(path, entry.dtype, entry.shape, 8 + length + entry.data_offsets[0])
    _check_places(ends, size - 8 - length)
    _check_by_package(path)
    return tensors


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
    if tensor.dtype not in (_NATIVE | _NARROW):
        raise OperandError(f"dtype {tensor.dtype}; allowed: {', '.join(_NATIVE | _NARROW)}")
    shape = (math.prod(tensor.shape[:axes]), math.prod(tensor.shape[axes:]))
    check_size(shape, 0)
    count = math.prod(shape)
    if count > MAX_NONZEROS:
        raise OperandError(f"{count} elements; allowed: at most {MAX_NONZEROS}")
    if tensor.dtype in _NATIVE:
        return np.fromfile(tensor.file, _NATIVE[tensor.dtype], count, offset=tensor.start).reshape(shape)
    import ml_dtypes

    narrow = np.dtype(getattr(ml_dtypes, _NARROW[tensor.dtype]))
    stored = np.fromfile(tensor.file, f"<u{narrow.itemsize}", count, offset=tensor.start)
    values: NDArray[np.float32] = stored.astype(f"u{narrow.itemsize}", copy=False).view(narrow).astype(np.float32)
    return values.reshape(shape)


def _csr(tensor: Tensor, packing: str | None, axes: int, mask: Tensor | None) -> Csr:
    if packing is not None:
        raise OperandError(f"part of packed weights, which are not read as numbers: {packing}")
    values = read_tensor(tensor, axes)
    if mask is not None:
        values = np.where(read_tensor(mask, axes) != 0, values, np.zeros((), values.dtype))
    matrix = array_csr(values)
    if not matrix.nnz:
        raise OperandError("no nonzero")
    return matrix


def _indexed(path: Path) -> dict[str, Tensor]:
    """The tensors of all files of an index, in its order."""
    if path.stat().st_size > _MAX_INDEX:
        raise OperandError(f"no index: more than {_MAX_INDEX} bytes")
    try:
        placed = msgspec.json.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"), type=_Index).weight_map
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OperandError("no index; allowed: JSON with weight_map, the file of each tensor by name") from error
    files = {file: path.parent / file for file in dict.fromkeys(placed.values()) if Path(file).name == file}
    headers = {}
    for name, file in files.items():
        reason = not_a_file(file)
        if reason is not None:
            raise OperandError(f"weight_map: {file}: {reason}")
        try:
            headers[name] = read_header(file)
        except OperandError as error:
            raise OperandError(f"weight_map: {file}: {error}") from error
    missing = next((name for name, file in placed.items() if name not in headers.get(file, {})), None)
    if missing is not None:
        raise OperandError(f"weight_map: {missing} is not in {placed[missing]}, or that is no file beside the index")
    return {name: headers[file][name] for name, file in placed.items()}


def _chosen(tensors: dict[str, Tensor], wanted: Sequence[str]) -> list[str]:
    """Names of matrices that are wanted, in the file's order; a name without wildcard must be there and be one.

    What has more than two dimensions may be a buffer as well as filters, so it is no matrix unless it is asked for.
    """
    dimensions = {name: len(tensor.shape) for name, tensor in tensors.items()}
    if not wanted:
        found = [name for name, sides in dimensions.items() if sides == 2]
        if not found:
            larger = next((f"; --tensor {name} takes {_sides(tensors[name])}" for name, sides in dimensions.items() if sides > 2), "")
            raise OperandError(f"no tensor of 2 dimensions{larger}")
        return found
    matrices = [name for name, sides in dimensions.items() if sides >= 2]
    for name in wanted:
        if dimensions.get(name, 2) < 2:
            raise OperandError(f"{name} has {dimensions[name]} dimensions; allowed: 2 or more")
        if not any(fnmatchcase(known, name) for known in matrices):
            listed = ", ".join(matrices[:_SHOWN]) + (", …" if len(matrices) > _SHOWN else "")
            raise OperandError(f"no tensor {name} of 2 dimensions or more; there are {listed or 'none'}{nearest_hint(name, matrices)}")
    return [name for name in matrices if any(fnmatchcase(name, glob) for glob in wanted)]


def _sides(tensor: Tensor, inputs: int = 0) -> str:
    """Its shape, and that of the matrix that it is read as; `inputs`: leading axes that are inputs, where outputs do not come first."""
    axes = inputs or 1
    sides = math.prod(tensor.shape[:axes]), math.prod(tensor.shape[axes:])
    rows, columns = sides[::-1] if inputs else sides
    return f"{' × '.join(map(str, tensor.shape))}, as {rows} × {columns}"
