"""Bit masks over several 64-bit words, and how the kernels are compiled."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

part = njit(nogil=True, error_model="numpy", _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""A part of a kernel. Nothing is allocated, so references need no counting."""
inline = njit(nogil=True, error_model="numpy", _nrt=False, forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""A part that is run for every flit."""
kernel = njit(nogil=True, error_model="numpy", _nrt=False, cache=True)
"""What Python calls."""


@intrinsic
def lowest(typing_context: Any, mask: Any) -> Any:
    """Place of the lowest set bit of a nonzero word."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@inline
def set_bit(w, mask, place):
    """Set a bit of a mask that begins at address `mask`."""
    w[mask + (place >> 6)] |= 1 << (place & 63)


@inline
def clear_bit(w, mask, place):
    """Clear a bit of a mask."""
    w[mask + (place >> 6)] &= ~(1 << (place & 63))


@intrinsic
def rotated(typing_context: Any, word: Any, places: Any) -> Any:
    """A word rotated right."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word64 = ir.IntType(64)
        shift = builder.module.declare_intrinsic("llvm.fshr", (word64,), ir.FunctionType(word64, [word64] * 3))
        return builder.call(shift, [arguments[0], arguments[0], arguments[1]])

    return types.int64(types.int64, types.int64), generate


@inline
def put_bit(w, mask, place, value):
    """Set a bit of a mask to 0 or 1."""
    word = mask + (place >> 6)
    w[word] = w[word] & ~(1 << (place & 63)) | value << (place & 63)


@inline
def first_in_word(word, pointer):
    """The first set bit of a nonzero word, cyclically from `pointer`."""
    return pointer + lowest(rotated(word, pointer)) & 63


@inline
def first_from(w, mask, words, pointer):
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
