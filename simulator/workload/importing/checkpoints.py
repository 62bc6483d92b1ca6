"""Checkpoints: safetensors files, one or several behind an index: which of their tensors are weights, and what is left out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
import numpy as np

from simulator.errors import OperandError
from simulator.specs import nearest_hint, not_a_file, some_of
from simulator.workload.csr import Csr
from simulator.workload.importing.compressed import Joined, joined_weights
from simulator.workload.importing.naming import WIDE_INTEGERS, Shapes, masks, packed, pruned_name, stored_in_out
from simulator.workload.importing.sources import Imported, Layout, Source, turned
from simulator.workload.importing.tensors import Tensor, check_names_once, read_header, read_tensor
from simulator.workload.readers.numpy_files import array_csr
from simulator.workload.readers.strangers import found_instead

INDEX = ".safetensors.index.json"
"""Ending of the file that tells which of several files holds each tensor."""
_MAX_INDEX = 2**24
_SHOWN = 8


class _Index(msgspec.Struct):
    """What is read of an index: the file of each tensor."""

    weight_map: dict[str, str]


def read_checkpoint(path: Path, wanted: Sequence[str], layout: Layout) -> Imported:
    """Return the 2-D tensors of a safetensors file, or of the files of an index; where `wanted` has names or globs, those.

    A tensor of more dimensions is read only where it is wanted: a convolution's filters [out, in, …], as out × the rest. Tensors that
    make a weight together are read as that weight. What cannot be a weight (no number, NaN, no nonzero, packed in a way that is not
    known) is left out, unless its very name is wanted.
    Raises OperandError, beginning with the file's name, where it is unsound or a tensor cannot be had.
    """
    with _naming(path):
        tensors = _tensors(path)
        joined = joined_weights(tensors)
        names = _chosen(tensors, joined, wanted)
        shapes = {name: tensor.shape for name, tensor in tensors.items()}
        unfit = _unfit(tensors, joined)
        inputs = _leading_inputs(shapes, names, layout)
        masked = masks(shapes)
        parts = {name for weight in joined.values() for name in weight.names}
        alone = {name: tensor for name, tensor in tensors.items() if name not in parts}
        whole = [name for name in names if name in alone and name not in unfit]
        left_out = {} if wanted else _unasked(alone, whole, inputs, masked)
        sources = []
        for name in names:
            if name in left_out:
                continue
            try:
                if name in joined:
                    matrix = _some(joined[name].matrix())
                else:
                    matrix = _csr(tensors[name], unfit.get(name), inputs.get(name, 1), tensors[masked[name]] if name in masked else None)
            except OperandError as error:
                if name in wanted:
                    raise OperandError(f"{name}: {error}") from error
                left_out[name] = str(error)
                continue
            packing = joined[name].layout if name in joined else ""
            source = Source(pruned_name(name) if name in masked else name, matrix, packing=packing)
            sources.append(turned(source) if name in inputs else source)
        if not sources:
            raise OperandError(f"no tensor that can be read: {_by_reason(left_out)}")
        return Imported(sources, left_out)


def _unfit(tensors: Mapping[str, Tensor], joined: Mapping[str, Joined]) -> dict[str, str]:
    """What tensors are that are no weight by themselves, by name."""
    found = packed({name: tensor.dtype for name, tensor in tensors.items()})
    for weight, of in joined.items():
        found |= {name: f"{found.get(name, of.layout)}; --tensor {weight} takes them all" for name in of.names}
    return found


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
    listed = [f"{some_of(who)}: {reason}" for reason, who in names.items()]
    return "; ".join(listed[:_SHOWN])


def _tensors(path: Path) -> dict[str, Tensor]:
    return _indexed(path) if path.name.lower().endswith(INDEX) else read_header(path)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Begin what goes wrong in the block with the file's name."""
    try:
        yield
    except OperandError as error:
        raise OperandError(f"{path}: {error}{found_instead(path)}") from error
    except OSError as error:
        raise OperandError(f"{path}: cannot be read: {error.strerror or error}") from error
    except MemoryError as error:
        raise OperandError(f"{path}: too large for the memory of this computer") from error


def _csr(tensor: Tensor, packing: str | None, axes: int, mask: Tensor | None) -> Csr:
    if packing is not None:
        raise OperandError(f"part of packed weights, which are not read as numbers: {packing}")
    values = read_tensor(tensor, axes)
    if mask is not None:
        values = np.where(read_tensor(mask, axes) != 0, values, np.zeros((), values.dtype))
    return _some(array_csr(values))


def _some(matrix: Csr) -> Csr:
    if not matrix.nnz:
        raise OperandError("no nonzero")
    return matrix


def _indexed(path: Path) -> dict[str, Tensor]:
    """The tensors of all files of an index, in its order."""
    if path.stat().st_size > _MAX_INDEX:
        raise OperandError(f"no index: more than {_MAX_INDEX} bytes")
    try:
        text = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        placed = msgspec.json.decode(text, type=_Index).weight_map
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OperandError("no index; allowed: JSON with weight_map, the file of each tensor by name") from error
    check_names_once(text)
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


def _chosen(tensors: Mapping[str, Tensor], joined: Mapping[str, Joined], wanted: Sequence[str]) -> list[str]:
    """Names of matrices that are wanted, in the file's order; a name without wildcard must be there and be one.

    What has more than two dimensions may be a buffer as well as filters, so it is no matrix unless it is asked for. A weight of several
    tensors stands where the first of them does, which are no matrices beside it, unless they are asked for.
    """
    parts = {name: weight for weight, of in joined.items() for name in of.names}
    dimensions: dict[str, int] = {}
    for name, tensor in tensors.items():
        if name in parts:
            dimensions[parts[name]] = 2
        if name not in parts or name in wanted:
            dimensions[name] = len(tensor.shape)
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
            there = some_of(matrices) or "none"
            raise OperandError(f"no tensor {name} of 2 dimensions or more; there are {there}{nearest_hint(name, matrices)}")
    return [name for name in matrices if any(fnmatchcase(name, glob) for glob in wanted)]


def _sides(tensor: Tensor, inputs: int = 0) -> str:
    """Its shape, and that of the matrix that it is read as; `inputs`: leading axes that are inputs, where outputs do not come first."""
    axes = inputs or 1
    sides = math.prod(tensor.shape[:axes]), math.prod(tensor.shape[axes:])
    rows, columns = sides[::-1] if inputs else sides
    return f"{' × '.join(map(str, tensor.shape))}, as {rows} × {columns}"
