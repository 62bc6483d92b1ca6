"""What a dataflow tells the runner of an operation, and the runner: round after round, equal clusters once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, Bounds, Counts
from simulator.machine.model import GatherFabric
from simulator.mapping.loops import Span, TileLoops
from simulator.mapping.program import Part
from simulator.timing.fabric import CAUSE


class Work(Protocol):
    """What one cluster does in one tile."""

    def digest(self) -> bytes:
        """Hash of all that decides its timing."""


WorkT = TypeVar("WorkT", bound=Work)


@dataclass(frozen=True, eq=False)
class ClusterResult:
    """What one cluster did in one tile, whatever the dataflow."""

    cycles: int
    unit_cycles: NDArray[np.int64]
    counts: Counts
    bounds: Bounds
    compared: bool
    """Whether its numbers were held against NumPy's."""


@dataclass(frozen=True)
class Place:
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
    def outputs(self) -> NDArray[np.float64] | None:
        """Y as the hardware computed it, where every tile carried its own numbers."""

    def work(self, place: Place) -> WorkT:
        """What a cluster does in a tile."""

    def simulate(self, work: WorkT, place: Place) -> ClusterResult:
        """Run it through the engine, and check it."""

    def later_tile_counts(self, counts: Counts) -> Counts:
        """Events that a tile has only because it is not the first along K, given its counts."""

    def x_part(self, k: int, tokens: Span) -> Part:
        """Transfer that brings a token group its activations."""

    def w_part(self, m: int, k: int) -> Part:
        """Transfer that brings all units their lists."""

    def y_part(self, m: int, tokens: Span) -> Part:
        """Transfer that takes a token group's finished rows away."""

    def x_counts(self, k: int, tokens: Span) -> Counts:
        """Words that `x_part` writes."""

    def w_counts(self, m: int, k: int) -> Counts:
        """Bits that `w_part` writes, over all token groups."""

    def y_counts(self, m: int, tokens: Span) -> Counts:
        """Words that `y_part` reads, and adds on the way."""


@dataclass(frozen=True, eq=False)
class Round:
    """One round of tiles: what all token groups did between two barriers."""

    cycles: int
    counts: Counts
    unit_cycles: NDArray[np.int64]
    bounds: Bounds


@dataclass(eq=False)
class RoundRunner(Generic[WorkT]):
    """Runs rounds; remembers the clusters it has seen, because equal work takes equal time."""

    fabric: GatherFabric
    dataflow: Dataflow[WorkT]
    reuse_tiles: bool
    simulated: int = 0
    reused: int = 0
    compared: int = 0
    _seen: dict[bytes, ClusterResult] = field(default_factory=dict)

    def run(self, m: int, round_index: int, k: int) -> Round:
        """Run all clusters of a round; the barrier waits for the slowest."""
        groups = self.dataflow.loops.active_groups(round_index)
        results = [self._cluster(Place(m, k, tokens, replica)) for tokens in groups for replica in range(self.fabric.replicas)]
        cycles = max((result.cycles for result in results), default=0)
        counts = sum((result.counts for result in results), Counts())
        causes = np.zeros(len(CAUSES), dtype=np.int64)
        for result in results:
            causes += result.unit_cycles
        # A cluster that is done, or has no tokens at all, waits at the barrier.
        causes[CAUSE["imbalance"]] += self.fabric.units * cycles - int(causes.sum())
        if k:
            counts = counts + self.dataflow.later_tile_counts(counts)
        return Round(cycles, counts, causes, _slowest([result.bounds for result in results]))

    @property
    def checked(self) -> dict[str, int]:
        """What was verified on the way."""
        return {"tiles_simulated": self.simulated, "tiles_reused": self.reused, "tiles_compared": self.compared}

    def _cluster(self, place: Place) -> ClusterResult:
        work = self.dataflow.work(place)
        if not self.reuse_tiles:
            return self._simulate(work, place)
        key = work.digest()
        if key in self._seen:
            self.reused += 1
        else:
            self._seen[key] = self._simulate(work, place)
        return self._seen[key]

    def _simulate(self, work: WorkT, place: Place) -> ClusterResult:
        result = self.dataflow.simulate(work, place)
        self.simulated += 1
        self.compared += result.compared
        return result


def _slowest(bounds: list[Bounds]) -> Bounds:
    """A round is bound by the most heavily loaded of its clusters."""
    return Bounds(
        unit_cycles=max((bound.unit_cycles for bound in bounds), default=0),
        bank_cycles=max((bound.bank_cycles for bound in bounds), default=0),
        network_cycles=max((bound.network_cycles for bound in bounds), default=0),
    )
