"""Which bank, and which line of it, holds a word: the placements of a machine, as logic."""

from __future__ import annotations

from amaranth.hdl import Const, Value

from simulator.rtl.bits import index_bits
from simulator.rtl.shape import ClusterShape


def bank_of(shape: ClusterShape, address: Value) -> Value:
    """The bank of a tile-local word."""
    banks = shape.spec.banks
    if banks == 1:
        return Const(0, 1)
    if shape.placement == "interleaved":
        return (address % banks)[: index_bits(banks)]
    bits = index_bits(banks)
    folded: Value = address[:bits]
    for place in range(bits, len(address), bits):
        folded = folded ^ address[place : place + bits]
    return folded[:bits]


def line_of(shape: ClusterShape, address: Value) -> Value:
    """The line of that bank: each run of as many words as there are banks uses each bank once."""
    line = address // shape.spec.banks
    return line[: index_bits(shape.bank_words)]
