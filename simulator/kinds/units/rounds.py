"""What a dataflow tells the runner of an operation, and the runner: round after round, equal clusters once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, Bounds, Counts
from simulator.engine.cluster import CAUSE, Milestones, Outcome
from simulator.kinds.units.loops import Position, TileLoops
from simulator.kinds.units.machine import UnitsFabric
from simulator.kinds.units.streams import InStep, in_step
from simulator.system.parts import Part
from simulator.system.program import MemoryLevel, Span

if TYPE_CHECKING:
    from simulator.engine.reference.watching import ClusterWatch


class WeightBytes(Protocol):
    """Bytes of a fill of W."""

    @property
    def total(self) -> int:
        """Values and metadata."""


class Work(Protocol):
    """What one cluster does in one tile."""

    @property
    def entries(self) -> int:
        """List entries walked in it."""

    def digest(self) -> bytes:
        """Hash of all that decides its timing."""


WorkT = TypeVar("WorkT", bound=Work)
Submit = Callable[..., "Future[ClusterResult]"]
"""Starts a function, now or in a thread."""


@dataclass(frozen=True, eq=False)
class ClusterResult:
    """What one cluster did in one tile, whatever the dataflow."""

    cycles: int
    unit_cycles: NDArray[np.int64]
    counts: Counts
    bounds: Bounds
    milestones: Milestones
    compared: bool
    """Whether its numbers were held against NumPy's."""


@dataclass(frozen=True)
class ClusterTile:
    """Which cluster of which tile."""

    m: int
    k: int
    tokens: Span
    """Token words of the cluster's group."""
    replica: int


class Dataflow(Protocol[WorkT]):
    """One way to run an operation on a fabric of units. A new dataflow implements this and is named in DATAFLOWS."""

    @property
    def loops(self) -> TileLoops:
        """How the operation is cut into tiles."""

    @property
    def room_bytes(self) -> int:
        """What the activation buffer has left for W: of use where it is planned what stays there, not after."""

    @property
    def rows_stream(self) -> bool:
        """Whether rows leave while the tile runs that made them."""

    @property
    def sums_home(self) -> MemoryLevel | None:
        """Where partial sums go at the end of each K tile, and come back from; None: they stay on the fabric."""

    @property
    def outputs(self) -> NDArray[np.float64] | None:
        """Y as the hardware computed it, where every tile carried its own numbers."""

    @property
    def weight_form(self) -> str:
        """How W lies in memory."""

    def least_cycles(self) -> list[int]:
        """[tiles in execution order] cycles that no run of each round goes below."""

    def work(self, place: ClusterTile) -> WorkT:
        """What a cluster does in a tile."""

    def simulate(self, work: WorkT, place: ClusterTile) -> ClusterResult:
        """Run it through the engine, and check it."""

    def watched(self, work: WorkT, watch: ClusterWatch) -> Outcome:
        """Run it through the reference engine, without numbers, before the eyes of `watch`."""

    def later_tile_counts(self, counts: Counts) -> Counts:
        """Events that a tile has only because it is not the first along K, given its counts."""

    def x_parts(self, position: Position) -> Sequence[Part]:
        """Transfers that bring a round's token groups their activations."""

    def w_content(self, position: Position) -> tuple[int, ...]:
        """What of W a tile needs: tiles of equal content in sequence need no new fill."""

    def w_parts(self, m: int, k: int, grain: int) -> Sequence[Part]:
        """Transfers that bring all units their lists, at multiples of `grain` bytes."""

    def y_parts(self, position: Position) -> Sequence[Part]:
        """Transfers that take finished outputs away, after the last tile that adds to them."""

    def x_counts(self, position: Position) -> Counts:
        """Words that `x_parts` write."""

    def fetched(self, m: int, k: int) -> WeightBytes:
        """Bytes that they bring."""

    def w_counts(self, m: int, k: int) -> Counts:
        """Bits that `w_part` writes, over all token groups."""

    def y_counts(self, position: Position) -> Counts:
        """Words that `y_parts` read, and add on the way."""


@dataclass(frozen=True, eq=False)
class Round:
    """One round of tiles: what all token groups did between two barriers."""

    cycles: int
    counts: Counts
    unit_cycles: NDArray[np.int64]
    bounds: Bounds
    in_step: InStep


THREAD_ENTRIES = 20_000
"""List entries from which a tile is worth handing to another thread."""
LOOK_AHEAD_ROUNDS = 16
"""Rounds that may be under way at once; bounds the memory that waiting tiles take."""


@dataclass(eq=False)
class RoundRunner(Generic[WorkT]):
    """Runs rounds; remembers the clusters it has seen, because equal work takes equal time."""

    fabric: UnitsFabric
    dataflow: Dataflow[WorkT]
    reuse_tiles: bool
    threads: int
    """Clusters simulated at once; what comes out does not depend on it."""
    reused: int = 0
    _distinct: list[Future[ClusterResult]] = field(default_factory=list)
    _seen: dict[bytes, Future[ClusterResult]] = field(default_factory=dict)
    _rounds: dict[tuple[int, ...], Round] = field(default_factory=dict)

    def run(self, positions: list[Position]) -> list[Round]:
        """Run all rounds, in order."""
        if self.threads == 1:
            return [self._round(k, self._start(_immediately, m, r, k)) for m, r, k in positions]
        rounds: list[Round] = []
        with ThreadPoolExecutor(self.threads) as pool:
            under_way: deque[tuple[int, list[Future[ClusterResult]]]] = deque()
            for m, r, k in positions:
                under_way.append((k, self._start(pool.submit, m, r, k)))
                if len(under_way) > LOOK_AHEAD_ROUNDS:
                    rounds.append(self._round(*under_way.popleft()))
            rounds += [self._round(*waiting) for waiting in under_way]
        return rounds

    @property
    def checked(self) -> dict[str, int]:
        """What was verified on the way."""
        compared = sum(future.result().compared for future in self._distinct)
        return {"tiles_simulated": len(self._distinct), "tiles_reused": self.reused, "tiles_compared": compared}

    def _start(self, submit: Submit, m: int, round_index: int, k: int) -> list[Future[ClusterResult]]:
        """Start all clusters of a round that have not been seen."""
        return [self._cluster(submit, place) for place in cluster_tiles(self.fabric, self.dataflow.loops, (m, round_index, k))]

    def _round(self, k: int, futures: list[Future[ClusterResult]]) -> Round:
        """Add up the clusters of a round, once for all that are of the same clusters; the barrier waits for the slowest."""
        key = (k > 0, *map(id, futures))
        if key not in self._rounds:
            self._rounds[key] = self._added_up(k, [future.result() for future in futures])
        return self._rounds[key]

    def _added_up(self, k: int, results: list[ClusterResult]) -> Round:
        step = in_step([result.milestones for result in results], self.fabric.units_per_cluster, self.dataflow.loops.stream.fifo_pieces)
        cycles = max((result.cycles + delay for result, delay in zip(results, step.delays, strict=True)), default=0)
        counts = results[0].counts if len(results) == 1 else Counts.total(result.counts for result in results)
        causes = np.zeros(len(CAUSES), dtype=np.int64)
        for result in results:
            causes += result.unit_cycles
        # A cluster that is done, or has no tokens at all, waits at the barrier.
        running = self.fabric.units_per_cluster * sum(result.cycles for result in results)
        causes[CAUSE["imbalance"]] += self.fabric.units * cycles - running
        if k:
            counts = counts + self.dataflow.later_tile_counts(counts)
        return Round(cycles, counts, causes, _slowest([result.bounds for result in results]), step)

    def _cluster(self, submit: Submit, place: ClusterTile) -> Future[ClusterResult]:
        work = self.dataflow.work(place)
        key = work.digest() if self.reuse_tiles else b""
        if key in self._seen:
            self.reused += 1
            return self._seen[key]
        start = submit if work.entries >= THREAD_ENTRIES else _immediately
        future = start(self.dataflow.simulate, work, place)
        self._distinct.append(future)
        if self.reuse_tiles:
            self._seen[key] = future
        return future


def cluster_tiles(fabric: UnitsFabric, loops: TileLoops, position: Position) -> list[ClusterTile]:
    """The clusters that are busy in a tile, token group by token group."""
    m, round_index, k = position
    return [ClusterTile(m, k, tokens, replica) for tokens in loops.active_groups(round_index) for replica in range(fabric.replicas)]


def _immediately(simulate: Callable[[WorkT, ClusterTile], ClusterResult], work: WorkT, place: ClusterTile) -> Future[ClusterResult]:
    """Simulate now, in this thread."""
    future: Future[ClusterResult] = Future()
    future.set_result(simulate(work, place))
    return future


def _slowest(bounds: list[Bounds]) -> Bounds:
    """A round is bound by the most heavily loaded of its clusters."""
    return Bounds(
        unit_cycles=max((bound.unit_cycles for bound in bounds), default=0),
        word_cycles=max((bound.word_cycles for bound in bounds), default=0),
        bank_cycles=max((bound.bank_cycles for bound in bounds), default=0),
        network_cycles=max((bound.network_cycles for bound in bounds), default=0),
    )
