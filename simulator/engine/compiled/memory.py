"""Lays out the memory of a fabric: records, tables and masks get addresses one after another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.engine.compiled.records import Addresses, Memory, Record, View, size_of, view


class Block(Struct, frozen=True):
    """Records that follow each other.

    >>> from simulator.engine.compiled.layout import Pipe
    >>> block = Block(Pipe, 100, 3)
    >>> block[2], block.addresses.tolist()
    (110, [100, 105, 110])
    """

    record: type[Record]
    first: int
    count: int

    def __getitem__(self, index: Any) -> Any:
        """Addresses of some of them, by their numbers."""
        return self.first + size_of(self.record) * index

    @property
    def addresses(self) -> Addresses:
        """[count]"""
        return self.first + size_of(self.record) * np.arange(self.count)

    def of(self, memory: Memory) -> View:
        """[count] the records themselves."""
        return view(memory, self.record, self.first, self.count)


@dataclass
class Layout:
    """Addresses handed out so far, behind those of the first record.

    >>> from simulator.engine.compiled.layout import Nobody, Pipe
    >>> layout = Layout(Nobody)
    >>> layout.places(3), layout.block(Pipe, 2).first, layout.masks(2, 1), layout.masks(1, 1)
    (37, 40, array([50, 52]), array([54]))
    """

    first: type[Record]
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = size_of(self.first)

    def places(self, count: int) -> int:
        """Address of so many numbers or references."""
        self.size += count
        return self.size - count

    def block(self, record: type[Record], count: int) -> Block:
        """So many records."""
        return Block(record, self.places(count * size_of(record)), count)

    def masks(self, count: int, words: int) -> Addresses:
        """[count] addresses of masks of so many words each."""
        self.size += self.size % 2
        return self.places(2 * count * words) + 2 * words * np.arange(count)

    def memory(self) -> Memory:
        """All of it, zero."""
        return np.zeros(-(-self.size // 2), dtype=np.int64)


def numbers(memory: Memory, first: int, count: int) -> NDArray[np.int32]:
    """[count] numbers or references that follow each other."""
    return memory.view(np.int32)[first : first + count]


def mask_words(bits: int) -> int:
    """64-bit words of a mask."""
    return max(1, -(-bits // 64))
