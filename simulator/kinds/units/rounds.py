"""What a dataflow tells the runner of an operation, and the runner: round after round, equal clusters once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Bounds, Counts
from simulator.engine.batch import Ints
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


WorkT = TypeVar("WorkT", bound=Work)


@dataclass(frozen=True, eq=False)
class ClusterResults:
    """What clusters did, a tile each, whatever the dataflow."""

    cycles: Ints
    """[clusters]"""
    unit_cycles: Ints
    """[clusters, causes]"""
    counts: Ints
    """[clusters, counters] in the order of COUNTERS."""
    bounds: Ints
    """[clusters, the first four bounds]: units, hot word, banks, network."""
    milestones: Sequence[Milestones]
    compared: bool
    """Whether their numbers were held against NumPy's."""


@dataclass(frozen=True)
class ClusterTile:
    """Which cluster of which tile."""

    m: int
    k: int
    tokens: Span
    """Token words of the cluster's group."""
    replica: int


class Dataflow(Protocol[WorkT]):
    """One way to run an operation on a fabric of units."""

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
    def output_places(self) -> int:
        """Row words that a unit keeps until they have left, where rows stream."""

    @property
    def sums_home(self) -> MemoryLevel | None:
        """Where partial sums go at the end of each K tile (SDDMM: round), and come back from; None: they stay on the fabric."""

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

    def digest(self, place: ClusterTile) -> bytes:
        """Hash of all that decides the timing of that."""

    def simulate(self, works: Sequence[WorkT], places: Sequence[ClusterTile], flows: Sequence[Any]) -> ClusterResults:
        """Run clusters through the engine, and check them; each may be of another dataflow that has the same fabric and rules."""

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
        """Bits that `w_parts` write, over all token groups."""

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


BATCH_ENTRIES = 1 << 17
"""List entries, over all token words, with which a batch is large enough: bounds the memory that waiting clusters take."""
BATCH_CLUSTERS = 4096
"""The same in clusters."""


@dataclass(eq=False)
class _Batch(Generic[WorkT]):
    """Clusters that are run together."""

    works: list[WorkT] = field(default_factory=list)
    """Until they have been run."""
    places: list[ClusterTile] = field(default_factory=list)
    flows: list[Dataflow[WorkT]] = field(default_factory=list)
    """What each is a part of."""
    entries: int = 0
    results: Future[ClusterResults] = field(default_factory=Future)

    def add(self, flow: Dataflow[WorkT], place: ClusterTile) -> _Cluster:
        """One more."""
        self.works.append(flow.work(place))
        self.places.append(place)
        self.flows.append(flow)
        self.entries += self.works[-1].entries
        return _Cluster(self, len(self.works) - 1)

    @property
    def full(self) -> bool:
        """Whether it is to be run."""
        return self.entries >= BATCH_ENTRIES or len(self.works) >= BATCH_CLUSTERS

    def run(self) -> None:
        """Run it; an error in another thread is raised again where a result is asked for."""
        works, flows, self.works, self.flows = self.works, self.flows, [], []
        try:
            self.results.set_result(flows[0].simulate(works, self.places, flows))
        except BaseException as error:
            self.results.set_exception(error)
            raise


@dataclass(frozen=True, eq=False)
class _Cluster:
    """One of them."""

    batch: _Batch[Any]
    place: int


@dataclass(eq=False)
class Clusters(Generic[WorkT]):
    """Runs clusters of dataflows that have the same fabric and rules, many at once; remembers those it has seen.

    with Clusters(reuse_tiles=True, threads=1) as clusters:
        started = [runner.start(positions, clusters) for runner, positions in …]
    rounds = [runner.rounds(positions, each) for runner, positions, each in …]
    """

    reuse_tiles: bool
    """Whether equal work, which takes equal time, is run once."""
    threads: int
    """Batches simulated at once; what comes out does not depend on it."""
    _batches: list[_Batch[WorkT]] = field(default_factory=list)
    _waiting: _Batch[WorkT] = field(default_factory=_Batch)
    _seen: dict[bytes, _Cluster] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Clusters[WorkT]:
        return self

    def __exit__(self, *raised: Any) -> None:
        """Run what still waits, here, which else would wait; then all have been run."""
        with self._stack:
            if self._waiting.works and raised[0] is None:
                self._waiting.run()

    def of(self, flow: Dataflow[WorkT], place: ClusterTile) -> tuple[_Cluster, bool]:
        """A cluster, and whether it was seen before."""
        key = flow.digest(place) if self.reuse_tiles else b""
        known = self._seen.get(key)
        if known is not None:
            return known, True
        cluster = self._waiting.add(flow, place)
        if self.reuse_tiles:
            self._seen[key] = cluster
        return cluster, False

    def run_if_full(self) -> None:
        """Run those that wait, if there are enough: in another thread, once few enough are waiting there."""
        if not self._waiting.full:
            return
        batch, self._waiting = self._waiting, _Batch()
        if self.threads == 1:
            batch.run()
            return
        self._batches.append(batch)
        self._pool.submit(batch.run)
        if len(self._batches) > 2 * self.threads:
            self._batches[-2 * self.threads].results.result()

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return self._stack.enter_context(ThreadPoolExecutor(self.threads))


Started = list[list[_Cluster]]
"""[rounds][clusters] that have been run when their `Clusters` are left."""


@dataclass(eq=False)
class RoundRunner(Generic[WorkT]):
    """Runs the rounds of a dataflow."""

    fabric: UnitsFabric
    dataflow: Dataflow[WorkT]
    reused: int = 0
    _new: list[_Cluster] = field(default_factory=list)
    _rounds: dict[tuple[int, ...], Round] = field(default_factory=dict)

    def run(self, positions: list[Position], clusters: Clusters[WorkT]) -> list[Round]:
        """Run all rounds, in order."""
        with clusters:
            started = self.start(positions, clusters)
        return self.rounds(positions, started)

    def start(self, positions: list[Position], clusters: Clusters[WorkT]) -> Started:
        """Have all clusters run that have not been seen."""
        found: Started = []
        for position in positions:
            of_round = []
            for place in cluster_tiles(self.fabric, self.dataflow.loops, position):
                cluster, seen = clusters.of(self.dataflow, place)
                of_round.append(cluster)
                if seen:
                    self.reused += 1
                else:
                    self._new.append(cluster)
            found.append(of_round)
            clusters.run_if_full()
        return found

    def rounds(self, positions: list[Position], started: Started) -> list[Round]:
        """What they did, in order."""
        return [self._round(k, of_round) for (_, _, k), of_round in zip(positions, started, strict=True)]

    @property
    def checked(self) -> dict[str, int]:
        """What was verified on the way."""
        compared = sum(cluster.batch.results.result().compared for cluster in self._new)
        return {"tiles_simulated": len(self._new), "tiles_reused": self.reused, "tiles_compared": compared}

    def _round(self, k: int, clusters: list[_Cluster]) -> Round:
        """Add up the clusters of a round, once for all that are of the same clusters; the barrier waits for the slowest."""
        key = (k > 0, *map(id, clusters))
        if key not in self._rounds:
            self._rounds[key] = self._added_up(k, [(cluster.batch.results.result(), cluster.place) for cluster in clusters])
        return self._rounds[key]

    def _added_up(self, k: int, clusters: list[tuple[ClusterResults, int]]) -> Round:
        units, fifo_pieces = self.fabric.units_per_cluster, self.dataflow.loops.stream.fifo_pieces
        step = in_step([results.milestones[place] for results, place in clusters], units, fifo_pieces)
        cycles, every_count, every_cause, bounds = (_rows_of(name, clusters) for name in ("cycles", "counts", "unit_cycles", "bounds"))
        longest = int((cycles + step.delays).max())
        counts, causes = Counts(*every_count.sum(axis=0).tolist()), every_cause.sum(axis=0)
        # A cluster that is done, or has no tokens at all, waits at the barrier.
        causes[CAUSE["imbalance"]] += self.fabric.units * longest - units * int(cycles.sum())
        if k:
            counts = counts + self.dataflow.later_tile_counts(counts)
        # A round is bound by the most heavily loaded of its clusters.
        return Round(longest, counts, causes, Bounds(*bounds.max(axis=0).tolist()), step)


def cluster_tiles(fabric: UnitsFabric, loops: TileLoops, position: Position) -> list[ClusterTile]:
    """The clusters that are busy in a tile, token group by token group."""
    m, round_index, k = position
    return [ClusterTile(m, k, tokens, replica) for tokens in loops.active_groups(round_index) for replica in range(fabric.replicas)]


def _rows_of(name: str, clusters: list[tuple[ClusterResults, int]]) -> Ints:
    """[clusters, …] what a field of their results says of each."""
    results, place = clusters[0]
    if len(clusters) == 1:
        row: Ints = getattr(results, name)[place : place + 1]
        return row
    return np.array([getattr(results, name)[place] for results, place in clusters])
