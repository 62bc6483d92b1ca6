"""What the kernels need and Numba does not have: records in a memory (`records.py`), and two instructions on words of bits.

A record, an array or a table is the memory and an address in it. Numbers are seen as int64, whatever the width they are
stored in: one type of number keeps Numba from compiling every part again for every mix of widths, and an address that is
known not to be negative needs no check at every access.
"""

# Numba's extension interface has no types of its own.
# mypy: disable-error-code="no-untyped-call, untyped-decorator"

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import int64, types
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global, signature
from numba.extending import (
    infer_getattr,
    intrinsic,
    lower_builtin,
    lower_getattr_generic,
    lower_setattr_generic,
    models,
    register_model,
)

from simulator.engine.compiled.records import Field, Kind, Numbers, Record, fields_of, size_of

NUMBER, WORD = ir.IntType(32), ir.IntType(64)
Kept = TypeVar("Kept", bound=Record)


class Pointer(types.Type):
    """Where a record, an array or a table is."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        bits = 64 if kind.wide else 32
        super().__init__(name=f"{kind.form} of {kind.record.__qualname__ if kind.record else bits}")


class RecordType(Pointer):
    """Where a record is."""


class SequenceType(Pointer):
    """Where an array or a table is."""


@register_model(RecordType)
@register_model(SequenceType)
class PointerModel(models.StructModel):
    """A memory and an address in it."""

    def __init__(self, dmm: Any, fe_type: Pointer) -> None:
        super().__init__(dmm, fe_type, [("memory", types.CPointer(types.int32)), ("address", types.int64)])


def type_of(kind: Kind) -> Any:
    """What a kernel sees of a field or an element."""
    if kind.form in ("number", "wide"):
        return types.int64
    return RecordType(kind) if kind.form == "record" else SequenceType(kind)


def element_of(sequence: SequenceType) -> Any:
    """What a kernel sees of an element."""
    return types.int64 if sequence.kind.record is None else RecordType(Kind("record", sequence.kind.record))


class _At:
    """Builds what is done at an address of the memory of a place."""

    def __init__(self, context: Any, builder: Any, place: Any) -> None:
        self.context, self.builder = context, builder
        self.memory, self.address = builder.extract_value(place, 0), builder.extract_value(place, 1)

    def plus(self, places: int) -> Any:
        """The address so many places further on."""
        return self.builder.add(self.address, ir.Constant(WORD, places), flags=("nsw",)) if places else self.address

    def step(self, index: Any, size: int) -> Any:
        """The address so many elements further on."""
        return self.builder.add(self.address, self.builder.mul(index, ir.Constant(WORD, size), flags=("nsw",)), flags=("nsw",))

    def pointer(self, address: Any, wide: bool) -> Any:
        """The processor's address of a number."""
        pointer = self.builder.gep(self.memory, [address])
        return self.builder.bitcast(pointer, WORD.as_pointer()) if wide else pointer

    def load(self, address: Any, wide: bool) -> Any:
        """Read a number."""
        value = self.builder.load(self.pointer(address, wide))
        return value if wide else self.builder.sext(value, WORD)

    def store(self, value: Any, address: Any, wide: bool) -> None:
        """Write a number."""
        self.builder.store(value if wide else self.builder.trunc(value, NUMBER), self.pointer(address, wide))

    def place(self, kind: Kind, address: Any) -> Any:
        """A record, an array or a table at another address of the memory."""
        whole = ir.Constant(self.context.get_value_type(type_of(kind)), ir.Undefined)
        return self.builder.insert_value(self.builder.insert_value(whole, self.memory, 0), address, 1)


@infer_getattr
class Fields(AttributeTemplate):
    """record.field"""

    key = RecordType

    def generic_resolve(self, record: RecordType, name: str) -> Any:  # type: ignore[override]
        """The type of a field."""
        field = fields_of(cast("type[Record]", record.kind.record)).get(name)
        return type_of(field.kind) if field else None


def _field(record: RecordType, name: str) -> Field:
    return fields_of(cast("type[Record]", record.kind.record))[name]


@lower_getattr_generic(RecordType)
def read_field(context: Any, builder: Any, record: RecordType, value: Any, name: str) -> Any:
    """record.field"""
    at, field = _At(context, builder, value), _field(record, name)
    if field.place == "inside":
        return at.place(field.kind, at.plus(field.offset))
    if field.place == "here":
        return at.place(field.kind, at.address)
    if field.place == "nowhere":
        return at.place(field.kind, ir.Constant(WORD, 0))
    number = at.load(at.plus(field.offset), field.kind.form == "wide")
    return number if type_of(field.kind) == types.int64 else at.place(field.kind, number)


@lower_setattr_generic(RecordType)
def write_field(context: Any, builder: Any, sig: Any, args: Any, name: str) -> None:
    """record.field = value"""
    at, field = _At(context, builder, args[0]), _field(sig.args[0], name)
    number = args[1] if type_of(field.kind) == types.int64 else builder.extract_value(args[1], 1)
    at.store(number, at.plus(field.offset), field.kind.form == "wide")


@infer_global(operator.getitem)
class GetElement(AbstractTemplate):
    """sequence[index]"""

    def generic(self, args: Any, kws: Any) -> Any:
        """The signature, for arrays and tables."""
        return signature(element_of(args[0]), args[0], types.int64) if isinstance(args[0], SequenceType) else None


@infer_global(operator.setitem)
class SetElement(AbstractTemplate):
    """sequence[index] = value"""

    def generic(self, args: Any, kws: Any) -> Any:
        """The signature, for arrays and tables."""
        return signature(types.none, args[0], types.int64, element_of(args[0])) if isinstance(args[0], SequenceType) else None


@lower_builtin(operator.getitem, SequenceType, types.Integer)
def read_element(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """sequence[index]"""
    at, kind = _At(context, builder, args[0]), sig.args[0].kind
    if kind.record is None:
        return at.load(at.step(args[1], 2 if kind.wide else 1), kind.wide)
    element = Kind("record", kind.record)
    address = at.step(args[1], size_of(kind.record)) if kind.form == "array" else at.load(at.step(args[1], 1), False)
    return at.place(element, address)


@lower_builtin(operator.setitem, SequenceType, types.Integer, types.Any)
def write_element(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """sequence[index] = value"""
    at, kind = _At(context, builder, args[0]), sig.args[0].kind
    number = args[2] if kind.record is None else builder.extract_value(args[2], 1)
    at.store(number, at.step(args[1], 2 if kind.wide else 1), kind.wide)
    return context.get_dummy_value()


class _Comparison(AbstractTemplate):
    """record == record, of one type"""

    def generic(self, args: Any, kws: Any) -> Any:
        """The signature, for records."""
        both = len(args) == 2 and isinstance(args[0], RecordType) and args[0] == args[1]
        return signature(types.boolean, *args) if both else None


def _compare(operation: Any, symbol: str) -> None:
    infer_global(operation)(type(f"Compare{operation.__name__.title()}", (_Comparison,), {}))

    @lower_builtin(operation, RecordType, RecordType)
    def lowered(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.icmp_signed(symbol, *(builder.extract_value(record, 1) for record in args))


_compare(operator.eq, "==")
_compare(operator.ne, "!=")
_compare(operator.gt, ">")


class _Truth(AbstractTemplate):
    """Whether a record is one."""

    def generic(self, args: Any, kws: Any) -> Any:
        """The signature, for records."""
        return signature(types.boolean, args[0]) if len(args) == 1 and isinstance(args[0], RecordType) else None


def _truth(operation: Any, symbol: str) -> None:
    infer_global(operation)(type(f"Truth{operation.__name__.title()}", (_Truth,), {}))

    @lower_builtin(operation, RecordType)
    def lowered(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.icmp_signed(symbol, builder.extract_value(args[0], 1), ir.Constant(WORD, 0))


_truth(bool, "!=")
_truth(operator.not_, "==")


def first_record(record: type[Kept]) -> Callable[[Numbers], Kept]:
    """A function of kernels: the record of this kind at address 0 of a memory."""

    @intrinsic
    def opened(typing_context: Any, memory: Any) -> Any:
        """The memory's data, and address 0 in it."""

        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            whole = ir.Constant(context.get_value_type(sig.return_type), ir.Undefined)
            whole = builder.insert_value(whole, builder.bitcast(args[0], NUMBER.as_pointer()), 0)
            return builder.insert_value(whole, ir.Constant(WORD, 0), 1)

        return RecordType(Kind("record", record))(memory), generate

    return cast("Callable[[Numbers], Kept]", opened)


class NumbersType(types.Type):
    """Where the elements of an array of integers are."""

    def __init__(self, bits: int, signed: bool) -> None:
        self.bits, self.signed = bits, signed
        super().__init__(name=f"numbers of {bits} bits, {'signed' if signed else 'unsigned'}")


def numbers_type(name: str) -> NumbersType:
    """What a kernel sees of an array of integers, by NumPy's name of their type: read, and written if they have 64 bits."""
    dtype = np.dtype(name)
    return NumbersType(8 * dtype.itemsize, dtype.kind == "i")


@register_model(NumbersType)
class NumbersModel(models.PrimitiveModel):
    """A pointer."""

    def __init__(self, dmm: Any, fe_type: NumbersType) -> None:
        super().__init__(dmm, fe_type, ir.IntType(fe_type.bits).as_pointer())


@infer_global(operator.getitem)
class GetNumber(AbstractTemplate):
    """numbers[index]"""

    def generic(self, args: Any, kws: Any) -> Any:
        """The signature, for numbers."""
        return signature(types.int64, args[0], types.int64) if isinstance(args[0], NumbersType) else None


@lower_builtin(operator.getitem, NumbersType, types.Integer)
def read_number(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """numbers[index]"""
    value = builder.load(builder.gep(args[0], [args[1]]))
    return value if sig.args[0].bits == 64 else (builder.sext if sig.args[0].signed else builder.zext)(value, WORD)


@infer_global(operator.setitem)
class SetNumber(AbstractTemplate):
    """numbers[index] = value"""

    def generic(self, args: Any, kws: Any) -> Any:
        """The signature, for numbers of 64 bits."""
        writable = isinstance(args[0], NumbersType) and args[0].bits == 64
        return signature(types.none, args[0], types.int64, types.int64) if writable else None


@lower_builtin(operator.setitem, NumbersType, types.Integer, types.Integer)
def write_number(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    """numbers[index] = value"""
    builder.store(args[2], builder.gep(args[0], [args[1]]))
    return context.get_dummy_value()


@intrinsic
def _onward(typing_context: Any, numbers: Any, first: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return numbers(numbers, types.int64), generate


@intrinsic
def _lowest(typing_context: Any, word: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@intrinsic
def _rotated(typing_context: Any, word: Any, places: Any) -> Any:
    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        shift = builder.module.declare_intrinsic("llvm.fshr", (WORD,), ir.FunctionType(WORD, [WORD] * 3))
        return builder.call(shift, [args[0], args[0], args[1]])

    return types.int64(types.int64, types.int64), generate


onward: Callable[[Numbers, int], Numbers] = cast("Any", _onward)
"""Numbers from one of them on."""
lowest: Callable[[int], int] = cast("Any", _lowest)
"""Place of the lowest set bit of a nonzero word."""
rotated: Callable[[int, int], int] = cast("Any", _rotated)
"""A word rotated right by so many places."""
number: Callable[[int], int] = cast("Any", int64)
"""A constant as a number like any other: Numba compiles a part anew for every constant that it is called with."""
