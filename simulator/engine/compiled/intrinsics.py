"""What the kernels need and Numba does not have: memory at addresses, and two instructions on words of bits.

Memory is seen as int64 numbers, whatever the width they are stored in: one type of number keeps Numba from compiling every
part again for every mix of widths, and an address that is known not to be negative needs no check at every access.
"""

# Numba's extension interface has no types of its own.
# mypy: disable-error-code="no-untyped-call, untyped-decorator"

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import int64, types
from numba.core import cgutils
from numba.core.datamodel.models import PrimitiveModel
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model


class Memory(types.Type):
    """Where the elements of an array are."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        super().__init__(name=f"memory of {bits} bits")


@register_model(Memory)
class MemoryModel(PrimitiveModel):
    """A pointer."""

    def __init__(self, dmm: Any, fe_type: Memory) -> None:
        super().__init__(dmm, fe_type, ir.IntType(fe_type.bits).as_pointer())


@infer_global(operator.getitem)
class GetItem(AbstractTemplate):
    """memory[address] → int64"""

    def generic(self, args: Any, kws: Any) -> Any:
        """The signature, for memory."""
        return signature(types.int64, args[0], types.int64) if isinstance(args[0], Memory) else None


@infer_global(operator.setitem)
class SetItem(AbstractTemplate):
    """memory[address] = int64"""

    def generic(self, args: Any, kws: Any) -> Any:
        """The signature, for memory."""
        return signature(types.none, args[0], types.int64, types.int64) if isinstance(args[0], Memory) else None


@lower_builtin(operator.getitem, Memory, types.Integer)
def load(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """Read an element."""
    value = builder.load(builder.gep(args[0], [args[1]]))
    return value if sig.args[0].bits == 64 else builder.sext(value, ir.IntType(64))


@lower_builtin(operator.setitem, Memory, types.Integer, types.Any)
def store(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """Write an element."""
    value = args[2] if sig.args[0].bits == 64 else builder.trunc(args[2], ir.IntType(sig.args[0].bits))
    builder.store(value, builder.gep(args[0], [args[1]]))
    return context.get_dummy_value()


@intrinsic
def _pointer(typing_context: Any, array: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return cgutils.create_struct_proxy(sig.args[0])(context, builder, args[0]).data

    return Memory(array.dtype.bitwidth)(array), generate


@intrinsic
def _lowest(typing_context: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@intrinsic
def _rotated(typing_context: Any, word: Any, places: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        word64 = ir.IntType(64)
        shift = builder.module.declare_intrinsic("llvm.fshr", (word64,), ir.FunctionType(word64, [word64] * 3))
        return builder.call(shift, [args[0], args[0], args[1]])

    return types.int64(types.int64, types.int64), generate


pointer: Callable[[Any], list[int]] = cast("Any", _pointer)
"""The memory of an array of integers."""
lowest: Callable[[int], int] = cast("Any", _lowest)
"""Place of the lowest set bit of a nonzero word."""
rotated: Callable[[int, int], int] = cast("Any", _rotated)
"""A word rotated right by so many places."""
number: Callable[[int], int] = cast("Any", int64)
"""A constant as a number like any other: Numba compiles a part anew for every constant that it is called with."""
