"""One operation on a gather fabric: every round through a fabric engine, identical clusters once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, Bounds, Counts
from simulator.machine.model import Machine
from simulator.mapping.gather import GatherSchedule
from simulator.mapping.lists import SliceLists, cluster_work, present_words, slice_lists, tile_values
from simulator.mapping.work import ClusterWork, TileValues
from simulator.timing.bounds import cluster_bounds
from simulator.timing.checks import check_cluster, check_values
from simulator.timing.engines import EngineEntry
from simulator.timing.fabric import CAUSE, ClusterOutcome, ClusterSpec


@dataclass(frozen=True, eq=False)
class Round:
    """One round of tiles: what all token groups did between two barriers."""

    cycles: int
    counts: Counts
    unit_cycles: NDArray[np.int64]
    bounds: Bounds


@dataclass(eq=False)
class GatherRun:
    """Runs one operation's rounds; remembers the clusters it has seen, because equal work takes equal time."""

    machine: Machine
    spec: ClusterSpec
    engine: EngineEntry
    schedule: GatherSchedule
    reuse_tiles: bool
    simulated: int = 0
    reused: int = 0
    checked: int = 0
    outputs: NDArray[np.float64] | None = None
    """[M, N] as assembled from the output banks; only without reuse, when every tile carries its own numbers."""
    _seen: dict[bytes, tuple[ClusterOutcome, Bounds]] = field(default_factory=dict)
    _slices: dict[tuple[int, int], SliceLists] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.present = present_words(self.machine, self.schedule)
        operation = self.schedule.operation
        if self.engine.carries_values:
            self.weights = operation.weight.values()
            self.x = operation.activations.values()
            if not self.reuse_tiles:
                self.outputs = np.zeros((operation.shape[0], operation.shape[2]))

    def slice(self, m: int, k: int) -> SliceLists:
        """Lists of one (M tile, K tile), made once."""
        if (m, k) not in self._slices:
            self._slices[m, k] = slice_lists(self.schedule, m, k, self.machine.gather.units_per_group)
        return self._slices[m, k]

    def round(self, m: int, round_index: int, k: int) -> Round:
        """Run all clusters of a round; the barrier waits for the slowest."""
        fabric = self.machine.gather
        results: list[tuple[ClusterOutcome, Bounds]] = []
        token_words = 0
        for group in range(fabric.token_groups):
            tokens = self.schedule.group_tokens(round_index, group)
            if tokens[0] < tokens[1]:
                token_words += tokens[1] - tokens[0]
                results += [self._cluster(m, k, tokens, replica) for replica in range(fabric.replicas)]
        cycles = max((outcome.cycles for outcome, _ in results), default=0)
        counts = self._round_counts(results, self.slice(m, k), k, token_words)
        return Round(cycles, counts, self._causes([outcome for outcome, _ in results], cycles), _slowest([b for _, b in results]))

    def _causes(self, outcomes: list[ClusterOutcome], cycles: int) -> NDArray[np.int64]:
        """Causes of the round; a cluster that is done, or has no tokens at all, waits at the barrier."""
        causes = np.zeros(len(CAUSES), dtype=np.int64)
        for outcome in outcomes:
            causes += outcome.unit_cycles
        causes[CAUSE["imbalance"]] += self.machine.gather.units * cycles - int(causes.sum())
        return causes

    def _round_counts(self, results: list[tuple[ClusterOutcome, Bounds]], lists: SliceLists, k: int, token_words: int) -> Counts:
        totals: Counter[str] = Counter()
        for outcome, _ in results:
            for name in (
                "list_entries",
                "entries_dropped",
                "requests",
                "x_bank_reads",
                "replies",
                "request_hops",
                "reply_hops",
                "accumulator_updates",
            ):
                totals[name] += getattr(outcome, name)
            totals["rows_merged"] += outcome.rows_merged
            totals["output_bank_writes"] += outcome.output_bank_writes
        lines = -(-lists.counts // self.spec.examine_width)
        return Counts(
            **totals,
            mac_slots=totals["replies"] * self.machine.gather.lanes,
            weight_bank_reads=int(lines.sum()) * token_words,
            output_bank_reads=totals["output_bank_writes"] if k else 0,
        )

    def _cluster(self, m: int, k: int, tokens: tuple[int, int], replica: int) -> tuple[ClusterOutcome, Bounds]:
        lists = self.slice(m, k)
        work = cluster_work(self.machine, self.schedule, lists, k, tokens, replica, self.present)
        key = work.digest() if self.reuse_tiles else b""
        if key in self._seen:
            self.reused += 1
            return self._seen[key]
        values = self._values(work, k, tokens)
        outcome = self.engine.cluster(self.spec, work, values)
        check_cluster(self.spec, work, outcome)
        if values is not None:
            check_values(work, values, outcome)
            self.checked += 1
            self._assemble(lists, replica, tokens, outcome)
        self.simulated += 1
        result = outcome, cluster_bounds(self.spec, work)
        if self.reuse_tiles:
            self._seen[key] = result
        return result

    def _values(self, work: ClusterWork, k: int, tokens: tuple[int, int]) -> TileValues | None:
        if not self.engine.carries_values:
            return None
        return tile_values(work, self.schedule.k_tiles[k], tokens, self.machine.gather.lanes, self.weights, self.x)

    def _assemble(self, lists: SliceLists, replica: int, tokens: tuple[int, int], outcome: ClusterOutcome) -> None:
        """Add what a cluster's output banks received to Y, as later K tiles do in the banks."""
        if self.outputs is None or outcome.outputs is None:
            return
        lanes = self.machine.gather.lanes
        per_cluster = self.spec.units
        n = self.outputs.shape[1]
        for unit in range(per_cluster):
            start, stop = lists.unit_ptr[replica * per_cluster + unit : replica * per_cluster + unit + 2]
            rows, first = np.unique(lists.global_row[start:stop], return_index=True)
            places = lists.row[start:stop][first]
            for token in range(tokens[0], tokens[1]):
                width = min(lanes, n - token * lanes)
                banked = outcome.outputs[unit, token - tokens[0], places, :width]
                self.outputs[rows, token * lanes : token * lanes + width] += banked


def _slowest(bounds: list[Bounds]) -> Bounds:
    """A round is bound by the most heavily loaded of its clusters."""
    return Bounds(
        unit_cycles=max((bound.unit_cycles for bound in bounds), default=0),
        bank_cycles=max((bound.bank_cycles for bound in bounds), default=0),
        network_cycles=max((bound.network_cycles for bound in bounds), default=0),
    )
