"""The compiled engine of the gather dataflow: lays out the memory of a fabric and runs tiles on it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from simulator.engine.batch import WorkBatch, ends_of, steps
from simulator.engine.cluster import ClusterSpec, Outcomes
from simulator.engine.compiled.batch import MILESTONES, TAKEN, run_batch
from simulator.engine.compiled.fabric_plan import FabricMemory, FabricPlan
from simulator.engine.compiled.kernels import Kernel
from simulator.engine.compiled.layout import ABSENT, Fabric, Flit, Row, Unit
from simulator.engine.compiled.memory import numbers
from simulator.engine.compiled.records import Array, Memory, Nowhere, Table, view
from simulator.engine.work import TileValues
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


def run_clusters(spec: ClusterSpec, batch: WorkBatch, values: Sequence[TileValues | None]) -> Outcomes:
    """Run clusters through tiles of the gather dataflow, each from reset; numbers are not carried. Raises as the reference."""
    for work in batch.works:
        check_accumulators(spec, work)
    ends = batch.ends_row
    banks = batch.bank if batch.all_whole else np.where(batch.present, batch.bank, np.int32(ABSENT))
    return run_batch(
        GATHER_KERNEL,
        _at_rest(spec),
        batch,
        (batch.word, ends.view(np.uint8), banks),
        steps(ends_of(ends)[batch.entry_ptr])[1:] * batch.token_words,
        all_present=batch.whole,
        first_bank=batch.first_bank,
    )


GATHER_KERNEL = Kernel("gather", "simulator.kinds.gather.compiled.kernels", (*TAKEN, "int32", "uint8", "int32", *MILESTONES))
