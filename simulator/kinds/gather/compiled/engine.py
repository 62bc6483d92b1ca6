"""The compiled engine of the gather dataflow: lays out the memory of a tile and runs it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from simulator.engine.cluster import ClusterSpec, Outcome
from simulator.engine.compiled.fabric_plan import FabricMemory, FabricPlan
from simulator.engine.compiled.kernels import Kernel
from simulator.engine.compiled.layout import ABSENT, Fabric, Flit, Row, Unit
from simulator.engine.compiled.memory import numbers
from simulator.engine.compiled.records import Array, Memory, Nowhere, Table, view
from simulator.engine.compiled.tile import MILESTONES, run_tile
from simulator.engine.work import TileValues, TileWork
from simulator.kinds.units.checks import check_accumulators


class GatherUnit(Unit):
    """A unit that adds up the words that come back, row by row."""

    rows: Table[Row]
    """Accumulators of the row at hand, one a token word; none where it has none yet."""
    open_rows: int
    free_rows: Table[Row]
    """Stack of the accumulators that no row has."""
    releases: int
    """Accumulators of merged rows that are not free yet."""
    first_release: int
    release_ring: Array[int]
    """Cycles in which they become free."""
    merged_at: int
    """Cycle of the last merge."""

    no_row: Nowhere[Row]


class GatherFabric(Fabric[GatherUnit]):
    """A fabric of the gather dataflow."""

    issue_width: int
    accumulators: int
    merge_cycles: int
    release_cycles: int
    multicast: int
    served: Table[Flit]
    """Requests that one access of a multicast bank serves."""
    all_present: int
    """Whether no word of the tile is all zero."""


class GatherPlan(FabricPlan):
    """A fabric whose units have accumulators, and whose banks may multicast."""

    fabric, unit = GatherFabric, GatherUnit

    def __init__(self, spec: ClusterSpec) -> None:
        super().__init__(spec)
        accumulators = spec.units * spec.accumulators
        self.rows = self.layout.block(Row, accumulators)
        self.open_rows, self.free_rows, self.releases = (self.layout.places(accumulators) for _ in range(3))
        self.served = self.layout.places(spec.units * spec.window)

    def write(self, memory: Memory) -> None:
        """Write all of it at rest."""
        super().write(memory)
        spec, fabric, units = self.spec, view(memory, GatherFabric), self.units.of(memory)
        for name in ("issue_width", "accumulators", "merge_cycles", "release_cycles", "multicast"):
            setattr(fabric, name, getattr(spec, name))
        fabric.served = self.served
        units.rows = self.open_rows + spec.accumulators * np.arange(spec.units)
        units.free_rows = self.free_rows + spec.accumulators * np.arange(spec.units)
        units.release_ring = self.releases + spec.accumulators * np.arange(spec.units)
        units.merged_at = -1
        numbers(memory, self.free_rows, self.rows.count)[:] = self.rows.addresses


@lru_cache(maxsize=4)
def _at_rest(spec: ClusterSpec) -> FabricMemory:
    return GatherPlan(spec).at_rest()


def run_cluster(spec: ClusterSpec, work: TileWork, values: TileValues | None) -> Outcome:
    """Run one cluster through one tile of the gather dataflow, from reset; numbers are not carried. Raises as the reference."""
    check_accumulators(spec, work)
    at_rest, ends = _at_rest(spec), work.ends_row()
    memory = at_rest.with_lists(work, all_present=int(work.present.all()))
    lists = work.word, ends.view(np.uint8), np.where(work.present.ravel(), work.bank, np.int32(ABSENT))
    return run_tile(GATHER_KERNEL, at_rest, memory, work, lists, int(ends.sum()) * work.token_words)


GATHER_KERNEL = Kernel("gather", "simulator.kinds.gather.compiled.kernels", ("int64", "int32", "uint8", "int32", *MILESTONES))
