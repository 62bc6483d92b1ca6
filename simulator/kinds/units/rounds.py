"""What a dataflow tells the runner of an operation, and the runner: round after round, equal clusters once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
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

    def digest(self, place: ClusterTile) -> bytes:
        """Hash of all that decides the timing of that."""

    def simulate(self, works: Sequence[WorkT], places: Sequence[ClusterTile]) -> ClusterResults:
        """Run clusters through the engine, and check them."""

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
    entries: int = 0
    results: Future[ClusterResults] = field(default_factory=Future)

    def add(self, work: WorkT, place: ClusterTile) -> _Cluster:
        """One more."""
        self.works.append(work)
        self.places.append(place)
        self.entries += work.entries
        return _Cluster(self, len(self.works) - 1)

    @property
    def full(self) -> bool:
        """Whether it is to be run."""
        return self.entries >= BATCH_ENTRIES or len(self.works) >= BATCH_CLUSTERS

    def run(self, simulate: Callable[[Sequence[WorkT], Sequence[ClusterTile]], ClusterResults]) -> None:
        """Run it; an error in another thread is raised again where a result is asked for."""
        works, self.works = self.works, []
        try:
            self.results.set_result(simulate(works, self.places))
        except BaseException as error:
            self.results.set_exception(error)
            raise


@dataclass(frozen=True, eq=False)
class _Cluster:
    """One of them."""

    batch: _Batch[Any]
    place: int


@dataclass(eq=False)
class RoundRunner(Generic[WorkT]):
    """Runs rounds, many clusters at once; remembers those it has seen, because equal work takes equal time."""

    fabric: UnitsFabric
    dataflow: Dataflow[WorkT]
    reuse_tiles: bool
    threads: int
    """Batches of clusters simulated at once; what comes out does not depend on it."""
    reused: int = 0
    _batches: list[_Batch[WorkT]] = field(default_factory=list)
    _seen: dict[bytes, _Cluster] = field(default_factory=dict)
    _rounds: dict[tuple[int, ...], Round] = field(default_factory=dict)

    def run(self, positions: list[Position]) -> list[Round]:
        """Run all rounds, in order."""
        if self.threads == 1:
            clusters = self._started(positions, self._run_here)
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                clusters = self._started(positions, partial(self._submit, pool))
        return [self._round(k, of_round) for (_, _, k), of_round in zip(positions, clusters, strict=True)]

    def _submit(self, pool: ThreadPoolExecutor, batch: _Batch[WorkT]) -> None:
        """Run a batch in another thread, once few enough wait there."""
        pool.submit(batch.run, self.dataflow.simulate)
        if len(self._batches) > 2 * self.threads:
            self._batches[-2 * self.threads].results.result()

    def _started(self, positions: list[Position], run: Callable[[_Batch[WorkT]], None]) -> list[list[_Cluster]]:
        """[rounds][clusters], of which all that have not been seen are run, in batches; the last one here, which else would wait."""
        batch: _Batch[WorkT] = _Batch()
        found: list[list[_Cluster]] = []
        for position in positions:
            of_round = []
            for place in cluster_tiles(self.fabric, self.dataflow.loops, position):
                key = self.dataflow.digest(place) if self.reuse_tiles else b""
                cluster = self._seen.get(key)
                if cluster is None:
                    cluster = batch.add(self.dataflow.work(place), place)
                    if self.reuse_tiles:
                        self._seen[key] = cluster
                else:
                    self.reused += 1
                of_round.append(cluster)
            found.append(of_round)
            if batch.full:
                batch = self._run(batch, run)
        if batch.works:
            self._run(batch, self._run_here)
        return found

    def _run_here(self, batch: _Batch[WorkT]) -> None:
        batch.run(self.dataflow.simulate)

    def _run(self, batch: _Batch[WorkT], run: Callable[[_Batch[WorkT]], None]) -> _Batch[WorkT]:
        """Run a batch; the next one."""
        self._batches.append(batch)
        run(batch)
        return _Batch()

    @property
    def checked(self) -> dict[str, int]:
        """What was verified on the way."""
        sizes = [(len(batch.places), batch.results.result().compared) for batch in self._batches]
        simulated, compared = sum(size for size, _ in sizes), sum(size for size, compared in sizes if compared)
        return {"tiles_simulated": simulated, "tiles_reused": self.reused, "tiles_compared": compared}

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
