"""What the edge buffers of a systolic array take in and give out for each tile: bytes, decoded weights, presence bits."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.schedule import Position, SystolicSchedule
from simulator.system.activations import ALL_DENSE, Forms
from simulator.system.program import Part, Span, content_indices
from simulator.system.weights import format_bits, named_bits, weight_format
from simulator.workload.storage import LEAST, FormatName, StoredBits, TileSize
from simulator.workload.types import Operation

Key = tuple[int, ...]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Contents:
    """The contents of one kind of buffer over the tiles of an operation."""

    indices: list[int]
    """[tiles] content that each needs."""
    keys: list[set[Key]]
    """[contents] what the presence bits that come with it cover: the tile part itself, and empty parts passed over."""
    filled: list[Key | None]
    """[contents] tile part that is brought in; None where no tile of the operation does anything, or where it lies there still."""


def contents(keys: Sequence[Key], run: Sequence[bool]) -> Contents:
    """Number the contents; a tile in which no fold is run needs none, so it keeps what lies there.

    Contents take the two halves by turns: what was in a half, and is wanted there again, is not brought in again.
    """
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
    lies = list(zip(filled, map(frozenset, covered), strict=True))
    for index in range(2, len(lies)):
        (before, its_cover), (wanted, cover) = lies[index - 2], lies[index]
        if wanted is not None and wanted == before and cover <= its_cover:
            lies[index] = lies[index - 2]
            filled[index], covered[index] = None, set()
    return Contents(indices, covered, filled)


@dataclass(frozen=True)
class WeightFill:
    """One content of the W buffer."""

    part: Part
    stored: StoredBits
    """As it lies in memory, without presence bits."""
    decoded_elements: int
    """Weights in the words that a decoder writes for it, or an unpacker; 0 where none is needed."""

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

    def __init__(
        self, machine: ArrayMachine, schedule: SystolicSchedule, operation: Operation, array: Operation, forms: Forms = ALL_DENSE
    ) -> None:
        self.machine = machine
        self.schedule = schedule
        self.operation = operation
        self.array = array
        """The operation as the array sees it: of a sampled product, the whole one; with the rows of W as they lie on the array."""
        self.forms = forms
        self.axes = schedule.axes
        self._known: dict[Key, StoredBits] = {}

    def x_part(self, key: Key | None, covered: set[Key]) -> Part:
        """A (block, N tile, K tile) of X, with its presence bits."""
        bits = sum(self.x_presence_bits(n, k) for _, n, k in covered)
        if key is None:
            return Part(-(-bits // 8))
        activation = self.machine.datatypes.activation_bits
        size = -(-self.forms.x.bits(*self._x_span(key), activation) // 8) + -(-bits // 8)
        return Part(size, -(-self.x_elements(key) // (self.machine.fabric.rows * self.machine.x_word)))

    def y_bytes(self, position: Position) -> int:
        """Of a tile's outputs, as they lie in memory."""
        block, m, n, _ = position
        (first, last), height = self.schedule.m_tiles[m], self.schedule.product.shape[0]
        order = self.schedule.product.row_order
        rows = slice(block * height + first, block * height + last)
        features = rows if order is None else order[rows]
        return -(-self.forms.y.bits(features, self.schedule.n_tiles[n], self.machine.datatypes.activation_bits) // 8)

    def x_elements(self, key: Key) -> int:
        """Activations of a (block, N tile, K tile) of X."""
        features, tokens = self._x_span(key)
        return int(features.stop - features.start) * (tokens[1] - tokens[0])

    def _x_span(self, key: Key) -> tuple[slice, Span]:
        """Features of the operation's own X, and their tokens: of a sampled product the array streams its transpose."""
        block, n, k = key
        tokens, (first_step, last_step) = self.schedule.n_tiles[n], self.schedule.k_tiles[k]
        width, inputs = self.operation.block_shape[1], self.schedule.product.inputs
        if self.operation.gradient is not None:
            return slice(block * width + tokens[0], block * width + tokens[1]), (first_step, last_step)
        return slice(block * width + inputs(first_step), block * width + min(width, inputs(last_step))), tokens

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
        if self.weight_form == "dense" or self.schedule.product.of > 1 or self._unpacks:
            bank_cycles = -(-features * steps // (self.machine.fabric.cols * self.machine.w_word))
            unpacked = features * steps if self._unpacks else 0
            return WeightFill(Part(size, bank_cycles), stored, unpacked)
        words = self._words[block, m, k]
        return WeightFill(Part(size, int(words.max())), stored, int(words.sum()) * self.machine.w_word)

    @cached_property
    def weight_form(self) -> str:
        """How W lies in memory, all tiles alike; `2:4` where an operand is packed: values, and which activation of a group each meets."""
        product = self.schedule.product
        if self._unpacks:
            return "bitmap"
        if product.of > 1 or product.left is None:
            return "dense" if product.of == 1 else f"{product.kept}:{product.of}"
        if self.array.storage is None and not self.schedule.compressed:
            return "dense"
        dense_bytes = sum(-(-tile.elements * self.machine.datatypes.weight_bits // 8) for tile in self._tile_sizes())
        return weight_format(self.machine.machine, self.array, "dense", dense_bytes, self._tile_sizes())

    @property
    def _unpacks(self) -> bool:
        """Whether W is the dY of a sampled product that lies packed."""
        return self.operation.gradient is not None and self.forms.gradient.packed

    def _tile_sizes(self) -> Iterator[TileSize]:
        for block, m, k in itertools.product(*map(range, self._tiles)):
            yield self._tile_size(block, m, k)

    def _tile_size(self, block: int, m: int, k: int) -> TileSize:
        features, steps, _ = self.schedule.extent(m, 0, k)
        return TileSize(features, steps, features * steps, int(self._nonzeros[block, m, k]))

    def _stored(self, block: int, m: int, k: int) -> StoredBits:
        """A tile of W as it is fetched: values and places."""
        machine, elements = self.machine, self._tile_size(block, m, k).elements
        value_bits = machine.datatypes.weight_bits
        (first_row, last_row), (first_column, last_column) = self.schedule.m_tiles[m], self.schedule.k_tiles[k]
        height, width, _ = self.schedule.product.shape
        rows, columns = (block * height + first_row, block * height + last_row), (block * width + first_column, block * width + last_column)
        if self.schedule.product.of > 1:
            return StoredBits(elements * value_bits, elements * machine.fabric.selection_bits)
        if self._unpacks:
            bits = self.forms.gradient.bits(slice(*rows), (first_column, last_column), value_bits)
            return StoredBits(bits - elements, elements)
        if self.weight_form == "dense":
            return StoredBits(elements * value_bits, 0)
        if self.array.storage is not None:
            return named_bits(machine.machine, self.array, rows, columns)
        form: FormatName = next(form for form in LEAST if form == self.weight_form)
        return format_bits(machine.machine, self.array, form, self._tile_size(block, m, k))

    @property
    def weight_stored_bytes(self) -> int:
        """Of all tiles of W."""
        return sum(-(-self._stored(*tile).total // 8) for tile in itertools.product(*map(range, self._tiles)))

    @property
    def outputs(self) -> int:
        """Elements of Y, which leave once."""
        return self.schedule.product.batch * self.schedule.product.shape[0] * self.schedule.product.shape[2]

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
