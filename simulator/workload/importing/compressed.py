"""Weights that a checkpoint holds in several parts: their values packed, their places beside them.

A layout is known by the names and types of its parts, as compressed-tensors writes them beside each other in a module; the weight that
they make is called as the module's weight was. What is read of them are the numbers that a model multiplies by, scales included where
they are of the layout. GPTQ and AWQ are not among them: whether a stored zero point is one less than the real one is told by a file
beside the checkpoint, and often wrongly, and by it a number is zero or not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.csr import AT_ONCE, Csr, check_finite, check_size, flat_csr
from simulator.workload.importing.tensors import Tensor, check_elements, read_tensor, read_values
from simulator.workload.readers.numpy_files import array_csr

Parts = Mapping[str, Tensor]
"""Tensors of a module by the last part of their names."""
_WORD = 32
"""Bits of a word of integers."""
_FP4 = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0], dtype=np.float32)
"""Numbers of E2M1 by their four bits."""
_NO_EXPONENT = 255
"""What stands for no number where a scale is an exponent alone."""


@dataclass(frozen=True)
class Joined:
    """A weight that several tensors make together."""

    layout: str
    """What their layout is called, in words."""
    names: tuple[str, ...]
    """What the tensors are called."""
    parts: Parts
    join: Callable[[Parts], Csr]

    def matrix(self) -> Csr:
        """Read it. Raises OperandError where the parts do not fit one another."""
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused
            return self.join(self.parts)


def joined_weights(tensors: Mapping[str, Tensor]) -> dict[str, Joined]:
    """Weights whose parts are all there, in a layout that is known, by the name that each has as a whole."""
    modules: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        module, _, last = name.rpartition(".")
        modules.setdefault(module, {})[last] = tensor
    found = {}
    for module, parts in modules.items():
        name = f"{module}.weight" if module else "weight"
        layout = next((layout for layout in _LAYOUTS if name not in tensors and layout.fits(parts)), None)
        if layout is not None:
            used = {last: parts[last] for last in (*layout.needs, *layout.takes) if last in parts}
            names = tuple(f"{module}.{last}" if module else last for last in used)
            found[name] = Joined(layout.words, names, used, layout.join)
    return found


def _bitmask(parts: Parts) -> Csr:
    """A bit an element, row after row from the lowest bit of a byte, and the values of those that are set."""
    shape, mask = _shape(parts["shape"]), parts["bitmask"]
    _need("bitmask", mask, (shape[0], -(-shape[1] // 8)))
    bits, values = read_tensor(mask), read_values(parts["compressed"])
    if shape[1] % 8 and np.any(bits[:, -1] >> shape[1] % 8):
        raise OperandError(f"the bitmask has bits beyond column {shape[1] - 1}")
    counts, flat = np.zeros(shape[0], dtype=np.int64), []
    for here in _runs(shape):
        rows = np.unpackbits(bits[here], axis=1, count=shape[1], bitorder="little")
        counts[here] = rows.sum(axis=1, dtype=np.int64)
        flat.append(np.flatnonzero(rows) + here.start * shape[1])
    if counts.sum() != len(values):
        raise OperandError(f"{counts.sum()} bits of the bitmask are set, but there are {len(values)} values")
    offsets = parts.get("row_offsets")
    if offsets is not None and not np.array_equal(read_values(offsets), np.cumsum(counts) - counts):
        raise OperandError("row_offsets are not those of the bitmask")
    return _kept(shape, np.concatenate(flat), values)


def _words(parts: Parts) -> Csr:
    """Integers of a few bits, as many as fit a word, the first in its lowest bits; stored with half their range added."""
    shape, packed = _shape(parts["weight_shape"]), parts["weight_packed"]
    check_elements(shape)
    words = read_tensor(_two("weight_packed", packed))
    bits = _bits_of_a_number(words, shape)
    scale = _matrix("weight_scale", parts["weight_scale"], shape[0])
    zero = _zero_points(parts.get("weight_zero_point"), bits, scale.shape)
    group = _groups(shape[1], scale.shape[1], parts.get("weight_g_idx"))
    values = np.empty(shape, dtype=np.float32)
    for here in _runs(shape):
        np.multiply(_unpacked(words[here], bits)[:, : shape[1]] - zero[here][:, group], scale[here][:, group], out=values[here])
    return array_csr(values)


def _fp4(parts: Parts) -> Csr:
    """Two numbers of four bits a byte, the first in the lower ones; a scale for each group of a row, and one of all or none."""
    packed = _two("weight_packed", parts["weight_packed"])
    shape = (packed.shape[0], 2 * packed.shape[1])
    check_elements(shape)
    scale = _matrix("weight_scale", parts["weight_scale"], shape[0])
    if parts["weight_scale"].dtype == "U8":  # an exponent alone
        scale = np.where(scale < _NO_EXPONENT, np.exp2(scale - 127), np.float32(np.nan))
    if "weight_global_scale" in parts:
        of_all = read_values(parts["weight_global_scale"])
        if of_all.size != 1 or of_all[0] == 0:
            raise OperandError(f"weight_global_scale is {_sides(parts['weight_global_scale'])}; allowed: one number that is not 0")
        scale = scale / np.float32(of_all[0])
    bytes_, group = read_tensor(packed), _groups(shape[1], scale.shape[1], None)
    values = np.empty(shape, dtype=np.float32)
    for here in _runs(shape):
        codes = np.stack((bytes_[here] & 15, bytes_[here] >> 4), axis=-1).reshape(-1, shape[1])
        np.multiply(_FP4[codes], scale[here][:, group], out=values[here])
    return array_csr(values)


def _marlin(parts: Parts) -> Csr:
    """Of each four inputs two integers, inputs first, in the order in which Marlin's kernel reads them; which two, apart."""
    meta, packed = _two("meta", parts["meta"]), _two("weight_packed", parts["weight_packed"])
    outputs, inputs = meta.shape[1] // 2, meta.shape[0] * 32
    bits = 2 * packed.shape[1] // max(outputs, 1)
    if outputs % 64 or bits not in _INTERLEAVED or packed.shape != (meta.shape[0], outputs * bits // 2):
        raise OperandError(f"meta of {_sides(meta)} and weight_packed of {_sides(packed)} are no 2:4 weights as Marlin has them")
    check_elements((outputs, inputs))
    codes = np.empty((outputs * inputs // 2048, 1024), dtype=np.int16)
    codes[:, _marlin_order(bits)] = _unpacked(read_tensor(packed), bits).reshape(codes.shape)
    numbers = codes.reshape(inputs // 32, outputs // 16, 16, 16).transpose(1, 3, 0, 2).reshape(outputs, inputs // 2)
    places = _marlin_places(read_tensor(meta), outputs, inputs)
    scale = _marlin_scale(parts["scale_packed"], outputs, inputs)
    values = numbers * np.take_along_axis(scale, places // (inputs // scale.shape[1]), axis=1)
    return _kept((outputs, inputs), (np.arange(outputs)[:, np.newaxis] * inputs + places).ravel(), values.ravel())


_INTERLEAVED = {4: (0, 2, 4, 6, 1, 3, 5, 7), 8: (0, 2, 1, 3)}
"""Which of the numbers that a lane takes one after another stand in a word from its lowest bits, by their bits."""


def _marlin_order(bits: int) -> NDArray[np.int64]:
    """[1024] places in four tiles of 16 × 16, row by row, of the numbers in the order in which they are stored.

    Each of 32 lanes holds, of each of four columns and the one four further, the four rows that the tensor cores' fragments give it.
    """
    lane, column, block, row = np.ix_(np.arange(32), np.arange(4), np.arange(2), np.arange(4))
    rows = 2 * (lane % 4) + row % 2 + 8 * (row // 2)
    places = 16 * rows + 256 * (lane // 8) + 8 * (lane // 4 % 2) + 4 * block + column
    return places.reshape(-1, len(_INTERLEAVED[bits]))[:, _INTERLEAVED[bits]].ravel()


def _marlin_places(meta: NDArray[np.int16], outputs: int, inputs: int) -> NDArray[np.int64]:
    """[outputs, inputs / 2] the input of each number: two bits tell which of four it is, eight a word, the words as CUTLASS orders them."""
    row, word = np.ix_(np.arange(outputs), np.arange(inputs // 16))
    row = row // 64 * 64 + row % 2 * 2 + row % 8 // 4 + row % 4 // 2 * 32 + row % 64 // 8 * 4
    moved = (row + word) % 2 * (1 - 2 * (row % 2))  # of 2 × 2 words those off the diagonal change places
    row, word = row + moved, word - moved
    words = meta.reshape(-1).view(np.uint16)[word // 2 * 2 * outputs + 2 * row + word % 2]
    places = (words[:, :, np.newaxis] >> np.arange(0, 16, 2, dtype=np.uint16) & 3).astype(np.int64).reshape(outputs, -1, 2)
    if np.any(places[:, :, 0] >= places[:, :, 1]):
        raise OperandError("meta has two numbers of four in one place, or not in their order")
    inputs_of: NDArray[np.int64] = (places + 4 * np.arange(inputs // 4)[:, np.newaxis]).reshape(outputs, -1)
    return inputs_of


def _marlin_scale(tensor: Tensor, outputs: int, inputs: int) -> NDArray[np.float32]:
    """[outputs, groups] scales; where there are more than two groups, columns 0 to 7 are stored as 0, 4, 1, 5, 2, 6, 3, 7."""
    groups = tensor.shape[0] if tensor.shape else 0
    if tensor.shape != (groups, outputs) or groups < 1 or inputs % groups:
        raise OperandError(f"scale_packed is {_sides(tensor)}; {outputs} × {inputs} weights have groups of inputs × {outputs}")
    scale: NDArray[np.float32] = read_tensor(tensor).astype(np.float32)
    if groups > 2:
        scale = scale.reshape(groups, -1, 4, 2).swapaxes(2, 3).reshape(groups, outputs)
    return scale.T


def _kept(shape: tuple[int, int], flat: NDArray[np.int64], values: NDArray[Any]) -> Csr:
    """Values at ascending places, without those that are zero."""
    check_size(shape, len(flat))
    check_finite(values)
    kept = values != 0
    return flat_csr(shape, flat[kept], values[kept].astype(np.float64))


def _runs(shape: tuple[int, int]) -> Iterator[slice]:
    """Rows, as many at once as are worked on without much memory."""
    step = max(1, AT_ONCE // shape[1])
    return (slice(start, min(start + step, shape[0])) for start in range(0, shape[0], step))


def _shape(tensor: Tensor) -> tuple[int, int]:
    """Rows and columns that a tensor of two integers names."""
    sides = read_values(tensor).tolist() if tensor.dtype in ("I32", "I64") and math.prod(tensor.shape) == 2 else []
    if len(sides) != 2:
        raise OperandError(f"a shape of {_sides(tensor)} {tensor.dtype}; allowed: two integers, of weights of 2 dimensions")
    check_size((sides[0], sides[1]), 0)
    return sides[0], sides[1]


def _unpacked(words: NDArray[np.int32], bits: int) -> NDArray[np.int16]:
    """[rows, numbers] of words [rows, words], without the half of the range that is added to them."""
    shifts = np.arange(0, _WORD - bits + 1, bits, dtype=np.uint32)
    numbers = np.ascontiguousarray(words).view(np.uint32)[:, :, np.newaxis] >> shifts & np.uint32(2**bits - 1)
    return numbers.astype(np.int16).reshape(len(words), -1) - np.int16(2 ** (bits - 1))


def _bits_of_a_number(words: NDArray[np.int32], shape: tuple[int, int]) -> int:
    """The bits with which the numbers of a row fill its words, and leave those beyond the last whole number of a word empty."""
    fit = [bits for bits in range(1, 9) if words.shape == (shape[0], -(-shape[1] // (_WORD // bits)))]
    used = int(np.bitwise_or.reduce(words.view(np.uint32), axis=None))
    fit = [bits for bits in fit if used < 2 ** (_WORD // bits * bits)]
    if len(fit) != 1:
        found = f"{' or '.join(map(str, fit)) or 'no number of'} bits a number"
        raise OperandError(
            f"weight_packed: {found} would make {shape[0]} × {shape[1]} weights of {words.shape[0]} × {words.shape[1]} words"
        )
    return fit[0]


def _zero_points(tensor: Tensor | None, bits: int, shape: tuple[int, int]) -> NDArray[np.int16]:
    """[rows, groups] what of each number is zero: packed as the numbers are, but down the columns; or a number each."""
    if tensor is None:
        return np.broadcast_to(np.int16(0), shape)
    if tensor.dtype == "I32":
        _need("weight_zero_point", tensor, (-(-shape[0] // (_WORD // bits)), shape[1]))
        return _unpacked(read_tensor(tensor).T, bits)[:, : shape[0]].T
    zero = _matrix("weight_zero_point", tensor, shape[0])
    if zero.shape != shape:
        raise OperandError(f"weight_zero_point is {_sides(tensor)}, beside scales of {shape[0]} × {shape[1]}")
    if not np.all(np.abs(zero) <= 2**8) or np.any(zero % 1):
        raise OperandError("weight_zero_point has a value that is no number of so few bits")
    return zero.astype(np.int16)


def _matrix(name: str, tensor: Tensor, rows: int) -> NDArray[np.float32]:
    """[rows, groups] of a tensor that has one row for each, or one of all."""
    found: NDArray[np.float32] = read_tensor(tensor).astype(np.float32)
    if len(found) not in (1, rows):
        raise OperandError(f"{name} is {_sides(tensor)}; {rows} rows need a row each, or one of all")
    return np.broadcast_to(found, (rows, found.shape[1]))


def _groups(columns: int, groups: int, named: Tensor | None) -> NDArray[np.int64]:
    """[columns] group of each: named, or as many columns that follow one another in each."""
    if named is not None:
        if named.dtype not in ("I32", "I64"):
            raise OperandError(f"weight_g_idx is of type {named.dtype}; allowed: I32, I64")
        found: NDArray[np.int64] = read_values(named).astype(np.int64)
        if not np.all(found == -1):  # which says that nothing is out of order
            if len(found) != columns or found.min() < 0 or found.max() >= groups:
                raise OperandError(f"weight_g_idx does not name a group of {groups} for each of {columns} columns")
            return found
    if columns % groups:
        raise OperandError(f"{columns} columns are not {groups} groups of as many each")
    return np.arange(columns, dtype=np.int64) // (columns // groups)


def _two(name: str, tensor: Tensor) -> Tensor:
    if len(tensor.shape) != 2:
        raise OperandError(f"{name} has {len(tensor.shape)} dimensions; allowed: 2")
    return tensor


def _need(name: str, tensor: Tensor, shape: tuple[int, int]) -> None:
    if tensor.shape != shape:
        raise OperandError(f"{name} is {_sides(tensor)}; weights of that shape need {shape[0]} × {shape[1]}")


def _sides(tensor: Tensor) -> str:
    return " × ".join(map(str, tensor.shape)) or "one number"


@dataclass(frozen=True)
class _Layout:
    """How weights are packed."""

    words: str
    needs: Mapping[str, tuple[str, ...]]
    """Parts that must be there, and the types that each may have; any where none is named."""
    takes: tuple[str, ...]
    """Parts that may be there."""
    join: Callable[[Parts], Csr]

    def fits(self, parts: Parts) -> bool:
        """Whether a module's tensors are in this layout."""
        return all(last in parts and (not types or parts[last].dtype in types) for last, types in self.needs.items())


_SCALES = ("F16", "BF16", "F32", "F64")
_LAYOUTS = (
    _Layout("a bitmask and its values", {"bitmask": ("U8",), "compressed": (), "shape": ()}, ("row_offsets",), _bitmask),
    _Layout(
        "integers packed in words",
        {"weight_packed": ("I32",), "weight_shape": (), "weight_scale": _SCALES},
        ("weight_zero_point", "weight_g_idx"),
        _words,
    ),
    _Layout("Marlin's 2:4", {"weight_packed": ("I32",), "scale_packed": _SCALES, "meta": ("I16",)}, (), _marlin),
    _Layout("NVFP4", {"weight_packed": ("U8",), "weight_scale": ("F8_E4M3",), "weight_global_scale": _SCALES}, (), _fp4),
    _Layout("MXFP4", {"weight_packed": ("U8",), "weight_scale": ("U8", "F8_E8M0")}, (), _fp4),
)
"""Those of compressed-tensors: sparse-bitmask and sparse-24-bitmask, pack-quantized, marlin-24, nvfp4- and mxfp4-pack-quantized."""
