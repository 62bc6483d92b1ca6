"""The compiled engine of the scatter dataflow: lays out the memory of a tile and runs it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from simulator.engine.cluster import ClusterSpec, Outcome
from simulator.engine.compiled.fabric_plan import FabricMemory, FabricPlan
from simulator.engine.compiled.kernels import Kernel
from simulator.engine.compiled.layout import Fabric, Unit
from simulator.engine.compiled.records import Memory
from simulator.engine.compiled.tile import MILESTONES, run_tile
from simulator.engine.work import TileValues, TileWork


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


def run_scatter(spec: ClusterSpec, work: TileWork, values: TileValues | None) -> Outcome:
    """Run one cluster through one tile of the scatter dataflow, from reset; numbers are not carried."""
    at_rest = _at_rest(spec)
    memory = at_rest.with_lists(work, operands=work.present.shape[1])
    lists = work.word, work.own, work.present.ravel().view(np.uint8), work.bank
    return run_tile(SCATTER_KERNEL, at_rest, memory, work, lists, 0)


SCATTER_KERNEL = Kernel("scatter", "simulator.kinds.scatter.compiled.kernels", ("int64", "int32", "int32", "uint8", "int32", *MILESTONES))
