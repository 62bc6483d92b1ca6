"""Tiling of one operation on a gather fabric (rules 4 and 12): tokens, K tiles, M tiles, loop order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.errors import MappingError
from simulator.kinds.units.loops import TileLoops, token_tiles
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.placement import Placement, placement_of
from simulator.kinds.units.ranges import Capacity, fit_rows, line_entries
from simulator.kinds.units.rows import RowParts, spread_rows
from simulator.system.program import LoopOrder, Span, content_changes
from simulator.system.tensors import Residency
from simulator.system.weights import whole_bits
from simulator.workload.types import Operation


@dataclass(frozen=True, eq=False)
class GatherSchedule(TileLoops):
    """How one operation is cut into tiles and its rows spread over units."""

    parts: RowParts
    """Rows, or parts of rows, and the unit of a token group that each is given to."""
    entries: NDArray[np.int64]
    """[parts, K tiles] nonzeros of each part."""
    placement: Placement
    banks: int
    """Banks of a copy."""
    order: str
    """Order of a row's entries."""
    entry_bits: int

    def unit_entries(self, m: int, k: int, units: int) -> NDArray[np.int64]:
        """[units] list entries of each unit in one (M tile, K tile)."""
        here = self.parts.of_rows(*self.m_tiles[m])
        return np.bincount(self.parts.unit[here], weights=self.entries[here, k], minlength=units).astype(np.int64)


def schedule_gather(machine: UnitsMachine, operation: Operation, residency: Residency) -> GatherSchedule:
    """Cut an operation into tiles that fit the machine; MappingError where none do."""
    fabric, mapping = machine.fabric, machine.mapping
    weight = operation.weight
    entry_bits = machine.weight_entry_bits(dense=weight.dense)
    bank_entries = int(fabric.weight_bank_kib * 8192) // entry_bits
    forced = mapping.tokens_per_tile if isinstance(mapping.tokens_per_tile, int) else None
    k_tile = _k_tile(machine, operation, bank_entries, forced)
    token_words = -(-operation.shape[2] // fabric.lanes)
    tile, rounds = _token_tile(machine, operation, k_tile, token_words, forced)
    k_tiles = spans(weight.shape[1], k_tile)
    capacity = Capacity(fabric.units_per_group, mapping.assignment, machine.output_words // tile, bank_entries)
    fitted = fit_rows(line_entries(weight.indptr, weight.indices, k_tile, len(k_tiles)), capacity)
    loops = loop_order(machine, operation, residency, len(fitted.spans), rounds, len(k_tiles), entry_bits)
    return GatherSchedule(
        operation=operation,
        residency=residency,
        m_tiles=fitted.spans,
        k_tiles=k_tiles,
        token_words=token_words,
        tile_token_words=tile,
        rounds=rounds,
        groups=fabric.token_groups,
        lanes=fabric.lanes,
        loop_order=loops,
        parts=fitted.parts,
        entries=fitted.entries,
        placement=placement_of(machine),
        banks=fabric.banks_per_copy,
        order=mapping.order,
        entry_bits=entry_bits,
    )


def spans(size: int, step: int) -> tuple[Span, ...]:
    """Cut a size greedily into steps."""
    return tuple((start, min(start + step, size)) for start in range(0, size, step))


def _k_tile(machine: UnitsMachine, operation: Operation, bank_entries: int, forced: int | None) -> int:
    """Input features of a tile: what a copy holds, less where a single row would not fit a weight bank."""
    weight = operation.weight
    k_tile = min(weight.shape[1], machine.copy_words // (forced or 1))
    longest = longest_row_part(operation, k_tile)
    return k_tile if longest <= bank_entries else min(k_tile, bank_entries)


def longest_row_part(operation: Operation, k_tile: int) -> int:
    """Most nonzeros of a row within any K tile."""
    weight = operation.weight
    if not weight.nnz:
        return 0
    parts = -(-weight.shape[1] // k_tile)
    if parts == 1:
        return int(np.diff(weight.indptr).max())
    row = np.repeat(np.arange(weight.shape[0]), np.diff(weight.indptr))
    return int(np.bincount(row * parts + weight.indices // k_tile).max())


def _token_tile(machine: UnitsMachine, operation: Operation, k_tile: int, token_words: int, forced: int | None) -> Span:
    """Token words of a tile, and rounds: as many as the copy and the output bank hold (all rows of a unit at once, if possible)."""
    groups = machine.fabric.token_groups
    if forced is None:
        rows_per_unit = most_rows(machine, operation)
        return token_tiles(token_words, groups, min(machine.copy_words // k_tile, max(1, machine.output_words // rows_per_unit)))
    if forced > machine.output_words:
        raise MappingError(
            f"{machine.name}: mapping.tokens_per_tile = {forced}, but one output row of that many words exceeds the "
            f"{machine.output_words} words of an output bank"
        )
    return token_tiles(token_words, groups, forced, spread=False)


def most_rows(machine: UnitsMachine, operation: Operation) -> int:
    """Most rows, or parts of rows, of a unit where all of an operation are spread at once."""
    parts = spread_rows(np.diff(operation.weight.indptr), machine.fabric.units_per_group, machine.mapping.assignment)
    return int(np.bincount(parts.unit, minlength=1).max()) or 1


def loop_order(
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
