"""The runner of an operation on a fabric of units: round after round, equal clusters once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from simulator.activity import Bounds, Counts
from simulator.engine.batch import Ints, WorkBatch
from simulator.engine.cluster import CAUSE, ClusterSpec
from simulator.engine.engines import Engine
from simulator.engine.milestones import ManyMilestones
from simulator.engine.work import TileWork
from simulator.kinds.units.loops import Position, TileLoops
from simulator.kinds.units.machine import UnitsFabric
from simulator.kinds.units.protocol import ClusterResults, ClusterTile, Dataflow, Lot
from simulator.kinds.units.streams import InStep, in_step
from simulator.recall import Recall


class Round(Struct, frozen=True, eq=False):
    """One round of tiles: what all token groups did between two barriers."""

    cycles: int
    counts: Counts
    unit_cycles: NDArray[np.int64]
    bounds: Bounds
    in_step: InStep


BATCH_ENTRIES = 1 << 17
"""List entries, over all token words, with which a lot is large enough: bounds the memory that waiting clusters take."""
BATCH_CLUSTERS = 4096
"""The same in clusters."""


class How(Struct, frozen=True):
    """How clusters are run."""

    spec: ClusterSpec
    engine: Engine
    threads: int
    """Lots simulated at once; what comes out does not depend on it."""
    recall: Recall
    """What clusters did before."""


class _Cluster(NamedTuple):
    """One of them."""

    lot: int
    place: int


class _Dealt(Struct, eq=False):
    """Rounds as clusters of lots."""

    rounds: list[list[list[_Cluster]]] = field(default_factory=list)
    """[dataflows][rounds][clusters]"""
    new: list[list[_Cluster]] = field(default_factory=list)
    """[dataflows] those that were not seen before."""
    lots: list[Lot] = field(default_factory=list)
    """The only one, where it is not too large to be kept."""

    def reused(self, flow: int) -> int:
        """Clusters of a dataflow that were seen before."""
        return sum(map(len, self.rounds[flow])) - len(self.new[flow])


class Deal(Struct, eq=False):
    """The rounds of dataflows that have the same fabric and rules, dealt out into lots of clusters.

    What is one lot is kept, to be run again in another setting; larger work is dealt anew, so that memory stays bounded.

    rounds = Deal([(dataflow, positions), …], reuse_tiles=True).run(how)
    """

    tiles: Sequence[tuple[Dataflow, Sequence[Position]]]
    """Dataflows, and the tiles of each in execution order."""
    reuse_tiles: bool
    """Whether equal work, which takes equal time, is run once."""
    _kept: _Dealt | None = None

    def run(self, how: How) -> tuple[list[Rounds], tuple[range, ...]]:
        """[dataflows] what all rounds did, in order; and the capacities of clusters with which they would have (`ClusterSpec.alike`)."""
        dealt, lots = self._dealt()
        with ExitStack() as stack:
            results = _run(lots, how, stack)
        done = [result() for result in results]
        left = [each.spare for each in done if each.spare is not None]
        alike = how.spec.alike(np.concatenate(left) if left and len(left) == len(done) else None)
        return [self._rounds(number, dealt, done) for number in range(len(self.tiles))], alike

    def least(self, spec: ClusterSpec) -> list[list[int]]:
        """[dataflows][rounds] cycles that no run goes below, by the busiest part of the clusters. Of work that is one lot."""
        dealt, lots = self._dealt()
        bounds = [lot.bounds(spec).max(axis=1).tolist() for lot in lots]
        found = []
        for (flow, _), rounds in zip(self.tiles, dealt.rounds, strict=True):
            by_parts = (max(bounds[cluster.lot][cluster.place] for cluster in clusters) for clusters in rounds)
            found.append(list(map(max, flow.least_cycles(spec), by_parts)))
        return found

    def _dealt(self) -> tuple[_Dealt, Iterable[Lot]]:
        """The rounds, which are complete when the lots are through; and these."""
        if self._kept is not None:
            return self._kept, self._kept.lots
        dealt = _Dealt()
        return dealt, self._lots(dealt)

    def _lots(self, dealt: _Dealt) -> Iterator[Lot]:
        """Each as soon as it is large enough."""
        seen: dict[bytes, _Cluster] = {}
        number, entries = 0, 0
        flows: list[Dataflow] = []
        places: list[ClusterTile] = []
        works: list[TileWork] = []
        digests: list[bytes] = []
        for flow, positions in self.tiles:
            dealt.rounds.append([])
            dealt.new.append([])
            for position in positions:
                of_round = []
                for place in cluster_tiles(flow.machine.fabric, flow.loops, position):
                    key = flow.digest(place) if self.reuse_tiles else b""
                    if not (self.reuse_tiles and key in seen):
                        work = flow.work(place)
                        seen[key] = _Cluster(number, len(works))
                        dealt.new[-1].append(seen[key])
                        flows.append(flow)
                        places.append(place)
                        works.append(work)
                        digests += [key] if self.reuse_tiles else []
                        entries += work.entries
                    of_round.append(seen[key])
                dealt.rounds[-1].append(of_round)
                if entries >= BATCH_ENTRIES or len(works) >= BATCH_CLUSTERS:
                    yield Lot(flows, places, WorkBatch(works), digests)
                    number, entries, flows, places, works, digests = number + 1, 0, [], [], [], []
        if works:
            lot = Lot(flows, places, WorkBatch(works), digests)
            if not number:
                dealt.lots.append(lot)
                self._kept = dealt
            yield lot

    def _rounds(self, number: int, dealt: _Dealt, done: Sequence[ClusterResults]) -> Rounds:
        added = _Added(self.tiles[number][0], done)
        rounds = [added.round(k, of_round) for (_, _, k), of_round in zip(self.tiles[number][1], dealt.rounds[number], strict=True)]
        compared = sum(done[cluster.lot].compared for cluster in dealt.new[number])
        checked = {"tiles_simulated": len(dealt.new[number]), "tiles_reused": dealt.reused(number), "tiles_compared": compared}
        return Rounds(rounds, checked)


class Rounds(Struct, frozen=True, eq=False):
    """What the rounds of a dataflow did."""

    each: Sequence[Round]
    """In order; one object where the same clusters did the same."""
    checked: Mapping[str, int]
    """What was verified on the way."""


def _run(lots: Iterable[Lot], how: How, stack: ExitStack) -> list[Callable[[], ClusterResults]]:
    """[lots] what gives the results of each, or raises its error; in other threads, of which few lots wait at once."""
    found: list[Callable[[], ClusterResults]] = []
    pool = None
    for lot, following in itertools.pairwise(itertools.chain(lots, (None,))):
        assert lot is not None
        simulate = partial(lot.flows[0].simulate, lot, how.spec, how.engine, how.recall)
        if how.threads == 1 or following is None:
            # the last one here, which else would wait
            found.append(partial(_itself, simulate()))
            continue
        pool = pool or stack.enter_context(ThreadPoolExecutor(how.threads))
        found.append(pool.submit(simulate).result)
        if len(found) > 2 * how.threads:
            found[-2 * how.threads]()
    return found


def _itself(results: ClusterResults) -> ClusterResults:
    return results


class _Added(Struct, frozen=True, eq=False):
    """Adds up the clusters of rounds, once for all that are of the same clusters."""

    dataflow: Dataflow
    done: Sequence[ClusterResults]
    """[lots]"""
    _rounds: dict[tuple[Hashable, ...], Round] = field(default_factory=dict)

    def round(self, k: int, clusters: Sequence[_Cluster]) -> Round:
        """The barrier waits for the slowest."""
        key = (k > 0, *clusters)
        if key not in self._rounds:
            self._rounds[key] = self._added_up(k, clusters)
        return self._rounds[key]

    def _added_up(self, k: int, clusters: Sequence[_Cluster]) -> Round:
        fabric, fifo_pieces = self.dataflow.machine.fabric, self.dataflow.loops.stream.fifo_pieces
        (cycles, every_count, every_cause, bounds), milestones = self._results_of(clusters)
        step = in_step(milestones, fabric.units_per_cluster, fifo_pieces)
        longest = int((cycles + step.delays).max())
        counts, causes = Counts(*every_count.sum(axis=0).tolist()), every_cause.sum(axis=0)
        # A cluster that is done, or has no tokens at all, waits at the barrier.
        causes[CAUSE["imbalance"]] += fabric.units * longest - fabric.units_per_cluster * int(cycles.sum())
        if k:
            counts = counts + self.dataflow.later_tile_counts(counts)
        # A round is bound by the most heavily loaded of its clusters.
        return Round(longest, counts, causes, Bounds(*bounds.max(axis=0).tolist()), step)

    def _results_of(self, clusters: Sequence[_Cluster]) -> tuple[list[Ints], ManyMilestones]:
        """[_ROWS][clusters, …] what these fields of their results say of each, and their milestones; mostly of one lot."""
        if len({cluster.lot for cluster in clusters}) == 1:
            done, places = self.done[clusters[0].lot], [cluster.place for cluster in clusters]
            return [getattr(done, name)[places] for name in _ROWS], done.milestones.at(places)
        each = [(self.done[cluster.lot], cluster.place) for cluster in clusters]
        rows = [np.array([getattr(done, name)[place] for done, place in each]) for name in _ROWS]
        return rows, ManyMilestones.of([done.milestones[place] for done, place in each])


_ROWS = ("cycles", "counts", "unit_cycles", "bounds")


def cluster_tiles(fabric: UnitsFabric, loops: TileLoops, position: Position) -> list[ClusterTile]:
    """The clusters that are busy in a tile, token group by token group."""
    m, round_index, k = position
    return [ClusterTile(m, k, tokens, replica) for tokens in loops.active_groups(round_index) for replica in range(fabric.replicas)]
