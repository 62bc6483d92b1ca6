"""How long an operation would take in the scatter dataflow, cut in one way or another, and the way that takes least."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulator.errors import MappingError
from simulator.kinds.units.loops import Pace, token_tiles
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.ranges import UNLIMITED, Capacity, FittedRows, fit_rows, line_entries
from simulator.kinds.units.rows import spread_over
from simulator.kinds.units.streams import list_stream
from simulator.kinds.units.tries import more, near
from simulator.system.program import LoopOrder, MemoryLevel, Span, content_changes
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


def by_column(operation: Operation) -> ByColumn:
    """Sort W by column, then row."""
    weight = operation.weight
    rows = np.repeat(np.arange(weight.shape[0], dtype=np.int32), np.diff(weight.indptr))
    order = np.lexsort((rows, weight.indices))
    indptr = np.concatenate(([0], np.cumsum(np.bincount(weight.indices, minlength=weight.shape[1]))))
    return ByColumn(indptr.astype(np.int64), rows[order], order.astype(np.int64))


@dataclass(frozen=True, eq=False)
class Cut:
    """A way to cut an operation into tiles."""

    m_tile: int
    """Output features of a tile."""
    token_words: int
    """Of a tile."""
    rounds: int
    fitted: FittedRows
    """Columns, as they are given to units, and the K tiles."""
    loop_order: LoopOrder
    sums_home: MemoryLevel | None = None
    """Where partial sums go at the end of each K tile, and come back from; None: they stay in the copies."""


def fitted(machine: UnitsMachine, columns: ByColumn, m_tile: int, m_tiles: int, token_words: int) -> FittedRows:
    """The longest contiguous column ranges whose words fit every unit's bank; lists stream."""
    fabric = machine.fabric
    capacity = Capacity(fabric.units_per_group, machine.mapping.assignment, machine.own_words // token_words, UNLIMITED, "column")
    return fit_rows(line_entries(columns.indptr, columns.rows, m_tile, m_tiles), capacity)


def row_entries(operation: Operation, k_tiles: Sequence[Span]) -> NDArray[np.int64]:
    """[M, K tiles] nonzeros of each row."""
    weight, tiles = operation.weight, len(k_tiles)
    k_tile = np.searchsorted([first for first, _ in k_tiles], weight.indices, side="right") - 1
    row = np.repeat(np.arange(weight.shape[0]), np.diff(weight.indptr))
    counted: NDArray[np.int64] = np.bincount(row * tiles + k_tile, minlength=weight.shape[0] * tiles)
    return counted.reshape(weight.shape[0], tiles)


class Outlook:
    """The busiest of units, banks, DRAM, trunks and drain bus, and what none of them overlaps with: the first fill, the empty fabric
    between two tiles, and the last sums on their way out.
    """

    def __init__(self, machine: UnitsMachine, operation: Operation, residency: Residency, pace: Pace, columns: ByColumn) -> None:
        self.machine, self.operation, self.residency, self.pace, self.columns = machine, operation, residency, pace, columns
        weight, fabric = operation.weight, machine.fabric
        m, k, n = operation.shape
        entry_bits = machine.weight_entry_bits(dense=weight.dense)
        self.stream = list_stream(machine, entry_bits, weight.nnz)
        self.most_columns = spread_over(machine, np.diff(columns.indptr)).most_parts
        self.token_words = -(-n // fabric.lanes)
        self.group_words = -(-self.token_words // fabric.token_groups)
        bits = machine.datatypes.activation_bits
        self.x_bytes = residency.forms.x.bits(slice(0, k), (0, n), bits) / 8
        self.y_bytes = residency.output_bytes(operation, m * n * bits, bits)
        self.w_bytes = -(-whole_bits(machine.machine, operation, weight.nnz * entry_bits) // 8)

    def likeliest(self, most: int) -> list[Cut]:
        """Those of about the least time, by time, then DRAM bytes, then buffer bytes; MappingError where nothing fits."""
        return near({cut: self.outlay(cut) for cut in self._cuts()}, most)

    def _cuts(self) -> Iterator[Cut]:
        """In every order; where K is cut, also with a K tile's lists walked for all rounds, so that sums leave."""
        mapping = self.machine.mapping
        orders: tuple[LoopOrder, ...] = ("m_rounds", "rounds_m") if mapping.loop_order == "auto" else (mapping.loop_order,)
        for m_tile, token_words, rounds, columns in self._tiles():
            stays = Cut(m_tile, token_words, rounds, columns, orders[0])
            for order in orders:
                yield replace(stays, loop_order=order)
            if len(columns.spans) == 1 or rounds == 1 or mapping.loop_order != "auto" or mapping.partial_sums == "stay":
                continue
            if self.residency.y == "dram":
                yield replace(stays, loop_order="m_k_rounds", sums_home="dram")
            if self._sums_bytes(m_tile) <= self.residency.room_bytes:
                yield replace(stays, loop_order="m_k_rounds", sums_home="buffer")

    def _sums_bytes(self, m_tile: int) -> int:
        """Room for the partial sums of an M tile over all tokens."""
        return m_tile * self.operation.shape[2] * self.machine.datatypes.accumulate_bits // 8

    def _tiles(self) -> Iterator[tuple[int, int, int, FittedRows]]:
        """As much of M as a copy holds the sums of, and smaller shares; of each, all that a copy and a unit's bank hold, or less."""
        m, forced = self.operation.shape[0], self.machine.mapping.tokens_per_tile
        sums = self.machine.copy_sums // (forced if isinstance(forced, int) else 1)
        if not sums:
            raise MappingError(
                f"{self.machine.name}: a copy holds {self.machine.copy_sums} words of partial sums, too few for tokens_per_tile = {forced}"
            )
        least = -(-m // sums)
        for m_tile in dict.fromkeys(-(-m // min(m, tiles)) for tiles in (more(least) if forced == "auto" else (least,))):
            m_tiles = -(-m // m_tile)
            for token_words, rounds in self._token_tiles(m_tile):
                yield m_tile, token_words, rounds, fitted(self.machine, self.columns, m_tile, m_tiles, token_words)

    def _token_tiles(self, m_tile: int) -> list[tuple[int, int]]:
        """(token words of a tile, rounds): as many as there is room for, and half of that, and so on; so many where they are forced."""
        forced, groups = self.machine.mapping.tokens_per_tile, self.machine.fabric.token_groups
        if isinstance(forced, int):
            return [token_tiles(self.token_words, groups, forced, spread=False)]
        most = max(1, min(self.machine.copy_sums // m_tile, self.machine.own_words, self.group_words))
        _, rounds = token_tiles(self.token_words, groups, most)
        words = [-(-self.group_words // count) for count in more(rounds)]
        with_k_whole = self.machine.own_words // max(1, self.most_columns)
        if with_k_whole:
            words.append(min(most, with_k_whole))
        return list(dict.fromkeys(token_tiles(self.token_words, groups, each) for each in words))

    def outlay(self, cut: Cut) -> tuple[float, float, float]:
        """(cycles, DRAM bytes, buffer bytes) of a cut, estimated."""
        busiest, longest, tiles = self._busiest(cut)
        k_tiles, m_tiles = len(cut.fitted.spans), tiles // len(cut.fitted.spans)
        x_fills, w_fills = content_changes(cut.loop_order, m_tiles, cut.rounds, k_tiles)
        resident = longest <= self.stream.piece_entries * self.stream.fifo_pieces
        walks = w_fills / tiles if resident else cut.rounds
        x_bytes, y_bytes, sums = self.x_bytes * x_fills / (cut.rounds * k_tiles), self.y_bytes, self._sums(cut)
        taken = self._sums_bytes(cut.m_tile) if cut.sums_home == "buffer" else 0
        w_dram, w_buffer = self._w_traffic(walks, self.residency.room_bytes - taken)
        x_dram, y_dram, system = self.residency.x == "dram", self.residency.y == "dram", self.pace.system
        sums_dram = 2 * sums * (cut.sums_home == "dram")
        dram = w_dram + x_dram * x_bytes + y_dram * y_bytes + sums_dram
        time = max(
            self.group_words * busiest + cut.rounds * tiles * self.pace.unloaded_cycles,
            dram / system.dram_bytes_per_cycle,
            x_bytes / system.x_bytes_per_cycle,
            self.w_bytes * walks / system.w_bytes_per_cycle,
            (y_bytes + sums * self.machine.fabric.replicas) / system.drain_bytes_per_cycle,
        )
        x_rate, y_rate = (
            min(rate, system.dram_bytes_per_cycle if dram else math.inf)
            for rate, dram in ((system.x_bytes_per_cycle, x_dram), (system.drain_bytes_per_cycle, y_dram))
        )
        ends = x_bytes / x_fills / x_rate + y_bytes / (m_tiles * cut.rounds) / y_rate
        buffer = w_buffer + (not x_dram) * x_bytes + (not y_dram) * y_bytes + 2 * sums - sums_dram
        return time + ends, dram, buffer

    def _sums(self, cut: Cut) -> float:
        """Bytes of partial sums that go out; as many come back."""
        if cut.sums_home is None:
            return 0.0
        n = self.operation.shape[2]
        touched = (row_entries(self.operation, cut.fitted.spans) > 0).sum(axis=1)
        return float(np.maximum(touched - 1, 0).sum()) * n * self.machine.datatypes.accumulate_bits / 8

    def _busiest(self, cut: Cut) -> tuple[float, int, int]:
        """Of all tiles of a round: cycles of the busiest unit or bank port for a token word, entries of the longest list, and tiles."""
        fabric, parts, entries = self.machine.fabric, cut.fitted.parts, cut.fitted.entries
        cycles, longest = 0.0, 0
        for first, last in cut.fitted.spans:
            here = parts.of_rows(first, last)
            of_unit = np.zeros((fabric.units_per_group, entries.shape[1]), dtype=np.int64)
            np.add.at(of_unit, parts.unit[here], entries[here])
            most = of_unit.max(axis=0, initial=0)
            ports = fabric.replicas * fabric.banks_per_copy * fabric.bank_ports
            cycles += float(np.maximum(most, of_unit.sum(axis=0) / ports).sum())
            longest = max(longest, int(most.max(initial=0)))
        return cycles, longest, len(cut.fitted.spans) * entries.shape[1]

    def _w_traffic(self, walks: float, room: int) -> tuple[float, float]:
        """DRAM and buffer bytes of W, given what the buffer has left for it."""
        if self.operation.weight_home == "activation":
            moved = self.w_bytes * walks
            return (moved, 0.0) if self.residency.w == "dram" else (0.0, moved)
        if walks > 1 and self.w_bytes <= room:
            return self.w_bytes, self.w_bytes * walks
        return self.w_bytes * walks, 0.0
