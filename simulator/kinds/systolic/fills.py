"""What the edge buffers of a systolic array take in and give out for each tile: bytes, decoded weights, presence bits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.schedule import Position, SystolicSchedule
from simulator.system.program import Part, content_indices
from simulator.system.tensors import array_weight, stored_weight
from simulator.workload.storage import StoredBits, TileSize
from simulator.workload.types import Operation

Key = tuple[int, ...]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Contents:
    """The contents of one kind of buffer over the tiles of an operation."""

    indices: list[int]
    """[tiles] content that each needs."""
    keys: list[set[Key]]
    """[contents] what its presence bits cover: the first is the tile part itself, others are empty parts passed over."""
    filled: list[Key | None]
    """[contents] tile part that is brought in; None where no tile of the operation does anything."""


def contents(keys: Sequence[Key], run: Sequence[bool]) -> Contents:
    """Number the contents; a tile in which no fold is run needs none, so it keeps what lies there."""
    held = next((key for key, runs in zip(keys, run, strict=True) if runs), None)
    carried: list[Key] = []
    for key, runs in zip(keys, run, strict=True):
        held = key if runs else held
        carried.append(() if held is None else held)
    indices = content_indices(carried, 0)
    covered: list[set[Key]] = [set() for _ in range(indices[-1] + 1)]
    filled: list[Key | None] = [None] * len(covered)
    for key, taken, index in zip(keys, carried, indices, strict=True):
        covered[index].add(key)
        filled[index] = taken or None
    return Contents(indices, covered, filled)


@dataclass(frozen=True)
class WeightFill:
    """One content of the W buffer."""

    part: Part
    stored: StoredBits
    """As it lies in memory, without presence bits."""
    decoded_elements: int
    """Weights in the words that a decoder writes for it; 0 where none is needed."""

    @property
    def value_bytes(self) -> int:
        """Whole bytes of values."""
        return self.stored.values // 8

    @property
    def metadata_bytes(self) -> int:
        """What else it takes."""
        return -(-self.stored.total // 8) - self.value_bytes


class EdgeFills:
    """Sizes of the fills of one schedule."""

    def __init__(self, machine: ArrayMachine, schedule: SystolicSchedule, operation: Operation) -> None:
        self.machine = machine
        self.schedule = schedule
        self.operation = operation
        """As the array sees it: of a sampled product, the whole one."""
        self.axes = schedule.axes
        self._known: dict[Key, StoredBits] = {}

    def x_part(self, key: Key | None, covered: set[Key]) -> Part:
        """A (block, N tile, K tile) of X, with its presence bits."""
        bits = sum(self.x_presence_bits(n, k) for _, n, k in covered)
        if key is None:
            return Part(-(-bits // 8))
        _, n, k = key
        _, steps, tokens = self.schedule.extent(0, n, k)
        elements = self.schedule.product.inputs(steps) * tokens
        activation = self.machine.datatypes.activation_bits
        size = -(-elements * activation // 8) + -(-bits // 8)
        return Part(size, -(-elements // (self.machine.fabric.rows * self.machine.x_word)))

    def w_fill(self, key: Key | None, covered: set[Key]) -> WeightFill:
        """A (block, M tile, K tile) of W as it lies in DRAM, with its presence bits; dense where W is made on the way."""
        presence = -(-sum(self.w_presence_bits(m, k) for _, m, k in covered) // 8)
        if key is None:
            return WeightFill(Part(presence), StoredBits(0, 0), 0)
        block, m, k = key
        features, steps, _ = self.schedule.extent(m, 0, k)
        stored = self._known.get(key)
        if stored is None:
            stored = self._known[key] = self._stored(block, m, k)
        size = -(-stored.total // 8) + presence
        if not stored.metadata or self.schedule.product.of > 1:
            bank_cycles = -(-features * steps // (self.machine.fabric.cols * self.machine.w_word))
            return WeightFill(Part(size, bank_cycles), stored, 0)
        words = self._words[block, m, k]
        return WeightFill(Part(size, int(words.max())), stored, int(words.sum()) * self.machine.w_word)

    def _stored(self, block: int, m: int, k: int) -> StoredBits:
        """A tile of W as it is fetched: values and places, in the operation's format or the machine's own."""
        features, steps, _ = self.schedule.extent(m, 0, k)
        machine, product, elements = self.machine, self.schedule.product, features * steps
        if product.of > 1:
            return StoredBits(elements * machine.datatypes.weight_bits, elements * machine.fabric.selection_bits)
        if self.operation.weight_home == "activation" or product.left is None or not self.schedule.compressed:
            return StoredBits(elements * machine.datatypes.weight_bits, 0)
        if self.operation.storage is None:
            return array_weight(machine.machine, TileSize(features, steps, elements, int(self._nonzeros[block, m, k])))
        (first_row, last_row), (first_column, last_column) = self.schedule.m_tiles[m], self.schedule.k_tiles[k]
        height, width, _ = product.shape
        rows, columns = (block * height + first_row, block * height + last_row), (block * width + first_column, block * width + last_column)
        named = stored_weight(machine.machine, self.operation, rows, columns)
        assert named is not None, "its operation names a format"
        return named

    def x_presence_bits(self, n: int, k: int) -> int:
        """Bits that say which steps, or which folds, of a tile of X hold a nonzero."""
        if self.schedule.product.right is None or self.schedule.dataflow == "ws":
            return 0
        return self._lines(2, n) * self._scanned(k)

    def w_presence_bits(self, m: int, k: int) -> int:
        """Bits that say which steps, or which folds, of a tile of W hold a nonzero."""
        if self.schedule.product.left is None or self.schedule.dataflow == "is":
            return 0
        return self._lines(0, m) * self._scanned(k)

    def presence_reads(self, position: Position) -> int:
        """Presence bits that the sequencer scans in a tile: those of both operands, for every fold."""
        _, m, n, k = position
        folds_m, folds_n = self._lines(0, m), self._lines(2, n)
        return self.w_presence_bits(m, k) * folds_n + self.x_presence_bits(n, k) * folds_m

    def _lines(self, axis: int, tile: int) -> int:
        first = self.axes[axis].first
        return first[tile + 1] - first[tile]

    def _scanned(self, k: int) -> int:
        """Bits a line: one a step, or one a fold, or none where nothing is skipped."""
        fabric = self.schedule.fabric
        if fabric.column_skip and self.schedule.dataflow == "os":
            return self.schedule.k_tiles[k][1] - self.schedule.k_tiles[k][0]
        return self._lines(1, k) if fabric.skip_zero_tiles else 0

    @cached_property
    def _places(self) -> tuple[Counts, Counts, Counts]:
        """Block, M tile and K tile of each nonzero of W."""
        schedule = self.schedule
        m_of, k_of = (np.repeat(np.arange(len(spans)), np.diff(spans)[:, 0]) for spans in (schedule.m_tiles, schedule.k_tiles))
        block, row, col = self._within
        return block, m_of[row], k_of[col]

    @cached_property
    def _within(self) -> tuple[Counts, Counts, Counts]:
        """Block, and row and column within it, of each nonzero of W."""
        product = self.schedule.product
        if product.left is None:
            raise ValueError(f"{product.name}: W has no zeros, so its nonzeros have no list")
        block = product.left.rows // product.shape[0]
        return block, product.left.rows - block * product.shape[0], product.left.cols - block * product.shape[1]

    @property
    def _tiles(self) -> tuple[int, int, int]:
        return self.schedule.product.batch, len(self.schedule.m_tiles), len(self.schedule.k_tiles)

    @cached_property
    def _nonzeros(self) -> Counts:
        """[batch, M tiles, K tiles] nonzeros of W."""
        if self.schedule.product.left is None:
            m_sizes, k_sizes = (np.diff(spans)[:, 0] for spans in (self.schedule.m_tiles, self.schedule.k_tiles))
            return np.broadcast_to(m_sizes[:, None] * k_sizes, self._tiles)
        return _histogram(self._places, self._tiles)

    @cached_property
    def _words(self) -> Counts:
        """[batch, M tiles, K tiles, banks] words that hold a nonzero; an output feature's bank is its column of the array."""
        block, m, k = self._places
        _, row, col = self._within
        starts = [np.array(spans)[:, 0] for spans in (self.schedule.m_tiles, self.schedule.k_tiles)]
        word = (col - starts[1][k]) // self.machine.w_word
        first = np.ones(len(row), dtype=np.bool_)  # nonzeros ascend by row and column, so those of a word stand together
        keys = np.stack((block, row, k, word))
        first[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
        banks = self.machine.fabric.cols
        return _histogram(tuple(of[first] for of in (block, m, k, (row - starts[0][m]) % banks)), (*self._tiles, banks))


def _histogram(indices: tuple[Counts, ...], shape: tuple[int, ...]) -> Counts:
    return np.bincount(np.ravel_multi_index(indices, shape), minlength=math.prod(shape)).reshape(shape)
