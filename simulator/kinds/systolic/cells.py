"""The systolic array cell by cell and cycle by cycle: operands move to neighbours, and Y comes out at the edge.

Every cell reads only what its neighbours published in the cycle before. Edge sequencers feed rows and columns with a
skew of one cycle each; a fold starts as soon as loads, streams and drains of the folds around it let it. Operands are read
some cycles before they enter, and a product passes some stages of its cell before it is added.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from simulator.kinds.systolic.machine import SystolicFabric

Matrix = NDArray[np.float64]
Picks = NDArray[np.int64]
Process = Generator[simpy.Event, Any, None]
COMPUTE, LATCH, PHASES = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Operands:
    """Operands of one fold as fed at the edges, padded to the array."""

    rows: Matrix
    """[stream, R, width] what enters each row from the left: one value, or the activations that N:M weights pick from."""
    cols: Matrix
    """Stationary: [R, C] the held operand. Output-stationary: [stream, C] what enters each column from above."""
    picks: Picks
    """Of the shape of `cols`: which value of its row a weight meets."""
    used: tuple[int, int]
    """Rows and columns that are not padding: the first columns, and the first rows; the last rows where sums stay."""
    steps: NDArray[np.int64] | None = None
    """Where sums stay and steps are skipped: which of its tile's each is."""
    tile_steps: int = 0
    """Then the steps of the tile, skipped ones included."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Fold(Operands):
    """A fold with its time."""

    start: int
    """Cycle in which the first operand enters cell (0, 0)."""

    @property
    def stream(self) -> int:
        """Steps of the fold."""
        return len(self.rows)


@dataclass(frozen=True)
class Token:
    """Operands on their way through a row, with the wave of control that goes with them."""

    values: tuple[float, ...]
    first: bool
    last: bool


@dataclass(frozen=True)
class Weight:
    """A value, and which one of its row it meets: the cell's multiplexer picks that."""

    value: float
    pick: int = 0

    def times(self, token: Token) -> float:
        """The product in a cell."""
        return self.value * token.values[self.pick]


@dataclass(frozen=True)
class Held:
    """A stationary operand on its way down to the row that keeps it."""

    weight: Weight
    row: int
    fresh: bool


NOTHING = Held(Weight(0.0), -1, fresh=False)


@dataclass(frozen=True)
class Product:
    """A product on its way to the adder of its cell, with what begins and ends a fold."""

    value: float
    first: bool
    last: bool


@dataclass(frozen=True)
class CellState:
    """Registers of one cell, as its neighbours see them."""

    right: Token | None = None
    down: Weight | None = None
    partial: float | None = None
    shadow: Held = NOTHING
    active: Weight = NOTHING.weight
    products: tuple[Product | None, ...] = ()
    """Of the multiplier's stages, the oldest first."""
    sum: float = 0.0
    out: float | None = None


Watch = Callable[[int, list[list[CellState]]], None]
"""What is told, after each cycle, what the registers of all cells hold."""


class Cell:
    """One PE: two SimPy phases a cycle, one that computes the next state and one that publishes it."""

    def __init__(self, array: Array, row: int, col: int) -> None:
        self.array = array
        self.row = row
        self.col = col
        self.state = CellState()
        self.following = self.state

    def run(self) -> Process:
        """The SimPy process."""
        while True:
            cycle = int(self.array.env.now) // PHASES
            self.following = self.array.next_state(self, cycle)
            yield self.array.env.timeout(LATCH - COMPUTE)
            self.state = self.following
            yield self.array.env.timeout(PHASES - LATCH)


class Array:
    """R × C cells and their edge sequencers; `next_state` is what a dataflow defines."""

    def __init__(self, fabric: SystolicFabric, folds: list[Fold]) -> None:
        self.env = simpy.Environment()
        self.rows = fabric.rows
        self.cols = fabric.cols
        self.product_cycles = fabric.product_cycles
        self.folds = folds
        self.cells = [[Cell(self, row, col) for col in range(self.cols)] for row in range(self.rows)]
        self.results: list[list[list[float]]] = [[[] for _ in range(self.cols)] for _ in folds]
        self.entry: dict[int, tuple[int, int]] = {
            fold.start + step: (index, step) for index, fold in enumerate(folds) for step in range(fold.stream)
        }
        for line in self.cells:
            for cell in line:
                self.env.process(cell.run())

    def run(self, cycles: int, watch: Watch | None = None) -> None:
        """Run for a number of cycles, before the eyes of `watch`."""
        if watch is None:
            self.env.run(until=cycles * PHASES)
            return
        for cycle in range(cycles):
            self.env.run(until=(cycle + 1) * PHASES)
            watch(cycle, [[cell.state for cell in line] for line in self.cells])

    def next_state(self, cell: Cell, cycle: int) -> CellState:
        """Registers of a cell at the end of a cycle."""
        raise TypeError("an array needs a dataflow")

    def from_left(self, cell: Cell, cycle: int) -> Token | None:
        """What enters a cell from the left in a cycle."""
        if cell.col:
            return self.cells[cell.row][cell.col - 1].state.right
        place = self.entry.get(cycle - cell.row)
        if place is None:
            return None
        fold, step = self.folds[place[0]], place[1]
        return Token(tuple(map(float, fold.rows[step, cell.row])), first=step == 0, last=step == fold.stream - 1)

    def through_multiplier(self, cell: Cell, product: Product | None) -> tuple[Product | None, tuple[Product | None, ...]]:
        """What leaves a cell's multiplier as `product` enters it, and what is in its stages then."""
        coming = (*(cell.state.products or (None,) * self.product_cycles), product)
        return coming[0], coming[1:]

    def above(self, cell: Cell) -> CellState:
        """What the cell above published; nothing at the top edge."""
        return self.cells[cell.row - 1][cell.col].state if cell.row else CellState()


class StationaryArray(Array):
    """Weight- or input-stationary: one operand is held, the other streams through rows, sums move down."""

    def next_state(self, cell: Cell, cycle: int) -> CellState:
        """Swap in the held operand with the first token of a fold, multiply, and pass everything on."""
        above, token, mine = self.above(cell), self.from_left(cell, cycle), cell.state
        active, partial, product = mine.active, None, None
        if token is not None:
            active = mine.shadow.weight if token.first else mine.active
            product = Product(active.times(token), token.first, token.last)
        leaving, products = self.through_multiplier(cell, product)
        if leaving is not None:
            partial = (above.partial or 0.0) + leaving.value
            if cell.row == self.rows - 1:
                index, _ = self.entry[cycle - cell.row - cell.col - self.product_cycles]
                self.results[index][cell.col].append(partial)
        return CellState(right=token, partial=partial, active=active, products=products, shadow=self._shadow(cell, above, cycle))

    def _shadow(self, cell: Cell, above: CellState, cycle: int) -> Held:
        coming = self._loading(cell.col, cycle) if cell.row == 0 else above.shadow
        if coming.fresh and coming.row >= cell.row:
            return coming
        return Held(cell.state.shadow.weight, cell.state.shadow.row, fresh=False)

    def _loading(self, col: int, cycle: int) -> Held:
        """The held operand for the lowest row goes in first; a column starts one cycle after its left neighbour."""
        for index, fold in enumerate(self.folds):
            step = cycle - col - self.load_starts[index]
            if 0 <= step < self.rows:
                row = self.rows - 1 - step
                return Held(Weight(float(fold.cols[row, col]), int(fold.picks[row, col])), row, fresh=True)
        return NOTHING

    load_starts: tuple[int, ...] = ()
    """[folds] cycle in which the first held operand enters column 0."""


class OutputArray(Array):
    """Output-stationary: both operands move, sums stay, and leave downwards when a fold is done."""

    def next_state(self, cell: Cell, cycle: int) -> CellState:
        """Multiply where both operands meet; shift finished sums down once the bottom row has its own."""
        above, left = self.above(cell), self.from_left(cell, cycle)
        down = above.down if cell.row else self._from_above(cell.col, cycle)
        total, out = cell.state.sum, cell.state.out
        index = self._draining(cell, cycle)
        if index is not None:
            if cell.row == self.rows - 1 and out is not None:
                self.results[index][cell.col].append(out)
            out = above.out
        product = None if left is None or down is None else Product(down.times(left), left.first, left.last)
        leaving, products = self.through_multiplier(cell, product)
        if leaving is not None:
            total = (0.0 if leaving.first else total) + leaving.value
            if leaving.last:
                out = total
        return CellState(right=left, down=down, products=products, sum=total, out=out)

    def _from_above(self, col: int, cycle: int) -> Weight | None:
        """What enters the top row of a column in a cycle."""
        place = self.entry.get(cycle - col)
        if place is None:
            return None
        fold, step = self.folds[place[0]], place[1]
        return Weight(float(fold.cols[step, col]), int(fold.picks[step, col]))

    def _draining(self, cell: Cell, cycle: int) -> int | None:
        """The fold whose sums shift down: row r lets r + 1 of them pass, and is then free for the next fold's."""
        for index, fold in enumerate(self.folds):
            done = fold.start + fold.stream + self.rows - 1 + self.product_cycles
            if 0 <= cycle - (done + cell.col) <= cell.row:
                return index
        return None


@dataclass(frozen=True, eq=False)
class ArrayRun:
    """Cycles of a sequence of folds, and what each put out."""

    cycles: int
    outputs: list[Matrix]
    """Stationary: [stream, C] a fold. Output-stationary: [R, C] a fold."""


def fold_starts(streams: list[int], lead: int, interval: Callable[[int, int], int]) -> list[int]:
    """Start of each fold: the lead, then one interval after another, each a function of two streams that follow."""
    starts = [lead]
    for stream, following in itertools.pairwise(streams):
        starts.append(starts[-1] + interval(stream, following))
    return starts


def run_stationary(fabric: SystolicFabric, operands: list[Operands], watch: Watch | None = None) -> ArrayRun:
    """Run folds that hold [R, C] and stream [n, R, width] each; weight_load says whether loads hide behind the stream."""
    rows, cols = fabric.rows, fabric.cols
    overlapped = fabric.weight_load == "overlapped"
    streams = [len(fold.rows) for fold in operands]

    def interval(stream: int, following: int) -> int:
        """The next fold's load hides behind this fold's stream."""
        return max(stream, rows) if overlapped else rows + fabric.skew + stream

    read = fabric.read_cycles - 1
    starts = fold_starts(streams, read + rows, interval)
    array = StationaryArray(fabric, _folds(starts, operands))
    array.load_starts = (read, *starts[:-1]) if overlapped else tuple(start - rows for start in starts)
    cycles = starts[-1] + streams[-1] + rows + cols - 2 + fabric.product_cycles
    array.run(cycles, watch)
    return ArrayRun(cycles, [np.array(result).T for result in array.results])


def run_output(fabric: SystolicFabric, operands: list[Operands], watch: Watch | None = None) -> ArrayRun:
    """Run folds that stream [n, R, width] from the left and [n, C] from above; serial does not count the last drain."""
    rows, cols = fabric.rows, fabric.cols
    overlapped = fabric.weight_load == "overlapped"
    streams = [len(fold.rows) for fold in operands]

    def interval(stream: int, following: int) -> int:
        """This fold's drain hides behind the next fold's stream."""
        return stream + max(0, rows - following) if overlapped else stream + fabric.skew

    starts = fold_starts(streams, fabric.read_cycles - 1, interval)
    array = OutputArray(fabric, _folds(starts, operands))
    cycles = starts[-1] + streams[-1] + rows + cols - 2 + fabric.product_cycles
    array.run(cycles + rows, watch)
    outputs = [np.array(result).T[::-1] for result in array.results]
    return ArrayRun(cycles + rows if overlapped else cycles, outputs)


def _folds(starts: list[int], operands: list[Operands]) -> list[Fold]:
    return [Fold(fold.rows, fold.cols, fold.picks, fold.used, start=start) for start, fold in zip(starts, operands, strict=True)]
