"""word → bank: plain functions of the tile-local index of a word."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import MappingError, OperandError
from simulator.kinds.units.machine import UnitsMachine
from simulator.specs import not_a_file

Placement = Callable[[int, int], NDArray[np.int32]]
"""(words of the tile, banks of the copy) → [words] bank of each tile-local word."""


def interleaved(words: int, banks: int) -> NDArray[np.int32]:
    """Word i lives in bank i mod banks."""
    return (np.arange(words, dtype=np.int64) % banks).astype(np.int32)


def hashed(words: int, banks: int) -> NDArray[np.int32]:
    """Word i lives in the XOR of the base-`banks` digits of i; `banks` is a power of two.

    Within every aligned run of `banks` words each bank is used once, so capacity is the same as interleaved.
    """
    bits = banks.bit_length() - 1
    rest = np.arange(words, dtype=np.int64)
    folded = np.zeros(words, dtype=np.int64)
    while bits and rest.any():
        folded ^= rest & (banks - 1)
        rest >>= bits
    return folded.astype(np.int32)


def placement_of(machine: UnitsMachine) -> Placement:
    """The placement that a machine names, made once for each size; MappingError where its file does not hold one."""
    mapping = machine.mapping
    named = from_file(Path(mapping.placement_file or ""), machine) if mapping.placement == "file" else PLACEMENTS[mapping.placement]
    return lru_cache(maxsize=16)(named)


def from_file(path: Path, machine: UnitsMachine) -> Placement:
    """A user's own array: `.npy`, one bank index for each word of a copy, in scatter of partial sums; a tile uses its first so many."""
    banks = _array(path)
    scattered = machine.mapping.dataflow == "scatter"
    what, count = "words of partial sums" if scattered else "words", machine.fabric.banks_per_copy
    held = machine.placed_in_bank * count
    if banks.ndim != 1 or banks.dtype.kind not in "iu" or len(banks) < held:
        raise MappingError(
            f"{path}: found {banks.dtype} of shape {banks.shape}; a placement is a 1-D integer array of at least {held} {what}"
        )
    if banks.min() < 0 or banks.max() >= count:
        raise MappingError(f"{path}: bank indices run from {banks.min()} to {banks.max()}; allowed are 0 to {count - 1}")
    fullest = int(np.bincount(banks[:held]).max())
    if fullest > machine.placed_in_bank:
        raise MappingError(f"{path}: one bank is given {fullest} {what}, but holds {machine.placed_in_bank}")
    table: NDArray[np.int32] = banks.astype(np.int32)

    def placed(words: int, banks: int) -> NDArray[np.int32]:
        """The file's first `words` entries."""
        return table[:words]

    return placed


def _array(path: Path) -> NDArray[Any]:
    """The array of a regular .npy file that is all there. Raises MappingError."""
    reason = not_a_file(path)
    if reason is not None:
        raise MappingError(f"{path}: not a .npy array of bank indices: {reason}")
    from simulator.workload.readers.numpy_files import npy_header

    try:
        with path.open("rb") as stream:
            header, left = npy_header(stream, path.name), path.stat().st_size - stream.tell()
            if header.dtype.kind not in "iu" or header.size != left:
                raise OperandError(f"{left} bytes for {header.elements} elements of type {header.dtype}")
            return header.array(stream.read(header.size))
    except (OSError, OperandError) as error:
        raise MappingError(f"{path}: not a .npy array of bank indices: {getattr(error, 'strerror', None) or error}") from error


PLACEMENTS: dict[str, Placement] = {"interleaved": interleaved, "hashed": hashed}
