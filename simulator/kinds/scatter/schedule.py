"""Tiling of one operation in the scatter dataflow (rule 16): units own columns of W, the banks hold partial sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.engine.batch import ends_of
from simulator.engine.work import TileWork
from simulator.kinds.scatter.outlook import Cut, fitted
from simulator.kinds.units.loops import Position, TileLoops
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.placement import Placement, placement_of
from simulator.kinds.units.present import present_words
from simulator.kinds.units.ranges import FittedRows
from simulator.kinds.units.rows import RowParts
from simulator.kinds.units.streams import list_stream
from simulator.system.program import MemoryLevel, Span, spans
from simulator.system.tensors import Residency
from simulator.workload.csr import Ramps
from simulator.workload.types import Operation


class Turned(Struct, frozen=True, eq=False):
    """Positions by row of the elements of a W [rows, columns] without zeros, in column order, made where they are read."""

    rows: int
    columns: int

    def __getitem__(self, places: slice) -> NDArray[np.int64]:
        """Those of a range."""
        column, row = np.divmod(np.arange(places.start, places.stop, dtype=np.int64), self.rows)
        return row * self.columns + column


class ByColumn(Struct, frozen=True, eq=False):
    """W in column order."""

    indptr: NDArray[np.int64]
    """[K + 1]"""
    rows: NDArray[np.int32] | Ramps
    """[nonzeros] output feature."""
    index: NDArray[np.int64] | Turned
    """[nonzeros] position in the CSR values."""


@dataclass(frozen=True, eq=False)
class ScatterSchedule(TileLoops):
    """How one operation is cut into tiles and its columns spread over units."""

    columns: ByColumn
    parts: RowParts
    """Columns (its `row`), or parts of columns, and the unit of a token group that each is given to."""
    placement: Placement
    banks: int
    entry_bits: int
    present: NDArray[np.bool_]
    """[token words, K] activation words that are not all zero."""
    sums_home: MemoryLevel | None = None
    """Where partial sums go at the end of each K tile, and come back from; None: they stay until the last one."""

    def y_content(self, position: Position) -> tuple[int, ...]:
        """Sums that leave do so tile by tile."""
        return super().y_content(position) if self.sums_home is None else position

    def describe(self) -> dict[str, int | str]:
        """What a result says of the loops."""
        return {**super().describe(), "partial_sums": self.sums_home or "stay"}


def by_column(operation: Operation) -> ByColumn:
    """Sort W by column, then row."""
    weight = operation.weight
    if isinstance(weight.indices, Ramps):
        return ByColumn(ends_of(weight.column_counts), Ramps(weight.shape[0], weight.shape[1]), Turned(*weight.shape))
    rows = np.repeat(np.arange(weight.shape[0], dtype=np.int32), np.diff(weight.indptr))
    order = np.lexsort((rows, weight.indices))
    return ByColumn(ends_of(weight.column_counts), rows[order], order.astype(np.int64))


def cut_whole(machine: UnitsMachine, operation: Operation, residency: Residency, tile: int, rounds: int) -> ScatterSchedule:
    """An operation in tiles of so many token words, whose sums are whole in a copy; MappingError where a column does not fit."""
    m, order = operation.shape[0], machine.mapping.loop_order
    cut = Cut(m, tile, rounds, "m_rounds" if order == "auto" else order)
    return cut_scatter(machine, operation, residency, cut, fitted(machine, operation.weight, m, tile))


def cut_scatter(machine: UnitsMachine, operation: Operation, residency: Residency, cut: Cut, columns: FittedRows) -> ScatterSchedule:
    """An operation, cut in one way.

    M tiles are even shares of which a copy holds the sums for all token words of a tile, which a unit's own bank holds of its
    columns; K tiles are the longest contiguous column ranges that fit every unit.
    """
    fabric = machine.fabric
    entry_bits = machine.weight_entry_bits(dense=operation.weight.dense)
    return ScatterSchedule(
        operation=operation,
        residency=replace(residency, room_bytes=residency.room_bytes - cut.sums_bytes(machine, operation)),
        m_tiles=spans(operation.shape[0], cut.m_tile),
        k_tiles=columns.spans,
        token_words=-(-operation.shape[2] // fabric.lanes),
        tile_token_words=cut.token_words,
        rounds=cut.rounds,
        groups=fabric.token_groups,
        lanes=fabric.lanes,
        loop_order=cut.loop_order,
        stream=list_stream(machine, entry_bits, operation.weight.nnz),
        columns=by_column(operation),
        parts=columns.parts,
        placement=placement_of(machine),
        banks=fabric.banks_per_copy,
        entry_bits=entry_bits,
        present=present_words(machine, operation),
        sums_home=cut.sums_home,
    )


class ScatterSlice(Struct, frozen=True, eq=False):
    """The lists of all units of a token group for one (M tile, K tile)."""

    unit_ptr: NDArray[np.int64]
    word: NDArray[np.int32]
    column: NDArray[np.int32]
    weight_index: NDArray[np.int64]

    @property
    def counts(self) -> NDArray[np.int64]:
        """[units of a group] entries of each unit."""
        return np.diff(self.unit_ptr)


def scatter_slice(schedule: ScatterSchedule, m: int, k: int, units: int) -> ScatterSlice:
    """Lists of one slice: sorted by unit, then column, then row."""
    first, last = schedule.m_tiles[m]
    start, stop = schedule.k_tiles[k]
    columns, parts = schedule.columns, schedule.parts
    span = slice(columns.indptr[start], columns.indptr[stop])
    here = parts.of_rows(start, stop)
    part = np.repeat(np.arange(here.start, here.stop), parts.nnz[here])
    rows, index = columns.rows[span], columns.index[span]
    inside = (rows >= first) & (rows < last)
    part, rows, index = part[inside], rows[inside], index[inside]
    unit = parts.unit[part]
    order = np.lexsort((rows, part, unit))
    return ScatterSlice(
        unit_ptr=ends_of(np.bincount(unit, minlength=units)),
        word=(rows[order] - first).astype(np.int32),
        column=(parts.row[part[order]] - start).astype(np.int32),
        weight_index=index[order],
    )


def units_named(schedule: ScatterSchedule, rows: Span, k: int) -> NDArray[np.int32]:
    """The unit of every column of a K tile, or part of a column, with a nonzero in some rows; in any where W is made on the way."""
    start, stop = schedule.k_tiles[k]
    columns, parts = schedule.columns, schedule.parts
    here = parts.of_rows(start, stop)
    units = parts.unit[here]
    if schedule.operation.weight_home == "activation":
        return units
    inside = columns.rows[columns.indptr[start] : columns.indptr[stop]]
    met = np.repeat(np.arange(len(units)), parts.nnz[here])[(inside >= rows[0]) & (inside < rows[1])]
    return units[np.unique(met)]


def scatter_work(
    machine: UnitsMachine, schedule: ScatterSchedule, lists: ScatterSlice, m: int, k: int, tokens: Span, replica: int
) -> TileWork:
    """What the cluster of one replica does with a group's token words."""
    fabric = machine.fabric
    per_cluster = fabric.units_per_cluster
    ptr = lists.unit_ptr[replica * per_cluster : (replica + 1) * per_cluster + 1]
    entries = slice(ptr[0], ptr[-1])
    token_words, m_words = tokens[1] - tokens[0], schedule.m_size(m)
    return TileWork(
        unit_ptr=ptr - ptr[0],
        word=lists.word[entries],
        own=lists.column[entries],
        weight_index=lists.weight_index[entries],
        words=m_words,
        token_words=token_words,
        bank=schedule.placement(token_words * m_words, schedule.banks),
        present=schedule.present[tokens[0] : tokens[1], slice(*schedule.k_tiles[k])],
        stream=schedule.stream,
    )
