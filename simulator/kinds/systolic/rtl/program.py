"""An operation as the folds that an array's hardware is handed, and the contents of its banks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.errors import ConfigError
from simulator.kinds.systolic.cells import Operands
from simulator.kinds.systolic.folds import Dataflow
from simulator.kinds.systolic.reference import PlacedFold

Lines = NDArray[np.int64]


@dataclass(frozen=True)
class FoldOrder:
    """One fold, as the sequencer takes it."""

    steps: int
    rows: int
    cols: int
    row_base: int
    column_base: int
    sum_base: int
    adds: bool


@dataclass
class Region:
    """What lies in the banks of one edge: [banks, words], each block of operands once."""

    banks: int
    words: int = 0
    blocks: list[tuple[int, Lines]] = field(default_factory=list)
    """First word, and [banks used, words]."""
    _bases: dict[bytes, int] = field(default_factory=dict)

    def base_of(self, block: Lines) -> int:
        """Where a block [banks used, words] begins, which is laid down if it does not lie there."""
        key = block.tobytes() + str(block.shape).encode()
        if key not in self._bases:
            self._bases[key] = self.words
            self.blocks.append((self.words, block))
            self.words += block.shape[1]
        return self._bases[key]


@dataclass(frozen=True)
class FoldProgram:
    """Folds in their order, with all that their banks hold: a whole operation, so that nothing is filled while it runs."""

    orders: tuple[FoldOrder, ...]
    row_banks: Region
    column_banks: Region
    sum_words: int
    """Of a bank of sums."""
    sum_bases: dict[tuple[int, int], int]
    """Where the sums of each output block lie, by its first output feature and its first token."""


def fold_program(flow: Dataflow, folds: Sequence[PlacedFold], rows: int, cols: int, operand_bits: int) -> FoldProgram:
    """Hand the folds over. Raises ConfigError where an operand is no integer of so many bits."""
    left, top = Region(rows), Region(cols)
    orders, bases, words = [], {}, 0
    for fold in folds:
        operands = fold.operands
        across, down = (_integers(block, operand_bits) for block in _edges(flow, operands))
        output = fold.features.start, fold.tokens.start
        adds = output in bases
        if not adds:
            bases[output] = words
            words += operands.used[0] if flow == "os" else len(operands.rows)
        orders.append(FoldOrder(len(operands.rows), *operands.used, left.base_of(across), top.base_of(down), bases[output], adds))
    return FoldProgram(tuple(orders), left, top, words, bases)


def _edges(flow: Dataflow, operands: Operands) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a fold reads at the left, [rows, steps], and at the top, [columns, steps or held rows]; padding lies there and is not read."""
    used_rows, used_cols = operands.used
    held = operands.cols if flow == "os" else operands.cols[:used_rows]
    return operands.rows[:, :, 0].T, held[:, :used_cols].T


def _integers(block: NDArray[np.float64], bits: int) -> Lines:
    limit = 1 << (bits - 1)
    if block.size and (block != np.rint(block)).any():
        raise ConfigError("hardware multiplies integers: found operands that are none; give the workload integer values")
    if block.size and not -limit <= block.min() <= block.max() < limit:
        raise ConfigError(f"hardware multiplies integers of {bits} b: found operands from {block.min():g} to {block.max():g}")
    return np.ascontiguousarray(block).astype(np.int64)
