"""The compiled engine of the scatter dataflow: lays out the memory of a fabric and runs tiles on it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from simulator.engine.batch import WorkBatch
from simulator.engine.cluster import ClusterSpec, Outcomes
from simulator.engine.compiled.batch import MILESTONES, TAKEN, run_batch
from simulator.engine.compiled.fabric_plan import FabricMemory, FabricPlan
from simulator.engine.compiled.kernels import Kernel
from simulator.engine.compiled.layout import Fabric, Unit
from simulator.engine.compiled.records import Memory
from simulator.engine.work import TileValues


class ScatterUnit(Unit):
    """A unit that multiplies its own words and sends products."""

    held: int
    """The activation word in the operand register."""


class ScatterFabric(Fabric[ScatterUnit]):
    """A fabric of the scatter dataflow."""

    operands: int
    """Activation words of a token, in the tile at hand."""


class ScatterPlan(FabricPlan):
    """A fabric whose units hold an activation word."""

    fabric, unit = ScatterFabric, ScatterUnit

    def write(self, memory: Memory) -> None:
        """Write all of it at rest."""
        super().write(memory)
        self.units.of(memory).held = -1


@lru_cache(maxsize=4)
def _at_rest(spec: ClusterSpec) -> FabricMemory:
    return ScatterPlan(spec).at_rest()


def run_scatters(spec: ClusterSpec, batch: WorkBatch, values: Sequence[TileValues | None]) -> Outcomes:
    """Run clusters through tiles of the scatter dataflow, each from reset; numbers are not carried."""
    return run_batch(
        SCATTER_KERNEL,
        _at_rest(spec),
        batch,
        (batch.word, batch.own, batch.present.view(np.uint8), batch.bank, np.full(len(batch.bank), -spec.accumulate_latency)),
        np.zeros(len(batch.works), dtype=np.int64),
        operands=batch.operands,
        first_present=batch.first_present,
        first_bank=batch.first_bank,
    )


_ARRAYS = (*TAKEN, "int32", "int32", "uint8", "int32", "int64", *MILESTONES)
SCATTER_KERNEL = Kernel("scatter", "simulator.kinds.scatter.compiled.kernels", _ARRAYS)
