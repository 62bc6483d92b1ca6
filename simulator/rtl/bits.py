"""Whole numbers as bits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def index_bits(count: int) -> int:
    """Bits of a number below `count`, one at least."""
    return max(1, (count - 1).bit_length())


def packed(values: Iterable[float], bits: int) -> int:
    """Whole numbers in two's complement, the first one lowest."""
    return sum((int(value) & ((1 << bits) - 1)) << place * bits for place, value in enumerate(values))


def split(word: int, widths: Iterable[int]) -> Iterator[int]:
    """The fields of a word, each of its own width, the first one lowest."""
    for width in widths:
        yield word & ((1 << width) - 1)
        word >>= width
