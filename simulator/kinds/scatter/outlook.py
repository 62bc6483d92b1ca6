"""How long an operation would take in the scatter dataflow, cut in one way or another, and the way that takes least."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.engine.cluster import ClusterSpec
from simulator.errors import MappingError
from simulator.kinds.units.loops import Setting, token_tiles
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.ranges import UNLIMITED, Capacity, FittedRows, fit_rows
from simulator.kinds.units.rows import Ints, spread_over
from simulator.kinds.units.streams import list_stream
from simulator.kinds.units.tries import MOST_TRIED, more, near
from simulator.system.program import LoopOrder, MemoryLevel, Span, content_changes, spans
from simulator.system.tensors import Residency
from simulator.system.weights import whole_bits
from simulator.workload.csr import occurrences, runs_of_lines
from simulator.workload.types import Operation, Weight


class Cut(Struct, frozen=True):
    """A way to cut an operation into tiles: of a machine and an operation it decides the K tiles too."""

    m_tile: int
    """Output features of a tile."""
    token_words: int
    """Of a tile."""
    rounds: int
    loop_order: LoopOrder
    sums_home: MemoryLevel | None = None
    """Where partial sums go at the end of each K tile, and come back from; None: they stay in the copies."""

    def sums_bytes(self, machine: UnitsMachine, operation: Operation) -> int:
        """What they take of the buffer: those of an M tile over all tokens; 0 where they are not there."""
        return self.m_tile * operation.shape[2] * machine.datatypes.accumulate_bits // 8 if self.sums_home == "buffer" else 0


class Fitted(Struct, frozen=True, eq=False):
    """Columns, as they are given to units for tiles of so many output features and token words, and the K tiles."""

    columns: FittedRows
    busiest: NDArray[np.float64]
    """[K tiles, M tiles] products of the busiest unit or bank port, for a token word."""
    longest: int
    """Entries of the longest list."""

    @classmethod
    def of(cls, machine: UnitsMachine, weight: Weight, m_tile: int, token_words: int) -> Fitted:
        """The longest contiguous column ranges whose words fit every unit's bank; lists stream."""
        columns = fitted(machine, weight, m_tile, token_words)
        return cls(columns, *_busiest(machine, columns))

    @property
    def pieces(self) -> int:
        """What it takes to hold it, in KiB."""
        return self.columns.pieces

    @property
    def tiles(self) -> int:
        """Of a round."""
        return len(self.columns.spans) * int(self.columns.entries.shape[1])


def fitted(machine: UnitsMachine, weight: Weight, m_tile: int, token_words: int) -> FittedRows:
    """The longest contiguous column ranges whose words fit every unit's bank; lists stream."""
    assignment = machine.mapping.assignment
    capacity = Capacity(machine.fabric.units_per_group, assignment, machine.own_words // token_words, UNLIMITED, "column")
    return fit_rows(column_entries(weight, m_tile), capacity)


@lru_cache(maxsize=4)
def column_entries(weight: Weight, m_tile: int) -> Ints:
    """[K, M tiles] nonzeros of each column; worked out once, for the tries that follow one another."""
    m, k = weight.shape
    if weight.dense:
        return np.repeat(np.array([[last - first for first, last in spans(m, m_tile)]]), k, axis=0)
    ends = [(int(weight.indptr[first]), int(weight.indptr[last])) for first, last in spans(m, m_tile)]
    return np.stack([occurrences(weight.indices[first:last], k) for first, last in ends], axis=1)


def entries_within(weight: Weight, k_tiles: Sequence[Span]) -> Ints:
    """[M, K tiles] nonzeros of each row."""
    ends, tiles = [last for _, last in k_tiles], len(k_tiles)
    counted = np.empty((weight.shape[0], tiles), dtype=np.int64)
    for rows in runs_of_lines(weight.indptr):
        place = np.searchsorted(ends, weight.indices[weight.indptr[rows.start] : weight.indptr[rows.stop]], side="right")
        place += np.repeat(np.arange(rows.stop - rows.start) * tiles, np.diff(weight.indptr[rows.start : rows.stop + 1]))
        here = counted[rows]
        here[:] = np.bincount(place, minlength=here.size).reshape(here.shape)
    return counted


def most_added_cycles(spec: ClusterSpec, weight: Weight) -> int:
    """Of the word that is added to most often, for a token word: A for each entry of the longest row."""
    return spec.accumulate_latency * int(np.diff(weight.indptr).max(initial=0))


def _busiest(machine: UnitsMachine, columns: FittedRows) -> tuple[NDArray[np.float64], int]:
    """As `Fitted` says."""
    fabric, parts, tiles = machine.fabric, columns.parts, columns.entries.shape[1]
    ports = fabric.replicas * fabric.banks_per_copy * fabric.bank_ports
    busiest, longest = [], 0
    for first, last in columns.spans:
        here = parts.of_rows(first, last)
        place = parts.unit[here, None].astype(np.int64) * tiles + np.arange(tiles)
        counted = np.bincount(place.ravel(), weights=columns.entries[here].ravel(), minlength=fabric.units_per_group * tiles)
        of_unit = counted.reshape(fabric.units_per_group, tiles)
        most = of_unit.max(axis=0, initial=0)
        busiest.append(np.maximum(most, of_unit.sum(axis=0) / ports))
        longest = max(longest, int(most.max(initial=0)))
    return np.array(busiest, dtype=np.float64).reshape(-1, tiles), longest


class Outlook:
    """The busiest of units, banks, the words of banks, DRAM, trunks and drain bus, and what none of them overlaps with: the first fill,
    the empty fabric between two tiles, and the last sums on their way out.
    """

    def __init__(self, setting: Setting, operation: Operation, residency: Residency) -> None:
        self.setting, self.machine, self.pace, self.operation, self.residency = setting, setting.machine, setting.pace, operation, residency
        self._fitted: dict[tuple[int, int], Fitted] = {}
        self._entries: dict[tuple[int, int], tuple[int, Ints]] = {}
        machine = self.machine
        weight, fabric = operation.weight, machine.fabric
        m, k, n = operation.shape
        entry_bits = machine.weight_entry_bits(dense=weight.dense)
        self.stream = list_stream(machine, entry_bits, weight.nnz)
        self.most_columns = spread_over(machine, weight.column_counts).most_parts
        self.token_words = -(-n // fabric.lanes)
        self.group_words = -(-self.token_words // fabric.token_groups)
        bits = machine.datatypes.activation_bits
        self.x_bytes = residency.forms.x.bits(slice(0, k), (0, n), bits) / 8
        self.y_bytes = residency.output_bytes(operation, m * n * bits, bits)
        self.w_bytes = -(-whole_bits(machine.machine, operation, weight.nnz * entry_bits) // 8)

    def likeliest(self, most: int) -> list[Cut]:
        """Those of about the least time, by time, then DRAM bytes, then buffer bytes. Raises MappingError where nothing fits."""
        return near({cut: self.outlay(cut) for cut in self._cuts()}, most)

    def quickest(self, first_tile: Callable[[Cut], int]) -> Cut:
        """The one of least time, where a cluster takes so many cycles for the first tile of a cut, and for all others in proportion.

        Of the likeliest shapes of tiles each is looked at once: what products wait for one another is a matter of that, and not of
        the order in which tiles come. Raises MappingError where nothing fits.
        """
        of_shape: dict[tuple[int, int], list[Cut]] = {}
        for cut in self._cuts():
            of_shape.setdefault((cut.m_tile, cut.token_words), []).append(cut)
        shapes = near({shape: min(map(self.outlay, cuts)) for shape, cuts in of_shape.items()}, MOST_TRIED)
        if len(shapes) == 1:
            return min(of_shape[shapes[0]], key=self.outlay)
        ranked: list[tuple[tuple[float, float, float], int, Cut]] = []
        for shape in shapes:
            busiest, waits = self._tile_cycles(of_shape[shape][0])
            expected = shape[1] * float(busiest[0, 0]) + float(waits[0, 0]) + self.pace.unloaded_cycles
            longer = max(1.0, first_tile(of_shape[shape][0]) / expected)
            ranked += [(self.outlay(cut, longer), len(ranked) + place, cut) for place, cut in enumerate(of_shape[shape])]
        return min(ranked)[2]

    def fitted(self, cut: Cut) -> Fitted:
        """The columns and K tiles of a cut; no rate and no memory has a part in them."""
        shape, weight = (cut.m_tile, cut.token_words), self.operation.weight
        if shape not in self._fitted:
            key = "columns", self.setting.key, weight.sha256, shape
            self._fitted[shape] = self.setting.recall.of_key(
                key, lambda: Fitted.of(self.machine, weight, *shape), lambda found: found.pieces
            )
        return self._fitted[shape]

    def _cuts(self) -> Iterator[Cut]:
        """In every order; where K is cut, also with a K tile's lists walked for all rounds, so that sums leave."""
        mapping = self.machine.mapping
        orders: tuple[LoopOrder, ...] = ("m_rounds", "rounds_m") if mapping.loop_order == "auto" else (mapping.loop_order,)
        for m_tile, token_words, rounds in self._tiles():
            stays = Cut(m_tile, token_words, rounds, orders[0])
            for order in orders:
                yield replace(stays, loop_order=order)
            if rounds == 1 or mapping.loop_order != "auto" or mapping.partial_sums == "stay" or len(self.fitted(stays).columns.spans) == 1:
                continue
            if self.residency.y == "dram":
                yield replace(stays, loop_order="m_k_rounds", sums_home="dram")
            in_buffer = replace(stays, loop_order="m_k_rounds", sums_home="buffer")
            if in_buffer.sums_bytes(self.machine, self.operation) <= self.residency.room_bytes:
                yield in_buffer

    def _tiles(self) -> Iterator[tuple[int, int, int]]:
        """As much of M as a copy holds the sums of, and smaller shares; of each, all that a copy and a unit's bank hold, or less."""
        m, forced = self.operation.shape[0], self.machine.mapping.tokens_per_tile
        sums = self.machine.copy_sums // (forced if isinstance(forced, int) else 1)
        if not sums:
            raise MappingError(
                f"{self.machine.name}: a copy holds {self.machine.copy_sums} words of partial sums, too few for tokens_per_tile = {forced}"
            )
        least = -(-m // sums)
        for m_tile in dict.fromkeys(-(-m // min(m, tiles)) for tiles in (more(least) if forced == "auto" else (least,))):
            for token_words, rounds in self._token_tiles(m_tile):
                yield m_tile, token_words, rounds

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

    def outlay(self, cut: Cut, longer: float = 1.0) -> tuple[float, float, float]:
        """(cycles, DRAM bytes, buffer bytes) of a cut, estimated; clusters take so many times as `longer` as their busiest part."""
        fitted = self.fitted(cut)
        tiles, k_tiles = fitted.tiles, len(fitted.columns.spans)
        m_tiles = tiles // k_tiles
        x_fills, w_fills = content_changes(cut.loop_order, m_tiles, cut.rounds, k_tiles)
        resident = fitted.longest <= self.stream.piece_entries * self.stream.fifo_pieces
        walks = w_fills / tiles if resident else cut.rounds
        x_bytes, y_bytes, sums = self.x_bytes * x_fills / (cut.rounds * k_tiles), self.y_bytes, self._sums(cut)
        w_dram, w_buffer = self._w_traffic(walks, self.residency.room_bytes - cut.sums_bytes(self.machine, self.operation))
        x_dram, y_dram, system = self.residency.x == "dram", self.residency.y == "dram", self.pace.system
        sums_dram = 2 * sums * (cut.sums_home == "dram")
        dram = w_dram + x_dram * x_bytes + y_dram * y_bytes + sums_dram
        time = max(
            longer * (self._fabric_cycles(cut) + cut.rounds * tiles * self.pace.unloaded_cycles),
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

    def _fabric_cycles(self, cut: Cut) -> float:
        """Of all rounds."""
        busiest, waits = self._tile_cycles(cut)
        return self.group_words * float(busiest.sum()) + cut.rounds * float(waits.sum())

    def _tile_cycles(self, cut: Cut) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """[K tiles, M tiles] of the busiest unit or port, for a token word; and how much longer the word takes that is added to most often.

        Units and ports send and take a product in as many cycles as it has flits, a word takes one in A cycles. That word takes as many in
        a tile of many tokens as in one of few.
        """
        spec, busiest = self.setting.spec, self.fitted(cut).busiest
        busiest = busiest * spec.request_cycles
        if most_added_cycles(spec, self.operation.weight) <= cut.token_words * busiest.min(initial=math.inf):
            return busiest, np.zeros_like(busiest)
        return busiest, np.maximum(self._counted(cut)[1] * spec.accumulate_latency - cut.token_words * busiest, 0)

    def _sums(self, cut: Cut) -> float:
        """Bytes of partial sums that go out; as many come back."""
        if cut.sums_home is None:
            return 0.0
        return float(self._counted(cut)[0]) * self.operation.shape[2] * self.machine.datatypes.accumulate_bits / 8

    def _counted(self, cut: Cut) -> tuple[int, Ints]:
        """Rows with entries, K tile by K tile, but for the last of each: so many sums of a token leave; and [K tiles, M tiles] entries of
        the longest row.
        """
        shape, weight = (cut.m_tile, cut.token_words), self.operation.weight

        def counted() -> tuple[int, Ints]:
            entries = entries_within(weight, self.fitted(cut).columns.spans)
            left = np.maximum((entries > 0).sum(axis=1) - 1, 0).sum()
            starts = [first for first, _ in spans(weight.shape[0], cut.m_tile)]
            return int(left), np.maximum.reduceat(entries, starts, axis=0).T

        if shape not in self._entries:
            self._entries[shape] = self.setting.recall.of_key(("rows", self.setting.key, weight.sha256, shape), counted)
        return self._entries[shape]

    def _w_traffic(self, walks: float, room: int) -> tuple[float, float]:
        """DRAM and buffer bytes of W, given what the buffer has left for it."""
        if self.operation.weight_home == "activation":
            moved = self.w_bytes * walks
            return (moved, 0.0) if self.residency.w == "dram" else (0.0, moved)
        if walks > 1 and self.w_bytes <= room:
            return self.w_bytes, self.w_bytes * walks
        return self.w_bytes * walks, 0.0
