"""Small pieces that several components are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Array, Cat, Module, Mux, Signal, Value

from simulator.rtl.bits import index_bits


def wire(m: Module, value: Value, name: str, bits: int | None = None) -> Signal:
    """A value by a name of its own, cut to `bits`: what is used several times is worked out once."""
    signal = Signal(len(value) if bits is None else bits, name=name)
    m.d.comb += signal.eq(value)
    return signal


def gathered(m: Module, bits: Sequence[Value], name: str) -> Signal:
    """Bits from many places as one word, put together once.

    Said in two parts: a word that is said whole has no wires of its own, and is put together again wherever it is read.
    """
    word = Signal(len(bits), name=name)
    m.d.comb += [word[:1].eq(bits[0]), word[1:].eq(Cat(*bits[1:]))]
    return word


def tell(m: Module, wire: Signal, number: int) -> None:
    """A number, to one of several components that are made alike.

    Bit by bit: a number that is said whole would become part of the module that reads it, and no two of them would be alike.
    """
    m.d.comb += [bit.eq(number >> place & 1) for place, bit in enumerate(wire)]


def delayed(m: Module, value: Value, cycles: int, name: str) -> Value:
    """What a wire was `cycles` cycles ago: a register each."""
    for stage in range(cycles):
        register = Signal(len(value), name=f"{name}_{stage}")
        m.d.sync += register.eq(value)
        value = register
    return value


def chosen(of: Sequence[Any], index: Value) -> Any:
    """One of several by its number."""
    return of[0] if len(of) == 1 else Array(of)[index]


def lowest(mask: Value) -> Value:
    """The lowest set bit of a mask, alone."""
    return mask & (~mask + 1)


def any_of(masks: Sequence[Value]) -> Value:
    """Masks, one over another."""
    found, *rest = masks
    for mask in rest:
        found = found | mask
    return found


def selected(choices: Sequence[tuple[Value, Value]]) -> Value:
    """What goes with the one condition that holds; 0 where none does."""
    return any_of([Mux(condition, value, 0) for condition, value in choices])


def number_of(one_hot: Value, bits: int | None = None) -> Value:
    """Of the place that is set, 0 where none is; in as many bits as its places ask for, or as are told."""
    width = index_bits(len(one_hot)) if bits is None else bits
    masks = [sum(1 << place for place in range(len(one_hot)) if place >> bit & 1) for bit in range(width)]
    return Cat((one_hot & mask).any() for mask in masks)


def wrapped(m: Module, value: Value, limit: int) -> Value:
    """A sum of two numbers of which one is below `limit` and the other no more, as a number below it."""
    bits = index_bits(limit)
    if limit == 1 << bits:
        return value[:bits]
    sum_ = wire(m, value, "sum")
    return Mux(sum_ >= limit, sum_ - limit, sum_)[:bits]


def total(values: Sequence[Value]) -> Value:
    """Of one or several numbers."""
    first, *rest = values
    return sum(rest, first)
