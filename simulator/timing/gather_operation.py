"""One operation on a gather fabric, from schedule to tiles, fills and drains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, Bounds, Counts
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine
from simulator.mapping.gather import GatherSchedule, Position, schedule_gather
from simulator.mapping.placement import PLACEMENTS
from simulator.mapping.program import Drain, Fill, Part, TileStep, content_indices
from simulator.mapping.residency import Homes
from simulator.timing.engines import EngineEntry
from simulator.timing.fabric import cluster_spec
from simulator.timing.gather import GatherRun
from simulator.timing.operation import OperationRun
from simulator.workload.types import Operation


def run_gather(
    elaborated: Elaborated,
    operation: Operation,
    homes: Homes,
    index: int,
    engine: EngineEntry,
    *,
    perfect: bool,
    reuse_tiles: bool,
) -> OperationRun:
    """Schedule an operation, run its rounds, and list what the system level must move for them."""
    machine = elaborated.machine
    schedule = schedule_gather(machine, operation, homes)
    spec = cluster_spec(elaborated)
    run = GatherRun(machine, spec.with_ideal_network() if perfect else spec, engine, schedule, reuse_tiles)
    positions = schedule.positions()
    cycles: list[int] = []
    causes: NDArray[np.int64] = np.zeros(len(CAUSES), dtype=np.int64)
    counts, bounds = Counts(macs_useful=operation.macs_useful), Bounds()
    for position in positions:
        result = run.round(*position)
        cycles.append(result.cycles)
        causes = causes + result.unit_cycles
        counts, bounds = counts + result.counts, bounds + result.bounds
    transfers = _Transfers(machine, schedule, run, index)
    return OperationRun(
        operation,
        homes,
        tiles=_steps(positions, cycles, index),
        x_fills=transfers.x_fills(positions),
        w_fills=transfers.w_fills(positions),
        drains=transfers.drains(positions),
        counts=counts + transfers.counts(positions),
        unit_cycles=causes,
        bounds=bounds,
        details=_details(schedule),
        checked={"tiles_simulated": run.simulated, "tiles_reused": run.reused, "tiles_compared": run.checked},
        outputs=run.outputs,
    )


def _steps(positions: list[Position], cycles: list[int], index: int) -> tuple[TileStep, ...]:
    xs = content_indices([(r, k) for _, r, k in positions], 0)
    ws = content_indices([(m, k) for m, _, k in positions], 0)
    ys = content_indices([(m, r) for m, r, _ in positions], 0)
    return tuple(TileStep(index, c, x, w, y) for c, x, w, y in zip(cycles, xs, ws, ys, strict=True))


def _details(schedule: GatherSchedule) -> dict[str, int | str]:
    return {
        "k_tiles": len(schedule.k_tiles),
        "m_tiles": len(schedule.m_tiles),
        "rounds": schedule.rounds,
        "token_words_per_tile": schedule.tile_token_words,
        "loop_order": schedule.loop_order,
        "weight_entry_bits": schedule.entry_bits,
    }


class _Transfers:
    """Fills and drains of one operation, one for every change of content."""

    def __init__(self, machine: Machine, schedule: GatherSchedule, run: GatherRun, index: int) -> None:
        self.machine = machine
        self.schedule = schedule
        self.run = run
        self.index = index

    def x_fills(self, positions: list[Position]) -> tuple[Fill, ...]:
        """One part a token group: broadcast to all of the group's copies."""
        return tuple(
            Fill(self.index, self.schedule.homes.x, tuple(self._x_part(words, k) for words in self._groups(r)))
            for r, k in _changes([(r, k) for _, r, k in positions])
        )

    def w_fills(self, positions: list[Position]) -> tuple[Fill, ...]:
        """One part: the slices of all units of a group, broadcast to the other groups."""
        port = self.machine.weight_port_entries
        fills = []
        for m, k in _changes([(m, k) for m, _, k in positions]):
            entries = self.run.slice(m, k).counts
            size = int((-(-entries * self.schedule.entry_bits // 8)).sum())
            fills.append(Fill(self.index, "dram", (Part(size, -(-int(entries.max(initial=0)) // port)),)))
        return tuple(fills)

    def drains(self, positions: list[Position]) -> tuple[Drain, ...]:
        """One part a token group: the M tile's rows, empty ones included, for its tokens."""
        drains = []
        for m, r in _changes([(m, r) for m, r, _ in positions]):
            rows = self.schedule.m_tiles[m][1] - self.schedule.m_tiles[m][0]
            parts = tuple(Part(-(-rows * tokens * self.machine.datatypes.activation_bits // 8)) for tokens in self._tokens(r))
            drains.append(Drain(self.index, self.schedule.homes.y, parts))
        return tuple(drains)

    def counts(self, positions: list[Position]) -> Counts:
        """Words written by fills and read by drains."""
        fabric, schedule = self.machine.gather, self.schedule
        x_words = sum(
            (schedule.k_tiles[k][1] - schedule.k_tiles[k][0]) * sum(self._groups(r)) * fabric.replicas
            for r, k in _changes([(r, k) for _, r, k in positions])
        )
        entries = sum(int(self.run.slice(m, k).counts.sum()) for m, k in _changes([(m, k) for m, _, k in positions]))
        drained = sum(self._held_rows(m) * sum(self._groups(r)) for m, r in _changes([(m, r) for m, r, _ in positions]))
        return Counts(
            x_words_filled=x_words,
            weight_bits_filled=entries * schedule.entry_bits * fabric.token_groups,
            output_bank_drains=drained,
        )

    def _held_rows(self, m: int) -> int:
        first, last = self.schedule.m_tiles[m]
        return int((self.schedule.unit_of_row[first:last] >= 0).sum())

    def _groups(self, round_index: int) -> list[int]:
        """Token words of every group that has any in a round."""
        spans = [self.schedule.group_tokens(round_index, group) for group in range(self.schedule.groups)]
        return [last - first for first, last in spans if last > first]

    def _tokens(self, round_index: int) -> list[int]:
        """Tokens of every group that has any in a round."""
        lanes, n = self.machine.gather.lanes, self.schedule.operation.shape[2]
        spans = [self.schedule.group_tokens(round_index, group) for group in range(self.schedule.groups)]
        return [min(last * lanes, n) - first * lanes for first, last in spans if last > first]

    def _x_part(self, token_words: int, k: int) -> Part:
        words = token_words * (self.schedule.k_tiles[k][1] - self.schedule.k_tiles[k][0])
        banks = PLACEMENTS[self.machine.mapping.placement](words, self.machine.gather.banks_per_copy)
        return Part(words * self.machine.word_bytes, int(np.bincount(banks).max()))


def _changes(keys: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The contents in the order in which they are brought in."""
    return [key for place, key in enumerate(keys) if place == 0 or key != keys[place - 1]]
