"""Lays out the memory of a fabric: records and masks get addresses one after another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.engine.compiled import layout as at

Registers = NDArray[np.int32]
Words = NDArray[np.int64]


@dataclass
class Layout:
    """Addresses handed out so far.

    >>> layout = Layout()
    >>> layout.registers(8), layout.registers(3), layout.masks(2, 1), layout.masks(1, 1)
    (160, 168, 26, 28)
    """

    size: int = at.HEADERS_END
    words: int = at.FIRST_MASK

    def registers(self, count: int) -> int:
        """Address of so many registers."""
        self.size += count
        return self.size - count

    def masks(self, count: int, words: int) -> int:
        """Address of so many masks of so many words each."""
        self.words += count * words
        return self.words - count * words

    def memory(self) -> tuple[Registers, Words]:
        """All of it, zero."""
        return np.zeros(self.size, dtype=np.int32), np.zeros(self.words, dtype=np.int64)


def addresses(first: int, count: int, size: int) -> NDArray[np.int64]:
    """Addresses of records that follow each other."""
    return first + size * np.arange(count)


def records(m: Registers, first: int, count: int, size: int) -> Registers:
    """[records, fields] a view of records that follow each other."""
    return m[first : first + count * size].reshape(count, size)


def mask_words(bits: int) -> int:
    """64-bit words of a mask."""
    return max(1, -(-bits // 64))
