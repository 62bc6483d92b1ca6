"""Bit masks over several 64-bit words, and how the kernels are compiled."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

part = njit(nogil=True, error_model="numpy", _nrt=False)
"""A part of a kernel. Nothing is allocated, so references need no counting."""
inline = njit(nogil=True, error_model="numpy", _nrt=False, forceinline=True)
"""A part that is run for every flit."""
kernel = njit(nogil=True, error_model="numpy", _nrt=False, cache=True)
"""What Python calls."""


@intrinsic
def lowest(typing_context: Any, mask: Any) -> Any:
    """Place of the lowest set bit of a nonzero word."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@intrinsic
def pointer(typing_context: Any, array: Any) -> Any:
    """The memory of an array. Addresses are never negative, so they need not be checked for that at every access."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), generate


@inline
def set_bit(w, mask, place):
    """Set a bit of a mask that begins at address `mask`."""
    w[mask + (place >> 6)] |= 1 << (place & 63)


@inline
def clear_bit(w, mask, place):
    """Clear a bit of a mask."""
    w[mask + (place >> 6)] &= ~(1 << (place & 63))


@inline
def first_from(w, mask, words, pointer):
    """The first set bit of a mask, cyclically from `pointer`; −1 if none is set."""
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
