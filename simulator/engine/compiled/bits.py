"""Bit masks over several 64-bit words, and how the kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit
from numpy.typing import NDArray

from simulator.engine.compiled.intrinsics import lowest, rotated

Registers = list[int]
"""What a kernel sees of an int32 array: numbers at addresses."""
Words = list[int]
"""The same of an int64 array."""
Array = NDArray[Any]
"""What Python gives to a kernel."""
Part = TypeVar("Part", bound=Callable[..., Any])


def _compiled(**options: Any) -> Callable[[Part], Part]:
    # nothing is allocated, so references need no counting
    return cast("Callable[[Part], Part]", cast("Any", njit)(nogil=True, error_model="numpy", _nrt=False, **options))


part = _compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""A part of a kernel."""
inline = _compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True)
"""A part that is run for every flit."""
kernel = _compiled(cache=True)
"""What Python calls."""


@inline
def set_bit(w: Words, mask: int, place: int) -> None:
    """Set a bit of a mask that begins at address `mask`."""
    w[mask + (place >> 6)] |= 1 << (place & 63)


@inline
def clear_bit(w: Words, mask: int, place: int) -> None:
    """Clear a bit of a mask."""
    w[mask + (place >> 6)] &= ~(1 << (place & 63))


@inline
def first_in_word(word: int, pointer: int) -> int:
    """The first set bit of a nonzero word, cyclically from `pointer`."""
    return pointer + lowest(rotated(word, pointer)) & 63


@inline
def first_from(w: Words, mask: int, words: int, pointer: int) -> int:
    """The first set bit of a mask, cyclically from `pointer`; −1 if none of several words has any."""
    if words == 1:
        return first_in_word(w[mask], pointer)
    start = pointer >> 6
    upper = w[mask + start] & (-1 << (pointer & 63))
    if upper:
        return (start << 6) + lowest(upper)
    for step in range(1, words + 1):
        word = start + step
        if word >= words:
            word -= words
        if w[mask + word]:
            return (word << 6) + lowest(w[mask + word])
    return -1
