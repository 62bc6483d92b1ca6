"""Words of several lanes: the same arithmetic in each, on whole numbers in two's complement."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value, signed

from simulator.rtl.shape import ClusterShape


def products(m: Module, shape: ClusterShape, weight: Value, word: Value) -> Value:
    """A weight times each lane of a word of activations, as a word of sums. `weight`: signed."""
    lanes = [word[lane * shape.activation_bits :][: shape.activation_bits].as_signed() for lane in range(shape.lanes)]
    wide = [Signal(signed(shape.sum_bits), name=f"product_{lane}") for lane in range(shape.lanes)]
    m.d.comb += [into.eq(weight * lane) for into, lane in zip(wide, lanes, strict=True)]
    return Cat(*wide)


def lanewise(shape: ClusterShape, first: Value, second: Value) -> Value:
    """The sum of two words of sums, lane by lane."""
    bits = shape.sum_bits
    return Cat((first[lane * bits :][:bits] + second[lane * bits :][:bits])[:bits] for lane in range(shape.lanes))
