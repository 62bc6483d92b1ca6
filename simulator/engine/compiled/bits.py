"""Bit masks over several 64-bit words, and how the kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

from simulator.engine.compiled.intrinsics import lowest, rotated
from simulator.engine.compiled.records import Array, Wide

Part = TypeVar("Part", bound=Callable[..., Any])


def _compiled(**options: Any) -> Callable[[Part], Part]:
    return cast("Callable[[Part], Part]", cast("Any", njit)(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, **options))


part = _compiled()
"""A part of a kernel."""
inline = _compiled(forceinline=True)
"""A part that is run for every flit."""


@inline
def set_bit(mask: Array[Wide], place: int) -> None:
    """Set a bit of a mask."""
    mask[place >> 6] |= 1 << (place & 63)


@inline
def clear_bit(mask: Array[Wide], place: int) -> None:
    """Clear a bit of a mask."""
    mask[place >> 6] &= ~(1 << (place & 63))


@inline
def has_bit(mask: Array[Wide], place: int) -> bool:
    """Whether a bit of a mask is set."""
    return (mask[place >> 6] >> (place & 63)) & 1 != 0


@inline
def first_in_word(word: int, pointer: int) -> int:
    """The first set bit of a nonzero word, cyclically from `pointer`."""
    return pointer + lowest(rotated(word, pointer)) & 63


@inline
def first_from(mask: Array[Wide], words: int, pointer: int) -> int:
    """The first set bit of a mask, cyclically from `pointer`; −1 if none of several words has any."""
    if words == 1:
        return first_in_word(mask[0], pointer)
    start = pointer >> 6
    upper = mask[start] & (-1 << (pointer & 63))
    if upper:
        return (start << 6) + lowest(upper)
    for step in range(1, words + 1):
        word = start + step
        if word >= words:
            word -= words
        if mask[word]:
            return (word << 6) + lowest(mask[word])
    return -1
