"""Words of several lanes: the same arithmetic in each, on whole numbers in two's complement."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Signal, Value, signed

from simulator.rtl.shape import ClusterShape


def lanes_of(shape: ClusterShape, word: Value) -> list[Value]:
    """The activations of a word, signed."""
    return [word[lane * shape.activation_bits :][: shape.activation_bits].as_signed() for lane in range(shape.lanes)]


def products(m: Module, shape: ClusterShape, factors: Sequence[Value], word: Value) -> Value:
    """A factor for each lane of a word of activations, times that lane, as a word of sums. `factors`: signed."""
    wide = [Signal(signed(shape.sum_bits), name=f"product_{lane}") for lane in range(shape.lanes)]
    m.d.comb += [into.eq(factor * lane) for into, factor, lane in zip(wide, factors, lanes_of(shape, word), strict=True)]
    return Cat(*wide)


def lanewise(shape: ClusterShape, first: Value, second: Value) -> Value:
    """The sum of two words of sums, lane by lane."""
    bits = shape.sum_bits
    return Cat((first[lane * bits :][:bits] + second[lane * bits :][:bits])[:bits] for lane in range(shape.lanes))
