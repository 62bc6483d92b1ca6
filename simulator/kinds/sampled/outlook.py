"""How long a sampled product would take, cut in one way or another, and the ways that may take least."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from simulator.errors import MappingError
from simulator.kinds.units.loops import Setting, token_tiles
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.outlay import Outlay, Traffic
from simulator.kinds.units.ranges import UNLIMITED, Capacity, FittedRows, fit_rows, row_entries
from simulator.kinds.units.rows import Ints, spread_over
from simulator.kinds.units.streams import list_stream
from simulator.kinds.units.tries import more, near
from simulator.machine.model import DMA_CHUNK_BYTES
from simulator.system.program import MemoryLevel
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


@dataclass(frozen=True)
class Cut:
    """A way to cut a sampled product into tiles: of a machine and an operation it decides the M tiles too."""

    k_tile: int
    """Input features of a tile."""
    token_words: int
    """Of a tile."""
    rounds: int
    sums_home: MemoryLevel | None = None
    """Where partial sums go at the end of each round, and come back from; None: they stay in the lists until the last one."""

    @property
    def streams(self) -> bool:
        """Whether no sum stays for another round, so that lists come and sums leave while a tile runs."""
        return self.rounds == 1 or self.sums_home is not None

    def sums_bytes(self, machine: UnitsMachine, operation: Operation) -> int:
        """What they take of the buffer: those of all places; 0 where they are not there."""
        return operation.weight.nnz * machine.datatypes.accumulate_bits // 8 if self.sums_home == "buffer" else 0


class Outlook:
    """The busiest of units, DRAM, trunks, drain bus and ports of the buffer, and what nothing overlaps with: the first fill, and the
    last places on their way out.
    """

    def __init__(self, setting: Setting, operation: Operation, residency: Residency) -> None:
        self.setting, self.machine, self.pace, self.operation, self.residency = setting, setting.machine, setting.pace, operation, residency
        machine = self.machine
        fabric, weight, types = machine.fabric, operation.weight, machine.datatypes
        m, k, n = operation.shape
        self.bank_entries = int(fabric.weight_bank_kib * 8192) // machine.sampled_entry_bits
        stream = list_stream(machine, machine.sampled_entry_bits, weight.nnz)
        self.fifo_entries = stream.piece_entries * stream.fifo_pieces
        self.token_words = -(-n // fabric.lanes)
        self.group_words = -(-self.token_words // fabric.token_groups)
        self.most_rows = spread_over(machine, np.diff(weight.indptr)).most_parts
        self.x_bytes = residency.forms.x.bits(slice(0, k), (0, n), types.activation_bits) / 8
        self.gradient_bytes = residency.forms.gradient.bits(slice(0, m), (0, n), types.activation_bits) / 8
        self.w_bytes = weight.nnz * (machine.sampled_entry_bits - types.accumulate_bits) / 8
        self.y_bytes, self.sum_bytes = weight.nnz * types.weight_bits / 8, weight.nnz * types.accumulate_bits / 8

    def likeliest(self, most: int) -> list[tuple[Cut, FittedRows]]:
        """Those of about the least time, then of DRAM bytes, with their rows; MappingError where nothing fits."""
        fitted = dict(self._cuts())
        if not fitted:
            raise MappingError(
                f"{self.machine.name}: rows of {self.operation.name} have more places than half of a weight bank holds, "
                f"{self.bank_entries}; raise fabric.weight_bank_kib, or set mapping.partial_sums: auto"
            )
        outlays = {cut: self.outlay(cut, rows) for cut, rows in fitted.items()}
        alike: Counter[MemoryLevel | None] = Counter()
        by_turns: dict[Cut, tuple[int, Outlay]] = {}
        for cut in sorted(outlays, key=outlays.__getitem__):
            by_turns[cut] = alike[cut.sums_home], outlays[cut]
            alike[cut.sums_home] += 1
        # of sums that stay and of sums that leave as many, since estimates tell alike cuts apart better than others
        several = sorted(by_turns, key=by_turns.__getitem__)[:most]
        return [(cut, fitted[cut]) for cut in near({cut: outlays[cut] for cut in several}, most)]

    def _cuts(self) -> Iterator[tuple[Cut, FittedRows]]:
        """Of so many input features as many token words as banks hold, or fewer; of several rounds, sums stay in the lists or leave.

        With each the rows of the mask, as they are given to units, and the M tiles: sums that stay fit half of the weight banks.
        """
        mapping, weight = self.machine.mapping, self.operation.weight
        forced = mapping.tokens_per_tile if isinstance(mapping.tokens_per_tile, int) else None
        for k_tile in self._k_tiles(forced):
            entries = self._row_entries(k_tile)
            longest = int(entries.max(initial=0))
            for tile, rounds in self._token_tiles(self.machine.copy_words // k_tile, forced):
                for home in self._homes(rounds):
                    cut = Cut(k_tile, tile, rounds, home)
                    if not cut.streams and longest > self.bank_entries:
                        continue
                    capacity = Capacity(
                        self.machine.fabric.units_per_group,
                        mapping.assignment,
                        self.machine.own_words // tile,
                        UNLIMITED if cut.streams else self.bank_entries,
                    )
                    rows = self.setting.recall.of_key(
                        ("rows", weight.sha256, k_tile, capacity), partial(fit_rows, entries, capacity), lambda found: found.pieces
                    )
                    yield cut, rows

    def _k_tiles(self, forced: int | None) -> list[int]:
        """As many input features as a copy holds, or fewer; as few as leave room for all tokens; as few as a bank has room for."""
        columns, copy = self.operation.weight.shape[1], self.machine.copy_words
        most = max(1, min(columns, copy // (forced or 1)))
        sizes = [most, *(-(-columns // tiles) for tiles in more(-(-columns // most)) if tiles <= columns)]
        if forced is None and self.group_words <= copy:
            sizes.append(-(-columns // -(-columns // min(columns, copy // self.group_words))))
        if int(self._row_entries(most).max(initial=0)) > self.bank_entries:
            least = max(1, min(most, self.bank_entries))
            sizes += [least, *(-(-columns // tiles) for tiles in more(-(-columns // least)) if tiles <= columns)]
        return list(dict.fromkeys(sizes))

    def _homes(self, rounds: int) -> Iterator[MemoryLevel | None]:
        """Of partial sums between rounds."""
        yield None
        if rounds > 1 and self.machine.mapping.partial_sums == "auto":
            if self.residency.y == "dram":
                yield "dram"
            if self.sum_bytes <= self.residency.room_bytes:
                yield "buffer"

    def _row_entries(self, k_tile: int) -> Ints:
        """[rows, K tiles] nonzeros."""
        weight = self.operation.weight
        return row_entries(weight, k_tile, -(-weight.shape[1] // k_tile))

    def _token_tiles(self, fitting: int, forced: int | None) -> list[tuple[int, int]]:
        """(token words of a tile, rounds): as many as the copy and the units' own banks hold, of all rows or of some; and fewer."""
        groups, own_words = self.machine.fabric.token_groups, self.machine.own_words
        if forced is not None:
            tile, rounds = token_tiles(self.token_words, groups, forced, spread=False)
            if tile > own_words:
                raise MappingError(
                    f"{self.machine.name}: mapping.tokens_per_tile = {forced}, but an output bank holds {own_words} words of dY, "
                    "less than one row of so many"
                )
            return [(tile, rounds)]
        of_all_rows = max(1, min(fitting, own_words // max(1, self.most_rows)))
        _, rounds = token_tiles(self.token_words, groups, of_all_rows)
        words = (*(-(-self.group_words // count) for count in more(rounds)), max(1, min(fitting, own_words)))
        return list(dict.fromkeys(token_tiles(self.token_words, groups, each) for each in words))

    def outlay(self, cut: Cut, fitted: FittedRows) -> Outlay:
        """(cycles, DRAM bytes, buffer bytes) of a cut, estimated; as if all tiles named the same features."""
        system, rounds, leaves = self.pace.system, cut.rounds, cut.sums_home is not None
        m_tiles, k_tiles = len(fitted.spans), fitted.entries.shape[1]
        tiles, again = m_tiles * k_tiles, rounds > 1 and not leaves
        loads = fitted.loads(self.machine.fabric.units_per_group).max(axis=2)
        brought = self.x_bytes * (m_tiles if k_tiles > 1 or again else 1) + self.gradient_bytes * (k_tiles if again else 1)
        sums = self.sum_bytes * (rounds - 1) if leaves else 0.0
        walks = rounds if leaves and (tiles > 1 or int(loads.max(initial=0)) > self.fifo_entries) else 1
        traffic = self._traffic(cut, brought, sums, walks, tiles)
        time = max(
            self._compute_cycles(cut, int(loads.sum()), tiles),
            traffic.dram / system.dram_bytes_per_cycle,
            brought / system.x_bytes_per_cycle,
            self.w_bytes * walks / system.w_bytes_per_cycle,
            (self.y_bytes + sums) / system.drain_bytes_per_cycle,
            max(traffic.read, traffic.written) / system.buffer_bytes_per_cycle,
        )
        piece = DMA_CHUNK_BYTES if cut.streams else math.inf
        first = brought / (tiles * rounds) + min(piece, self.w_bytes / tiles)
        rate = min(system.x_bytes_per_cycle, system.dram_bytes_per_cycle if self.residency.x == "dram" else math.inf)
        last = min(piece, self.y_bytes / tiles)
        return time + first / rate + last / system.drain_bytes_per_cycle, traffic.dram, traffic.read + traffic.written

    def _compute_cycles(self, cut: Cut, busiest_entries: int, tiles: int) -> float:
        """Of the busiest unit: a place keeps its accumulator from its first request until it is merged."""
        words, unloaded = self.group_words / cut.rounds, self.pace.unloaded_cycles
        place = max(words, (words + unloaded) / self.machine.fabric.accumulators)
        return cut.rounds * (busiest_entries * place + tiles * unloaded)

    def _traffic(self, cut: Cut, brought: float, sums: float, walks: int, tiles: int) -> Traffic:
        """DRAM moves whole bursts of what is less than one."""
        traffic, burst = Traffic(), self.pace.system.dram_burst_bytes
        traffic.add(self.residency.x, read=brought, least=burst)
        traffic.add(self.residency.y, written=self.y_bytes, least=burst * tiles)
        traffic.add(cut.sums_home or "buffer", read=sums, written=sums, least=burst * tiles * (cut.rounds - 1))
        kept = walks > 1 and self.w_bytes <= self.residency.room_bytes - cut.sums_bytes(self.machine, self.operation)
        from_dram = 1 if kept else walks
        traffic.add("dram", read=self.w_bytes * from_dram, least=burst * tiles * from_dram)
        if kept:
            traffic.add("buffer", read=self.w_bytes * (walks - 1), written=self.w_bytes)
        return traffic
