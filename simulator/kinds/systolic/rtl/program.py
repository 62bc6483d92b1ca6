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
    listed: bool
    list_base: int
    adds: bool


@dataclass
class Region:
    """What lies in the banks of one edge: [banks, places], each block of operands once."""

    banks: int
    word: int = 1
    """Blocks begin with a word of so many operands."""
    words: int = 0
    """Operands of a bank."""
    blocks: list[tuple[int, Lines]] = field(default_factory=list)
    """First place, and [banks used, places]."""
    _bases: dict[bytes, int] = field(default_factory=dict)

    def base_of(self, block: Lines) -> int:
        """Where a block [banks used, places] begins, which is laid down if it does not lie there."""
        key = block.tobytes() + str(block.shape).encode()
        if key not in self._bases:
            self._bases[key] = self.words
            self.blocks.append((self.words, block))
            self.words += -(-block.shape[1] // self.word) * self.word
        return self._bases[key]


@dataclass(frozen=True)
class FoldProgram:
    """Folds in their order, with all that their banks hold: a whole operation, so that nothing is filled while it runs."""

    orders: tuple[FoldOrder, ...]
    row_banks: Region
    column_banks: Region
    sum_words: int
    """Of a bank of sums."""
    lists: Region
    """Of the sequencer: steps that remain, in one bank."""
    unread: tuple[int, int]
    """Places of words at the left and at the top that are read and lie behind the end of a tile."""
    sum_bases: dict[tuple[int, int], int]
    """Where the sums of each output block lie, by its first output feature and its first token."""


def fold_program(flow: Dataflow, folds: Sequence[PlacedFold], left: Region, top: Region, operand_bits: int) -> FoldProgram:
    """Hand the folds over, with two empty regions. Raises ConfigError where an operand is no integer of so many bits."""
    orders, bases, words = [], {}, 0
    lists, unread = Region(1), [0, 0]
    for fold in folds:
        operands = fold.operands
        across, down = (_integers(block, operand_bits) for block in _edges(flow, operands))
        output = fold.features.start, fold.tokens.start
        adds = output in bases
        if not adds:
            bases[output] = words
            words += operands.used[0] if flow == "os" else len(operands.rows)
        steps = operands.steps
        base = 0 if steps is None else lists.base_of(steps[None])
        if steps is not None:
            for edge, region in enumerate((left, top)):
                last = steps[-1] // region.word == (operands.tile_steps - 1) // region.word
                unread[edge] += operands.used[edge] * (-operands.tile_steps % region.word) * last
        places = left.base_of(across), top.base_of(down), bases[output]
        orders.append(FoldOrder(len(operands.rows), *operands.used, *places, steps is not None, base, adds))
    return FoldProgram(tuple(orders), left, top, words, lists, (unread[0], unread[1]), bases)


def _edges(flow: Dataflow, operands: Operands) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a fold reads at the left, [rows, steps], and at the top, [columns, steps or held rows]; padding lies there and is not read."""
    used_rows, used_cols = operands.used
    if flow == "os":
        return _spread(operands.rows[:, :, 0], operands).T, _spread(operands.cols[:, :used_cols], operands).T
    return operands.rows[:, :, 0].T, operands.cols[:used_rows, :used_cols].T


def _spread(steps: NDArray[np.float64], operands: Operands) -> NDArray[np.float64]:
    """Steps where they lie in their tile; what is skipped is not read out of its word."""
    if operands.steps is None:
        return steps
    spread = np.zeros((operands.tile_steps, steps.shape[1]))
    spread[operands.steps] = steps
    return spread


def _integers(block: NDArray[np.float64], bits: int) -> Lines:
    limit = 1 << (bits - 1)
    if block.size and (block != np.rint(block)).any():
        raise ConfigError("hardware multiplies integers: found operands that are none; give the workload integer values")
    if block.size and not -limit <= block.min() <= block.max() < limit:
        raise ConfigError(f"hardware multiplies integers of {bits} b: found operands from {block.min():g} to {block.max():g}")
    return np.ascontiguousarray(block).astype(np.int64)
