"""What it costs to choose a new mask: select the largest weights of every matrix, write the lists again, balance the rows again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.activity import Counts
from simulator.cost import Counted, Technology
from simulator.kinds import kind_of
from simulator.machine.elaborated import Elaborated
from simulator.pricing import pricer_of
from simulator.workload.types import Operation

SELECTION_PASSES = 2
"""Over all weights: a histogram of magnitudes finds the threshold, a second pass takes what is above (radix selection)."""


@dataclass(frozen=True)
class Rebuild:
    """One change of the masks of all sparse matrices."""

    matrices: int
    weights: int
    """Places of all of them, zero or not: each has a dense copy that training goes on with."""
    nonzeros: int
    read_bytes: int
    """Dense weights, once a pass."""
    written_bytes: int
    """Lists of every matrix, and of its transpose where a product takes a stored one."""
    dram_cycles: int
    compare_cycles: int
    """One comparison a multiplier and cycle."""
    balance_cycles: int
    """Rows are given to the least loaded unit, one after another: ⌈log2 units⌉ comparisons a row, one a cycle."""
    dram_energy_pj: float
    """Of what is read and written. Comparisons are not charged."""

    @property
    def cycles(self) -> int:
        """Selection streams, so that the slower of DRAM and comparisons counts; balancing comes after it."""
        return max(self.dram_cycles, self.compare_cycles) + self.balance_cycles


def rebuild_cost(elaborated: Elaborated, technology: Technology, operations: Sequence[Operation]) -> Rebuild:
    """The cost for the operations of a step: each stored sparse W once, however many products take it.

    A model of streaming, not a simulation: DRAM at its full rate, lists of the machine's own form, a selection that needs no
    more on-chip memory than its histogram. Assumed, as no published accelerator does this step.
    """
    machine = elaborated.machine
    owned = {op.weight.sha256: op for op in operations if op.weight_home == "dram" and op.transpose == "none" and not op.weight.dense}
    transposed = [op for op in operations if op.transpose == "stored" and not op.weight.dense]
    weights = sum(op.batch * op.block_shape[0] * op.block_shape[1] for op in owned.values())
    kind = kind_of(machine)
    entry_bits = kind.list_entry_bits(machine)
    lists = [op.weight.nnz for op in (*owned.values(), *transposed)]
    read_bytes = SELECTION_PASSES * weights * machine.datatypes.weight_bits // 8
    written_bytes = sum(-(-nnz * entry_bits // 8) for nnz in lists)
    rows = sum(op.weight.shape[0] for op in (*owned.values(), *transposed))
    prices = pricer_of(elaborated, technology).rates
    moved = Counts(dram_read_bytes=read_bytes, dram_write_bytes=written_bytes)
    return Rebuild(
        matrices=len(owned),
        weights=weights,
        nonzeros=sum(op.weight.nnz for op in owned.values()),
        read_bytes=read_bytes,
        written_bytes=written_bytes,
        dram_cycles=math.ceil((read_bytes + written_bytes) / elaborated.dram_bytes_per_cycle),
        compare_cycles=-(-SELECTION_PASSES * weights // machine.multipliers),
        balance_cycles=rows * (kind.list_owners(machine) - 1).bit_length(),
        dram_energy_pj=float(prices.energy_pj @ Counted(moved, 0).vector(prices.kinds)),
    )
