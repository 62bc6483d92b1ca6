"""Tiling of one operation on a gather fabric (rules 4 and 12): tokens, K tiles, M tiles, loop order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.errors import MappingError
from simulator.machine.model import Machine
from simulator.mapping.assignment import ASSIGNMENTS
from simulator.mapping.program import LoopOrder, content_changes
from simulator.mapping.residency import Homes
from simulator.workload.types import Operation

Span = tuple[int, int]
Position = tuple[int, int, int]
"""M tile, round, K tile."""


@dataclass(frozen=True, eq=False)
class GatherSchedule:
    """How one operation is cut into tiles and its rows spread over units."""

    operation: Operation
    homes: Homes
    unit_of_row: NDArray[np.int32]
    """[M] unit within a token group, −1 for empty rows."""
    k_tiles: tuple[Span, ...]
    m_tiles: tuple[Span, ...]
    token_words: int
    """Token words of the operation: ⌈N / lanes⌉."""
    tile_token_words: int
    rounds: int
    groups: int
    loop_order: LoopOrder
    entry_bits: int

    def positions(self) -> list[Position]:
        """Tiles in execution order, K innermost."""
        return _positions(self.loop_order, len(self.m_tiles), self.rounds, len(self.k_tiles))

    def group_tokens(self, round_index: int, group: int) -> Span:
        """Token words [first, last) of a group in a round; empty where none are left."""
        first = (round_index * self.groups + group) * self.tile_token_words
        return min(first, self.token_words), min(first + self.tile_token_words, self.token_words)


def _positions(order: LoopOrder, m_tiles: int, rounds: int, k_tiles: int) -> list[Position]:
    if order == "m_rounds":
        return [(m, r, k) for m in range(m_tiles) for r in range(rounds) for k in range(k_tiles)]
    return [(m, r, k) for r in range(rounds) for m in range(m_tiles) for k in range(k_tiles)]


def schedule_gather(machine: Machine, operation: Operation, homes: Homes) -> GatherSchedule:
    """Cut an operation into tiles that fit the machine; MappingError where none do."""
    fabric, mapping = machine.gather, machine.mapping
    weight = operation.weight
    row_nnz = np.diff(weight.indptr)
    unit_of_row = ASSIGNMENTS[mapping.assignment](row_nnz, fabric.units_per_group)
    entry_bits = machine.weight_entry_bits(dense=weight.dense)
    bank_entries = int(fabric.weight_bank_kib * 8192) // entry_bits
    forced = mapping.tokens_per_tile if isinstance(mapping.tokens_per_tile, int) else None
    k_tile = _k_tile(machine, operation, bank_entries, forced)
    token_words = -(-operation.shape[2] // fabric.lanes)
    tile, rounds = _token_tile(machine, unit_of_row, k_tile, token_words, forced)
    k_tiles = _spans(weight.shape[1], k_tile)
    m_tiles = _m_tiles(operation, unit_of_row, k_tiles, bank_entries, machine.output_words // tile, fabric.units_per_group)
    order = _loop_order(machine, operation, homes, len(m_tiles), rounds, len(k_tiles), entry_bits)
    return GatherSchedule(
        operation, homes, unit_of_row, k_tiles, m_tiles, token_words, tile, rounds, fabric.token_groups, order, entry_bits
    )


def _spans(size: int, step: int) -> tuple[Span, ...]:
    return tuple((start, min(start + step, size)) for start in range(0, size, step))


def _k_tile(machine: Machine, operation: Operation, bank_entries: int, forced: int | None) -> int:
    """Input features of a tile: what a copy holds, less where a single row would not fit a weight bank."""
    weight = operation.weight
    k_tile = min(weight.shape[1], machine.copy_words // (forced or 1))
    longest = _longest_row_part(operation, k_tile)
    return k_tile if longest <= bank_entries else min(k_tile, bank_entries)


def _longest_row_part(operation: Operation, k_tile: int) -> int:
    weight = operation.weight
    if not weight.nnz:
        return 0
    parts = -(-weight.shape[1] // k_tile)
    row = np.repeat(np.arange(weight.shape[0]), np.diff(weight.indptr))
    return int(np.bincount(row * parts + weight.indices // k_tile).max())


def _token_tile(machine: Machine, unit_of_row: NDArray[np.int32], k_tile: int, token_words: int, forced: int | None) -> Span:
    """Token words of a tile, and rounds.

    As many as the copy and the output bank hold (all rows of a unit at once, where that is possible), spread evenly
    over the rounds so that the last one is not a remnant.
    """
    groups = machine.gather.token_groups
    if forced is not None:
        if forced > machine.output_words:
            raise MappingError(
                f"{machine.name}: mapping.tokens_per_tile = {forced}, but one output row of that many words exceeds the "
                f"{machine.output_words} words of an output bank"
            )
        tile = min(forced, -(-token_words // groups))
        return tile, -(-token_words // (groups * tile))
    used = unit_of_row[unit_of_row >= 0]
    rows_per_unit = int(np.bincount(used).max()) if len(used) else 1
    most = min(machine.copy_words // k_tile, max(1, machine.output_words // rows_per_unit), -(-token_words // groups))
    rounds = -(-token_words // (groups * most))
    return -(-token_words // (groups * rounds)), rounds


def _m_tiles(
    operation: Operation,
    unit_of_row: NDArray[np.int32],
    k_tiles: tuple[Span, ...],
    bank_entries: int,
    bank_rows: int,
    units: int,
) -> tuple[Span, ...]:
    """The longest contiguous row ranges whose rows and entries fit every unit's banks."""
    weight = operation.weight
    parts = len(k_tiles)
    width = k_tiles[0][1] - k_tiles[0][0]
    rows = np.repeat(np.arange(weight.shape[0]), np.diff(weight.indptr))
    filled = np.zeros((weight.shape[0], parts), dtype=np.int64)
    np.add.at(filled, (rows, weight.indices // width), 1)
    entries = np.zeros((units, parts), dtype=np.int64)
    held = np.zeros(units, dtype=np.int64)
    tiles: list[Span] = []
    first = 0
    for row, unit in enumerate(unit_of_row):
        if unit < 0:
            continue
        if held[unit] + 1 > bank_rows or (entries[unit] + filled[row] > bank_entries).any():
            tiles.append((first, row))
            first = row
            entries[:] = 0
            held[:] = 0
        held[unit] += 1
        entries[unit] += filled[row]
    tiles.append((first, weight.shape[0]))
    return tuple(tiles)


def _loop_order(
    machine: Machine, operation: Operation, homes: Homes, m_tiles: int, rounds: int, k_tiles: int, entry_bits: int
) -> LoopOrder:
    """The order that moves the fewest DRAM bytes, then buffer bytes, then the first."""
    if machine.mapping.loop_order != "auto":
        return machine.mapping.loop_order
    _, k, n = operation.shape
    x_bytes = k * n * machine.datatypes.activation_bits / 8 / (rounds * k_tiles)
    w_bytes = operation.weight.nnz * entry_bits / 8 / (m_tiles * k_tiles)

    def traffic(order: LoopOrder) -> tuple[float, float]:
        x_changes, w_changes = content_changes(order, m_tiles, rounds, k_tiles)
        x, w = x_bytes * x_changes, w_bytes * w_changes
        return (w + x, 0.0) if homes.x == "dram" else (w, x)

    orders: tuple[LoopOrder, LoopOrder] = ("m_rounds", "rounds_m")
    return min(orders, key=traffic)
