"""Bytes that an operation moves, cut into tiles in one way or another: about, and by its own lists."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.kinds.gather.cut import Cut
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.named import named_features
from simulator.kinds.units.ranges import FittedRows, row_entries
from simulator.kinds.units.rows import RowParts
from simulator.kinds.units.streams import list_stream
from simulator.system.program import Span
from simulator.system.tensors import Residency
from simulator.system.weights import dense_elements, format_bits, tile_elements, tile_sizes, weight_format, whole_bits
from simulator.workload.storage import LEAST, FormatName
from simulator.workload.types import Operation

Ints = NDArray[np.int64]
MOST_TILES = 4096
"""Tiles of W that are measured one by one, in the form in which they are stored."""


class BytesMoved(Struct, frozen=True):
    """Whatever homes tensors have."""

    x: float
    """All fills."""
    w: float
    """All tiles of W once."""
    w_walked: float
    """All fills of it."""
    sums: float
    """What goes out between K tiles; as much comes back."""
    bus: float
    """Over the drain bus."""
    busiest_entries: float
    """List entries of the busiest unit of each tile, summed over the tiles that every token word walks."""


class Measure:
    """Measures cuts of an operation."""

    def __init__(self, machine: UnitsMachine, operation: Operation, residency: Residency) -> None:
        self.machine, self.operation, self.residency = machine, operation, residency
        weight = operation.weight
        m, _, n = operation.shape
        self.row_nnz = np.diff(weight.indptr)
        self.entry_bits = machine.weight_entry_bits(dense=weight.dense)
        stream = list_stream(machine, self.entry_bits, weight.nnz)
        self.fifo_entries = stream.piece_entries * stream.fifo_pieces
        types = machine.datatypes
        self.y = residency.output_bytes(operation, m * n * types.activation_bits, types.activation_bits)
        self.sum_bytes, self.row_bytes = n * types.accumulate_bits / 8, n * types.activation_bits / 8
        """Of a row over all tokens."""

    @cached_property
    def named(self) -> Ints:
        """Input features that any list names."""
        m, k, _ = self.operation.shape
        return named_features(self.operation, (0, m), (0, k))

    @cached_property
    def x_whole(self) -> float:
        """X, once."""
        return self._x(self.named)

    @cached_property
    def w_whole(self) -> float:
        """W as one tile."""
        operation, types = self.operation, self.machine.datatypes
        if operation.weight_home == "activation":
            return dense_elements(operation, (0, operation.shape[0]), (0, operation.shape[1])) * types.activation_bits / 8
        return -(-whole_bits(self.machine.machine, operation, operation.weight.nnz * self.entry_bits) // 8)

    def about(self, cut: Cut, m_tiles: int, parts: RowParts) -> BytesMoved:
        """As if nonzeros lay anywhere, given the units' rows."""
        most_entries = parts.most_entries
        k_tiles = len(cut.k_tiles(self.operation))
        x = self.x_whole
        if m_tiles > 1 and self.operation.weight_home != "activation" and len(self.named):
            degree = self.operation.weight.column_counts[self.named]
            x *= m_tiles * float((1 - (1 - 1 / m_tiles) ** degree).mean())
        touched = k_tiles * (1 - (1 - 1 / k_tiles) ** self.row_nnz) if cut.sums_home is not None else np.zeros(0)
        resident = most_entries <= m_tiles * k_tiles * self.fifo_entries
        again = cut.rounds if k_tiles > 1 and cut.loop_order != "m_k_rounds" else 1 if resident else cut.rounds
        return self._moved(x, np.array([[self.w_whole]]), np.array([[again]]), touched, parts, most_entries)

    def exactly(self, cut: Cut, fitted: FittedRows) -> BytesMoved:
        """By the lists of its tiles; but for what a tile is rounded up to."""
        operation, k_tiles = self.operation, cut.k_tiles(self.operation)
        x = (
            self.x_whole
            if len(fitted.spans) == 1
            else sum(self._x(named_features(operation, rows, (0, operation.shape[1]))) for rows in fitted.spans)
        )
        touched = np.zeros(0)
        if cut.sums_home is not None:
            touched = (row_entries(operation.weight, cut.k_tile, len(k_tiles)) > 0).sum(axis=1)
        loads = fitted.loads(self.machine.fabric.units_per_group)
        most: Ints = loads.max(axis=2)
        stays = (most <= self.fifo_entries) & (len(k_tiles) == 1 or cut.loop_order == "m_k_rounds")
        return self._moved(
            x, self._w_tiles(fitted.spans, k_tiles, loads), np.where(stays, 1, cut.rounds), touched, fitted.parts, int(most.sum())
        )

    def _moved(
        self, x: float, w: NDArray[np.float64], walks: Ints, touched: NDArray[np.float64], parts: RowParts, busiest_entries: float
    ) -> BytesMoved:
        """`w` and `walks` are by tile; `touched`: in how many K tiles each row has entries, where sums leave.

        Rows that are cut into parts, or by K tiles, travel as sums over the bus.
        """
        cut_rows = touched[touched > 1]
        sums = float((cut_rows - 1).sum()) * self.sum_bytes
        of_rows = np.bincount(parts.row, minlength=1)
        in_parts = of_rows[of_rows > 1]
        bus = self.y + sums + len(cut_rows) * (self.sum_bytes - self.row_bytes)
        bus += float(in_parts.sum()) * self.sum_bytes - len(in_parts) * self.row_bytes
        return BytesMoved(x, float(w.sum()), float((w * walks).sum()), sums, bus, busiest_entries)

    def _x(self, features: Ints) -> float:
        return self.residency.forms.x.bits(features, (0, self.operation.shape[2]), self.machine.datatypes.activation_bits) / 8

    def _w_tiles(self, m_tiles: tuple[Span, ...], k_tiles: tuple[Span, ...], loads: Ints) -> NDArray[np.float64]:
        """[M tiles, K tiles] bytes as they lie in memory."""
        operation, machine = self.operation, self.machine.machine
        if operation.weight_home == "activation":
            return tile_elements(operation, m_tiles, k_tiles) * np.float64(self.machine.datatypes.activation_bits) / 8
        nnz: Ints = loads.sum(axis=2)
        if operation.storage is not None or nnz.size > MOST_TILES:
            return nnz.astype(np.float64) * np.float64(self.w_whole / max(1, operation.weight.nnz))
        lists: Ints = (-(-loads * self.entry_bits // 8)).sum(axis=2)
        sizes = tile_sizes(operation, m_tiles, k_tiles, nnz)

        def bytes_in(form: FormatName) -> Ints:
            return -(-format_bits(machine, operation, form, sizes).total // 8)

        chosen = weight_format(machine, operation, "lists", int(lists.sum()), lambda form: int(bytes_in(form).sum()))
        stored = next((known for known in LEAST if known == chosen), None)
        return (lists if stored is None else bytes_in(stored)).astype(np.float64)
