"""Memory as the kernels see it: int64 numbers at addresses that are never negative, whatever the width they are stored in.

One type of number keeps Numba from compiling every part again for every mix of widths, and an address that is known not
to be negative needs no check at every access.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel.models import PrimitiveModel
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model


class Memory(types.Type):  # type: ignore[misc]
    """Where the elements of an array are."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        super().__init__(name=f"memory of {bits} bits")


@register_model(Memory)
class MemoryModel(PrimitiveModel):  # type: ignore[misc]
    """A pointer."""

    def __init__(self, dmm: Any, fe_type: Memory) -> None:
        super().__init__(dmm, fe_type, ir.IntType(fe_type.bits).as_pointer())


@infer_global(operator.getitem)
class GetItem(AbstractTemplate):  # type: ignore[misc]
    """memory[address] → int64"""

    def generic(self, args: Any, kws: Any) -> Any:
        """The signature, for memory."""
        return signature(types.int64, args[0], types.int64) if isinstance(args[0], Memory) else None


@infer_global(operator.setitem)
class SetItem(AbstractTemplate):  # type: ignore[misc]
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
def pointer(typing_context: Any, array: Any) -> Any:
    """The memory of an array of integers."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return cgutils.create_struct_proxy(sig.args[0])(context, builder, args[0]).data

    return Memory(array.dtype.bitwidth)(array), generate
