"""Tiling of one operation in the scatter dataflow (rule 16): units own columns of W, the banks hold partial sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.engine.work import TileWork
from simulator.errors import MappingError
from simulator.kinds.units.lists import present_words
from simulator.kinds.units.loops import TileLoops, token_tiles
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.placement import Placement, placement_of
from simulator.kinds.units.ranges import UNLIMITED, Capacity, FittedRows, fit_rows, line_entries
from simulator.kinds.units.rows import RowParts
from simulator.kinds.units.streams import list_stream
from simulator.system.program import LoopOrder, Span, content_changes, spans
from simulator.system.tensors import Residency
from simulator.system.weights import whole_bits
from simulator.workload.types import Operation


@dataclass(frozen=True, eq=False)
class ByColumn:
    """W in column order."""

    indptr: NDArray[np.int64]
    """[K + 1]"""
    rows: NDArray[np.int32]
    """[nonzeros] output feature."""
    index: NDArray[np.int64]
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


def by_column(operation: Operation) -> ByColumn:
    """Sort W by column, then row."""
    weight = operation.weight
    rows = np.repeat(np.arange(weight.shape[0], dtype=np.int32), np.diff(weight.indptr))
    order = np.lexsort((rows, weight.indices))
    indptr = np.concatenate(([0], np.cumsum(np.bincount(weight.indices, minlength=weight.shape[1]))))
    return ByColumn(indptr.astype(np.int64), rows[order], order.astype(np.int64))


def schedule_scatter(machine: UnitsMachine, operation: Operation, residency: Residency) -> ScatterSchedule:
    """Cut an operation into tiles that fit the machine; MappingError where none do.

    M is cut greedily at the partial sums that a copy holds; T fills what is left of it, as far as a unit's own bank
    holds the words of its columns; K tiles are the longest contiguous column ranges that fit every unit.
    """
    fabric, mapping = machine.fabric, machine.mapping
    m, _, n = operation.shape
    sums, forced = machine.copy_sums, mapping.tokens_per_tile
    m_tile = min(m, sums // (forced if isinstance(forced, int) else 1))
    if m_tile < 1:
        raise MappingError(f"{machine.name}: a copy holds {sums} words of partial sums, too few for tokens_per_tile = {forced}")
    columns = by_column(operation)
    token_words = -(-n // fabric.lanes)
    most = forced if isinstance(forced, int) else min(sums // m_tile, machine.own_words)
    tile, rounds = token_tiles(token_words, fabric.token_groups, most, spread=not isinstance(forced, int))
    return _cut(machine, operation, residency, columns, spans(m, m_tile), tile, rounds)


def cut_scatter(machine: UnitsMachine, operation: Operation, residency: Residency, tile: int, rounds: int) -> ScatterSchedule:
    """An operation in tiles of so many token words, whose sums are whole in a copy; MappingError where a column does not fit."""
    return _cut(machine, operation, residency, by_column(operation), spans(operation.shape[0], operation.shape[0]), tile, rounds)


def _cut(
    machine: UnitsMachine,
    operation: Operation,
    residency: Residency,
    columns: ByColumn,
    m_tiles: tuple[Span, ...],
    tile: int,
    rounds: int,
) -> ScatterSchedule:
    fabric = machine.fabric
    entry_bits = machine.weight_entry_bits(dense=operation.weight.dense)
    fitted = _k_tiles(machine, columns, m_tiles, tile)
    return ScatterSchedule(
        operation=operation,
        residency=residency,
        m_tiles=m_tiles,
        k_tiles=fitted.spans,
        token_words=-(-operation.shape[2] // fabric.lanes),
        tile_token_words=tile,
        rounds=rounds,
        groups=fabric.token_groups,
        lanes=fabric.lanes,
        loop_order=_loop_order(machine, operation, residency, len(m_tiles), rounds, len(fitted.spans), entry_bits),
        stream=list_stream(machine, entry_bits),
        columns=columns,
        parts=fitted.parts,
        placement=placement_of(machine),
        banks=fabric.banks_per_copy,
        entry_bits=entry_bits,
        present=present_words(machine, operation),
    )


def _loop_order(
    machine: UnitsMachine, operation: Operation, residency: Residency, m_tiles: int, rounds: int, k_tiles: int, entry_bits: int
) -> LoopOrder:
    """The order that moves the fewest DRAM bytes, then buffer bytes, then the first."""
    if machine.mapping.loop_order != "auto":
        return machine.mapping.loop_order
    _, k, n = operation.shape
    x_bits = residency.forms.x.bits(slice(0, k), (0, n), machine.datatypes.activation_bits)
    x_bytes = x_bits / 8 / (rounds * k_tiles)
    w_bytes = whole_bits(machine.machine, operation, operation.weight.nnz * entry_bits) / 8 / (m_tiles * k_tiles)

    def traffic(order: LoopOrder) -> tuple[float, float]:
        x_changes, w_changes = content_changes(order, m_tiles, rounds, k_tiles)
        x, w = x_bytes * x_changes, w_bytes * w_changes
        return (w + x, 0.0) if residency.x == "dram" else (w, x)

    orders: tuple[LoopOrder, LoopOrder] = ("m_rounds", "rounds_m")
    return min(orders, key=traffic)


def _k_tiles(machine: UnitsMachine, columns: ByColumn, m_tiles: tuple[Span, ...], tile: int) -> FittedRows:
    """The longest contiguous column ranges whose words fit every unit's bank; lists stream."""
    fabric, height = machine.fabric, m_tiles[0][1] - m_tiles[0][0]
    capacity = Capacity(fabric.units_per_group, machine.mapping.assignment, machine.own_words // tile, UNLIMITED, "column")
    return fit_rows(line_entries(columns.indptr, columns.rows, height, len(m_tiles)), capacity)


@dataclass(frozen=True, eq=False)
class ScatterSlice:
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
        unit_ptr=np.concatenate(([0], np.cumsum(np.bincount(unit, minlength=units)))).astype(np.int64),
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
