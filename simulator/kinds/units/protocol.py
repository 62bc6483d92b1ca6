"""What a dataflow tells the runner of an operation, and of the clusters that are run together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.activity import Counts
from simulator.engine.batch import Ints, WorkBatch
from simulator.engine.cluster import ClusterSpec, Outcome
from simulator.engine.engines import Engine
from simulator.engine.milestones import ManyMilestones
from simulator.engine.work import TileWork
from simulator.kinds.units.loops import Position, TileLoops
from simulator.kinds.units.machine import UnitsMachine
from simulator.recall import Recall
from simulator.system.parts import Part
from simulator.system.program import MemoryLevel, Span

if TYPE_CHECKING:
    from simulator.engine.reference.watching import ClusterWatch


class WeightBytes(Protocol):
    """Bytes of a fill of W."""

    @property
    def total(self) -> int:
        """Values and metadata."""


class ClusterResults(Struct, frozen=True, eq=False):
    """What clusters did, a tile each, whatever the dataflow."""

    cycles: Ints
    """[clusters]"""
    unit_cycles: Ints
    """[clusters, causes]"""
    counts: Ints
    """[clusters, counters] in the order of COUNTERS."""
    bounds: Ints
    """[clusters, the first four bounds]: units, hot word, banks, network."""
    milestones: ManyMilestones
    compared: bool
    """Whether their numbers were held against NumPy's."""
    spare: Ints | None
    """As of `Outcomes`."""


class ClusterTile(Struct, frozen=True):
    """Which cluster of which tile."""

    m: int
    k: int
    tokens: Span
    """Token words of the cluster's group."""
    replica: int


class Dataflow(Protocol):
    """One way to run an operation on a fabric of units."""

    machine: UnitsMachine
    """As far as it decides what clusters do."""

    @property
    def loops(self) -> TileLoops:
        """How the operation is cut into tiles."""

    @property
    def room_bytes(self) -> int:
        """What the activation buffer has left for W: of use where it is planned what stays there, not after."""

    @property
    def rows_stream(self) -> bool:
        """Whether rows leave while the tile runs that made them."""

    def output_places(self, output_words: int) -> int:
        """Row words that a unit keeps until they have left, where rows stream; one half of its bank holds `output_words`."""

    @property
    def sums_home(self) -> MemoryLevel | None:
        """Where partial sums go at the end of each K tile (SDDMM: round), and come back from; None: they stay on the fabric."""

    @property
    def outputs(self) -> NDArray[np.float64] | None:
        """Y as the hardware computed it, where every tile carried its own numbers."""

    @property
    def weight_form(self) -> str:
        """How W lies in memory."""

    def least_cycles(self, spec: ClusterSpec) -> list[int]:
        """[tiles in execution order] cycles that no run of each round goes below."""

    def work(self, place: ClusterTile) -> TileWork:
        """What a cluster does in a tile."""

    def digest(self, place: ClusterTile) -> bytes:
        """Hash of all that decides the timing of that."""

    def met(self, batch: WorkBatch) -> Ints:
        """[clusters, units] words that units want, each from a bank, or each a product's."""

    def bounds(self, lot: Lot, spec: ClusterSpec) -> Ints:
        """[clusters, bounds] in the order of `ClusterResults`."""

    def simulate(self, lot: Lot, spec: ClusterSpec, engine: Engine, recall: Recall) -> ClusterResults:
        """Run clusters through the engine, and check them; each may be of another dataflow that has the same fabric and rules.

        What `recall` knows of the same clusters is not run again.
        """

    def watched(self, spec: ClusterSpec, work: TileWork, watch: ClusterWatch) -> Outcome:
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

    def x_counts(self, positions: Sequence[Position]) -> Counts:
        """Words that the `x_parts` of all these write."""

    def fetched(self, m: int, k: int) -> WeightBytes:
        """Bytes that they bring."""

    def w_counts(self, m: int, k: int) -> Counts:
        """Bits that `w_parts` write, over all token groups."""

    def y_counts(self, positions: Sequence[Position]) -> Counts:
        """Words that the `y_parts` of all these read, and add on the way."""


@dataclass(frozen=True, eq=False)
class Lot:
    """Clusters that are run together, each in a tile of its dataflow."""

    flows: Sequence[Dataflow]
    places: Sequence[ClusterTile]
    batch: WorkBatch
    digests: Sequence[bytes]
    """[clusters] `Dataflow.digest` of each; of no clusters where equal ones are all to be run."""
    _bounds: dict[ClusterSpec, Ints] = field(init=False, default_factory=dict)

    @cached_property
    def digest(self) -> bytes:
        """Hash of all that decides their timing."""
        return hashlib.blake2b(b"".join(self.digests), digest_size=32).digest()

    @cached_property
    def wanted(self) -> Ints:
        """[clusters, units] words that units want."""
        return self.flows[0].met(self.batch)

    def bounds(self, spec: ClusterSpec) -> Ints:
        """[clusters, bounds] in the order of `ClusterResults`: those of any capacities and latencies are the same."""
        bound_by = spec.at_any_pace()
        if bound_by not in self._bounds:
            self._bounds[bound_by] = self.flows[0].bounds(self, bound_by)
        return self._bounds[bound_by]
