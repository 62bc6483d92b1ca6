"""What units of every dataflow are: tags, requests that are outstanding, a cause for every cycle; and what a cluster of them did."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, Counts
from simulator.engine.cluster import CAUSE, ClusterSpec, Outcome
from simulator.engine.reference.clock import Clock
from simulator.engine.reference.flit import Flit
from simulator.engine.reference.lists import ListWalk, Pieces
from simulator.engine.reference.network import RequestPath


class Unit:
    """A unit of a cluster, at rest."""

    def __init__(self, clock: Clock, walk: ListWalk, spec: ClusterSpec, requests: RequestPath) -> None:
        self.clock = clock
        self.counts = clock.counts
        self.walk = walk
        self.index = walk.unit
        self.spec = spec
        self.requests = requests
        self.free_tags = deque(range(spec.window))
        self.outstanding: deque[Flit] = deque()
        self.issued = 0
        self.last_write = -1
        self.causes = [0] * len(CAUSES)

    @property
    def end(self) -> int:
        """First cycle in which none of the unit's work in the tile is left."""
        return max(self.last_write, self.walk.last_scan) + 1


def outcome(clock: Clock, units: Sequence[Unit], pieces: Pieces, outputs: NDArray[np.float64] | None) -> Outcome:
    """What units did that have run to their ends; the faster ones wait for the slowest."""
    cycles = max(unit.end for unit in units)
    causes = np.array([unit.causes for unit in units], dtype=np.int64).sum(axis=0)
    causes[CAUSE["imbalance"]] += sum(cycles - unit.end for unit in units)
    return Outcome(cycles, Counts(**clock.counts), causes, pieces.milestones, outputs)
