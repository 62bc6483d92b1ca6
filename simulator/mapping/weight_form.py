"""How the weights of a systolic array lie in DRAM, and what that takes."""

from __future__ import annotations

from simulator.machine.model import Machine
from simulator.mapping.array_product import ArrayProduct


def stored_bits(machine: Machine, product: ArrayProduct, rows: int, steps: int, nonzeros: int) -> int:
    """Bits of a part of W of so many rows, steps and nonzeros.

    Packed N:M: every step's value, and which of its group it is. Else dense, or, where the machine compresses, the least
    of dense, a bitmap with the nonzeros, and column indices with a count a row.
    """
    value = machine.datatypes.weight_bits
    if product.of > 1:
        return rows * steps * machine.held_weight_bits
    dense = rows * steps * value
    if machine.systolic.weights_in_dram == "dense":
        return dense
    bitmap = rows * steps + nonzeros * value
    indexed = nonzeros * (value + (steps - 1).bit_length()) + rows * steps.bit_length()
    return min(dense, bitmap, indexed)
