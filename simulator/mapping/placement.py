"""word → bank: plain functions of the tile-local index of a word."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

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


PLACEMENTS: dict[str, Placement] = {"interleaved": interleaved, "hashed": hashed}
