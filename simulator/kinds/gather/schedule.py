"""Tiling of one operation on a gather fabric (rules 4 and 12): tokens, K tiles, M tiles, loop order."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.errors import MappingError
from simulator.kinds.units.loops import Pace, TileLoops, token_tiles
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.placement import Placement, placement_of
from simulator.kinds.units.ranges import UNLIMITED, Capacity, fit_rows, line_entries
from simulator.kinds.units.rows import RowParts, spread_over
from simulator.kinds.units.streams import list_stream
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


def schedule_gather(machine: UnitsMachine, operation: Operation, residency: Residency, pace: Pace) -> GatherSchedule:
    """Cut an operation into tiles that fit the machine, so that it takes least time; MappingError where none do."""
    return cut_gather(machine, operation, residency, _Outlook(machine, operation, residency, pace).best())


def cut_gather(machine: UnitsMachine, operation: Operation, residency: Residency, cut: Cut) -> GatherSchedule:
    """Cut an operation into tiles in one way; MappingError where they do not fit the machine.

    With K whole, rows leave as they are written, and M is not cut; else sums stay in one half of the output banks.
    """
    fabric, mapping, weight = machine.fabric, machine.mapping, operation.weight
    k_tiles = spans(weight.shape[1], cut.k_tile)
    held = UNLIMITED if len(k_tiles) == 1 else machine.output_words // cut.token_words
    capacity = Capacity(fabric.units_per_group, mapping.assignment, held, UNLIMITED)
    fitted = fit_rows(line_entries(weight.indptr, weight.indices, cut.k_tile, len(k_tiles)), capacity)
    entry_bits = machine.weight_entry_bits(dense=weight.dense)
    return GatherSchedule(
        operation=operation,
        residency=residency,
        m_tiles=fitted.spans,
        k_tiles=k_tiles,
        token_words=-(-operation.shape[2] // fabric.lanes),
        tile_token_words=cut.token_words,
        rounds=cut.rounds,
        groups=fabric.token_groups,
        lanes=fabric.lanes,
        loop_order=cut.loop_order,
        stream=list_stream(machine, entry_bits),
        parts=fitted.parts,
        entries=fitted.entries,
        placement=placement_of(machine),
        banks=fabric.banks_per_copy,
        order=mapping.order,
        entry_bits=entry_bits,
    )


def gather_block_cycles(machine: UnitsMachine, operation: Operation, residency: Residency, pace: Pace, whole: Cut) -> float:
    """About how long the units take for an operation that is whole in each of its tiles."""
    return _Outlook(machine, operation, residency, pace).compute_cycles(whole, 1, 1)


@dataclass(frozen=True)
class Cut:
    """A way to cut an operation into tiles."""

    token_words: int
    """Of a tile."""
    rounds: int
    k_tile: int
    loop_order: LoopOrder


class _Outlook:
    """How long an operation would take, cut in one way or another: the busiest of units, DRAM, trunks and drain bus, and what
    none of them overlaps with: the first fill, and the empty fabric between two tiles.
    """

    def __init__(self, machine: UnitsMachine, operation: Operation, residency: Residency, pace: Pace) -> None:
        self.machine, self.operation, self.residency, self.pace = machine, operation, residency, pace
        weight, fabric = operation.weight, machine.fabric
        entry_bits = machine.weight_entry_bits(dense=weight.dense)
        self.stream = list_stream(machine, entry_bits)
        self.token_words = -(-operation.shape[2] // fabric.lanes)
        self.group_words = -(-self.token_words // fabric.token_groups)
        parts = spread_over(machine, np.diff(weight.indptr))
        self.most_rows, self.most_entries = parts.most_parts, parts.most_entries
        m, k, n = operation.shape
        bits = machine.datatypes.activation_bits
        self.x_bytes = residency.forms.x.bits(slice(0, k), (0, n), bits) / 8
        self.y_bytes = residency.output_bytes(operation, m * n * bits, bits)
        self.w_bytes = -(-whole_bits(machine.machine, operation, weight.nnz * entry_bits) // 8)

    def best(self) -> Cut:
        """That of least time, then DRAM bytes, then buffer bytes, then the first."""
        mapping = self.machine.mapping
        forced = mapping.tokens_per_tile if isinstance(mapping.tokens_per_tile, int) else None
        orders: tuple[LoopOrder, ...] = ("m_rounds", "rounds_m") if mapping.loop_order == "auto" else (mapping.loop_order,)
        if forced and forced > min(self.machine.fabric.accumulators, self.machine.output_words):
            raise MappingError(
                f"{self.machine.name}: mapping.tokens_per_tile = {forced}, but a row of so many words needs as many accumulators and as "
                f"much of an output bank; a unit has fabric.accumulators = {self.machine.fabric.accumulators}, and its output bank holds "
                f"{self.machine.output_words} words"
            )
        shapes = [self._shape(forced)] if forced else [self._shape(words) for words in range(self._most_token_words(), 0, -1)]
        return min((Cut(*shape, order) for shape in dict.fromkeys(shapes) for order in orders), key=self.outlay)

    def _most_token_words(self) -> int:
        machine = self.machine
        return max(1, min(machine.fabric.accumulators, self.group_words, machine.copy_words, machine.output_words))

    def _shape(self, token_words: int) -> tuple[int, int, int]:
        """Token words of a tile, rounds and input features, as even as can be."""
        columns = self.operation.weight.shape[1]
        spread = self.machine.mapping.tokens_per_tile == "auto"
        tile, rounds = token_tiles(self.token_words, self.machine.fabric.token_groups, token_words, spread=spread)
        tiles = -(-columns // (self.machine.copy_words // token_words))
        return tile, rounds, -(-columns // tiles)

    def outlay(self, cut: Cut) -> tuple[float, float, float]:
        """(cycles, DRAM bytes, buffer bytes) of a cut, estimated."""
        k_tiles = -(-self.operation.weight.shape[1] // cut.k_tile)
        m_tiles = 1 if k_tiles == 1 else -(-max(1, self.most_rows) // max(1, self.machine.output_words // cut.token_words))
        x_fills, w_fills = content_changes(cut.loop_order, m_tiles, cut.rounds, k_tiles)
        resident = self.most_entries <= m_tiles * k_tiles * self.stream.piece_entries * self.stream.fifo_pieces
        walks = w_fills / (m_tiles * k_tiles) if resident else cut.rounds
        x_bytes, y_bytes = self.x_bytes * x_fills / (cut.rounds * k_tiles), self.y_bytes
        w_dram, w_buffer = self._w_traffic(walks)
        x_dram, y_dram = self.residency.x == "dram", self.residency.y == "dram"
        dram = w_dram + x_dram * x_bytes + y_dram * y_bytes
        system = self.pace.system
        x_rate = min(system.x_bytes_per_cycle, system.dram_bytes_per_cycle if x_dram else math.inf)
        busiest = max(
            self.compute_cycles(cut, m_tiles, k_tiles),
            dram / system.dram_bytes_per_cycle,
            x_bytes / system.x_bytes_per_cycle,
            self.w_bytes * walks / system.w_bytes_per_cycle,
            y_bytes / system.drain_bytes_per_cycle,
        )
        return busiest + x_bytes / x_fills / x_rate, dram, w_buffer + (not x_dram) * x_bytes + (not y_dram) * y_bytes

    def _w_traffic(self, walks: float) -> tuple[float, float]:
        """DRAM and buffer bytes of W."""
        if self.operation.weight_home == "activation":
            moved = self.w_bytes * walks
            return (moved, 0.0) if self.residency.w == "dram" else (0.0, moved)
        if walks > 1 and self.w_bytes <= self.residency.room_bytes:
            return self.w_bytes, self.w_bytes * walks
        return self.w_bytes * walks, 0.0

    def compute_cycles(self, cut: Cut, m_tiles: int, k_tiles: int) -> float:
        """Of the busiest unit: a row keeps its accumulators from its first request until it is merged."""
        rows = max(1, self.most_rows) * k_tiles
        row = self.most_entries / rows * self.group_words / cut.rounds
        open_rows = self.machine.fabric.accumulators // cut.token_words
        unloaded = self.pace.unloaded_cycles
        return cut.rounds * (rows * max(row, (row + unloaded) / open_rows) + m_tiles * k_tiles * unloaded)


def spans(size: int, step: int) -> tuple[Span, ...]:
    """Cut a size greedily into steps."""
    return tuple((start, min(start + step, size)) for start in range(0, size, step))


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


def most_rows(machine: UnitsMachine, operation: Operation) -> int:
    """Most rows, or parts of rows, of a unit where all of an operation are spread at once."""
    return spread_over(machine, np.diff(operation.weight.indptr)).most_parts or 1
