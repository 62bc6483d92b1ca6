"""What the edge buffers of a systolic array take in and give out for each tile: bytes, decoded weights, presence bits."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.kinds.systolic.contents import Contents
from simulator.kinds.systolic.folds import Axes
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.nonzero_tiles import NonzeroTiles
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.system.activations import ALL_DENSE, Forms
from simulator.system.program import Span
from simulator.system.weights import format_bits, named_bits, weight_format
from simulator.workload.storage import LEAST, FormatName, StoredBits, TileSize
from simulator.workload.types import Operation

Ints = NDArray[np.int64]
T = TypeVar("T")


class Transfers(Struct, frozen=True, eq=False):
    """What is moved for each of several tile parts or contents."""

    bytes: Ints
    bank_cycles: Ints
    """Cycles that the fullest bank needs to take it in."""


class WeightFills(Transfers, frozen=True, eq=False):
    """Contents of the W buffer."""

    stored: StoredBits[Ints]
    """[contents] as they lie in memory, without presence bits."""
    decoded_elements: Ints
    """[contents] weights in the words that a decoder writes for it, or an unpacker; 0 where none is needed."""

    @property
    def value_bytes(self) -> int:
        """Whole bytes of values of each, of all."""
        return int((self.stored.values // 8).sum())

    @property
    def metadata_bytes(self) -> int:
        """What else they take."""
        return int((-(-self.stored.total // 8)).sum()) - self.value_bytes


class WeightTiles(Struct, frozen=True, eq=False):
    """[batch · M tiles · K tiles] what W takes, in one cut."""

    form: str
    stored: StoredBits[Ints]
    elements: Ints
    bank_cycles: Ints
    decoded_elements: Ints


Known = dict[Hashable, Any]
"""What the operands of one operation in one order of output features take, by their cuts into tiles: schedules share most of them."""


class EdgeFills:
    """Sizes of the fills and drains of one schedule, as tables over the tile parts of each operand."""

    def __init__(
        self,
        machine: ArrayMachine,
        schedule: SystolicSchedule,
        operation: Operation,
        array: Operation,
        forms: Forms = ALL_DENSE,
        known: Known | None = None,
    ) -> None:
        self.machine = machine
        self.schedule = schedule
        self.operation = operation
        self.array = array
        """The operation as the array sees it: of a sampled product, the whole one; with the rows of W as they lie on the array."""
        self.forms = forms
        self._known: Known = {} if known is None else known

    @property
    def axes(self) -> Axes:
        """The blocks that its folds span."""
        return self.schedule.axes

    def _once(self, key: Hashable, make: Callable[[], T]) -> T:
        if key not in self._known:
            self._known[key] = make()
        made: T = self._known[key]
        return made

    def x_fills(self, xs: Contents) -> Transfers:
        """The contents of the X buffer, with their presence bits."""
        tiles = self.x_tiles
        size = xs.of_filled(tiles.bytes) + xs.presence_bytes(self.x_presence_bits.ravel())
        return Transfers(size, xs.of_filled(tiles.bank_cycles))

    @property
    def x_tiles(self) -> Transfers:
        """[batch · N tiles · K tiles] what X takes, in one cut."""
        return self._once(("x", self.schedule.k_tiles, self.schedule.n_tiles), self._x_tiles)

    def _x_tiles(self) -> Transfers:
        bank_cycles = -(-self.x_elements.ravel() // (self.machine.fabric.rows * self.machine.x_word))
        return Transfers(-(-self._x_bits.ravel() // 8), bank_cycles)

    @property
    def x_elements(self) -> Ints:
        """[batch, N tiles, K tiles] activations."""
        features, tokens = self._x_spans
        sizes = features[..., 1] - features[..., 0], tokens[:, 1] - tokens[:, 0]
        if self.operation.gradient is not None:
            return sizes[0][:, :, None] * sizes[1]
        return sizes[0][:, None, :] * sizes[1][:, None]

    @property
    def _x_bits(self) -> Ints:
        """[batch, N tiles, K tiles] bits of X as they lie in memory."""
        (features, tokens), types = self._x_spans, self.machine.datatypes
        bits = self.forms.x.blocks(features.reshape(-1, 2), tokens, types.activation_bits).reshape(*features.shape[:2], len(tokens))
        return bits if self.operation.gradient is not None else np.moveaxis(bits, 1, 2)

    @property
    def _x_spans(self) -> tuple[Ints, Ints]:
        """[batch, tiles, 2] features of the operation's own X, and [tiles, 2] its tokens: a sampled product streams the transpose."""
        product, (_, k_tiles, n_tiles) = self.schedule.product, self.schedule.spans
        width = self.operation.block_shape[1]
        offsets = np.arange(product.batch)[:, None, None] * width
        if self.operation.gradient is not None:
            return offsets + n_tiles, k_tiles
        return offsets + np.minimum(width, product.inputs(k_tiles)), n_tiles

    def linked_x_fills(self) -> Transfers:
        """[batch · N tiles] of an X that comes over the chip, K whole: words of steps, where zeros are skipped those with a nonzero.

        Presence bits are made of what leaves, and come with it.
        """
        product, word = self.schedule.product, self.machine.x_word
        k, n = product.shape[1:]
        words = -(-k // word)
        some: NDArray[np.bool_] = np.ones((product.batch, words, n), dtype=np.bool_)
        if product.right is not None and (self.machine.fabric.skip_zero_tiles or self.machine.fabric.column_skip):
            padded = np.pad(product.right.reshape(product.batch, k, n), ((0, 0), (0, words * word - k), (0, 0)))
            some = np.logical_or.reduce(padded.reshape(product.batch, words, word, n), axis=2)
        sizes = np.minimum(word, k - word * np.arange(words))
        first = [start for start, _ in self.schedule.n_tiles]
        elements = np.add.reduceat(sizes @ some, first, axis=1)
        moved = -(-elements * self.machine.datatypes.activation_bits // 8) - (-self.x_presence_bits[:, :, 0] // 8)
        bank_cycles = -(-np.add.reduceat(some.sum(axis=1), first, axis=1) // self.machine.fabric.rows)
        return Transfers(moved.ravel(), bank_cycles.ravel())

    def y_drains(self, outputs: Ints) -> Transfers:
        """Of some tiles of outputs, by their numbers over (block, M tile, N tile)."""
        return Transfers(self.y_bytes[outputs], 0 * outputs)

    @property
    def y_bytes(self) -> Ints:
        """[batch · M tiles · N tiles] of outputs, as they lie in memory."""
        return self._once(("y", self.schedule.m_tiles, self.schedule.n_tiles), self._y_bytes)

    def _y_bytes(self) -> Ints:
        product, (m_tiles, _, n_tiles) = self.schedule.product, self.schedule.spans
        rows = (np.arange(product.batch)[:, None, None] * product.shape[0] + m_tiles).reshape(-1, 2)
        bits = self.forms.y.blocks(rows, n_tiles, self.machine.datatypes.activation_bits, product.row_order)
        return (-(-bits // 8)).ravel()

    def w_fills(self, ws: Contents) -> WeightFills:
        """The contents of the W buffer as they lie in memory, with their presence bits; dense where W is made on the way."""
        tiles = self.weight_tiles
        stored = StoredBits(ws.of_filled(tiles.stored.values), ws.of_filled(tiles.stored.metadata))
        size = -(-stored.total // 8) + ws.presence_bytes(self.w_presence_bits.ravel())
        return WeightFills(size, ws.of_filled(tiles.bank_cycles), stored, ws.of_filled(tiles.decoded_elements))

    @property
    def weight_tiles(self) -> WeightTiles:
        """What W takes."""
        schedule = self.schedule
        return self._once(("w", schedule.m_tiles, schedule.k_tiles, schedule.compressed), self._weights_in_tiles)

    def _weights_in_tiles(self) -> WeightTiles:
        form, banks = self._form(), self.machine.fabric.cols
        stored, elements = self._stored(form), self._sizes.elements.ravel()
        if form == "dense" or self.schedule.product.of > 1 or self._unpacks:
            bank_cycles = -(-elements // (banks * self.machine.w_word))
            return WeightTiles(form, stored, elements, bank_cycles, elements if self._unpacks else 0 * elements)
        most, words = self._in_tiles.words
        return WeightTiles(form, stored, elements, most, words * self.machine.w_word)

    @property
    def weight_form(self) -> str:
        """How W lies in memory, all tiles alike; `2:4` where an operand is packed: values, and which activation of a group each meets."""
        return self.weight_tiles.form

    def _form(self) -> str:
        product = self.schedule.product
        if self._unpacks:
            return "bitmap"
        if product.of > 1 or product.left is None:
            return "dense" if product.of == 1 else f"{product.kept}:{product.of}"
        if self.array.storage is None and not self.schedule.compressed:
            return "dense"
        return weight_format(self.machine.machine, self.array, "dense", self._bytes_in("dense"), self._bytes_in)

    def _bytes_in(self, form: FormatName) -> int:
        return int((-(-format_bits(self.machine.machine, self.array, form, self._sizes).total // 8)).sum())

    @property
    def _unpacks(self) -> bool:
        """Whether W is the dY of a sampled product that lies packed."""
        return self.operation.gradient is not None and self.forms.gradient.packed

    @cached_property
    def _sizes(self) -> TileSize[Ints]:
        """[batch, M tiles, K tiles]"""
        rows, columns, _ = self.schedule.sizes
        shape = self.schedule.product.batch, len(rows), len(columns)
        elements = np.broadcast_to(rows[:, None] * columns, shape)
        return TileSize(np.broadcast_to(rows[:, None], shape), np.broadcast_to(columns, shape), elements, self._nonzeros)

    def _stored(self, form: str) -> StoredBits[Ints]:
        """[batch · M tiles · K tiles] tiles of W as they are fetched: values and places."""
        bits = self._bits_in(form)
        return StoredBits(bits.values.ravel(), bits.metadata.ravel())

    def _bits_in(self, form: str) -> StoredBits[Ints]:
        machine, elements, value_bits = self.machine, self._sizes.elements, self.machine.datatypes.weight_bits
        if self.schedule.product.of > 1:
            return StoredBits(elements * value_bits, elements * machine.fabric.selection_bits)
        if self._unpacks:
            bits = self.forms.gradient.blocks(self._row_spans.reshape(-1, 2), self.schedule.spans[1], value_bits)
            return StoredBits(bits.reshape(elements.shape) - elements, elements)
        if form == "dense":
            return StoredBits(elements * value_bits, 0 * elements)
        if self.array.storage is not None:
            return self._named()
        least: FormatName = next(least for least in LEAST if least == form)
        return format_bits(machine.machine, self.array, least, self._sizes)

    def _named(self) -> StoredBits[Ints]:
        """In the format that the operation names, tile by tile."""
        k_spans, width = self.schedule.spans[1], self.schedule.product.shape[1]
        tiles = [
            named_bits(self.machine.machine, self.array, _span(rows), _span(columns + block * width))
            for block, of_block in enumerate(self._row_spans)
            for rows, columns in itertools.product(of_block, k_spans)
        ]
        values, metadata = (
            np.array(of).reshape(self._sizes.elements.shape) for of in zip(*((t.values, t.metadata) for t in tiles), strict=True)
        )
        return StoredBits(values, metadata)

    @property
    def _row_spans(self) -> Ints:
        """[batch, M tiles, 2]"""
        product = self.schedule.product
        spans: Ints = np.arange(product.batch)[:, None, None] * product.shape[0] + self.schedule.spans[0]
        return spans

    @property
    def weight_stored_bytes(self) -> int:
        """Of all tiles of W."""
        return int((-(-self.weight_tiles.stored.total // 8)).sum())

    @property
    def outputs(self) -> int:
        """Elements of Y, which leave once."""
        return self.schedule.product.batch * self.schedule.product.shape[0] * self.schedule.product.shape[2]

    @cached_property
    def x_presence_bits(self) -> Ints:
        """[batch, N tiles, K tiles] bits that say which steps, or which folds, of a tile of X hold a nonzero."""
        scanned = self.schedule.product.right is not None and self.schedule.dataflow != "ws"
        return self._presence_bits(2) * scanned

    @cached_property
    def w_presence_bits(self) -> Ints:
        """[batch, M tiles, K tiles] bits that say which steps, or which folds, of a tile of W hold a nonzero."""
        scanned = self.schedule.product.left is not None and self.schedule.dataflow != "is"
        return self._presence_bits(0) * scanned

    def presence_reads(self) -> int:
        """Presence bits that the sequencer scans in all tiles: those of both operands, for every fold."""
        w, x = self.w_presence_bits[:, :, None, :], self.x_presence_bits[:, None, :, :]
        folds_m, folds_n = self._lines(0)[:, None, None], self._lines(2)[:, None]
        return int((w * folds_n + x * folds_m).sum())

    def _presence_bits(self, axis: int) -> Ints:
        """[batch, tiles of an axis, K tiles] a bit a line and step, or a line and fold, or none where nothing is skipped."""
        fabric = self.schedule.fabric
        if fabric.column_skip and self.schedule.dataflow == "os":
            scanned = self.schedule.sizes[1]
        else:
            scanned = self._lines(1) * fabric.skip_zero_tiles
        lines = self._lines(axis)[:, None] * scanned
        return np.broadcast_to(lines, (self.schedule.product.batch, *lines.shape))

    def _lines(self, axis: int) -> Ints:
        """[tiles] blocks of each tile along an axis."""
        return np.diff(self.axes[axis].first)

    @cached_property
    def _nonzeros(self) -> Ints:
        """[batch, M tiles, K tiles] nonzeros of W."""
        schedule = self.schedule
        tiles = schedule.product.batch, len(schedule.m_tiles), len(schedule.k_tiles)
        if schedule.product.left is None:
            m_sizes, k_sizes, _ = schedule.sizes
            return np.broadcast_to(m_sizes[:, None] * k_sizes, tiles)
        return self._in_tiles.nonzeros.reshape(tiles)

    @cached_property
    def _in_tiles(self) -> NonzeroTiles:
        left = self.schedule.product.left
        assert left is not None, "a W without zeros has no list of nonzeros, and is dense"
        return NonzeroTiles(self.schedule, left, self.machine.fabric.cols, self.machine.w_word)


def _span(ends: Sequence[int] | Ints) -> Span:
    return int(ends[0]), int(ends[1])
