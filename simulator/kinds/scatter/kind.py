"""Partial sums travel from units to banks (column-wise, outer product)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.engine.cluster import ClusterSpec
from simulator.engine.engines import Engine
from simulator.kinds.base import Kind
from simulator.kinds.gather.replay import requested_ports
from simulator.kinds.sampled.kind import own_or_sampled
from simulator.kinds.scatter.compiled.engine import SCATTER_KERNEL
from simulator.kinds.scatter.dataflow import ScatterDataflow
from simulator.kinds.scatter.parts import ScatterParts
from simulator.kinds.scatter.schedule import schedule_scatter
from simulator.kinds.units.kind import UnitsKind
from simulator.kinds.units.loops import Pace
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.rounds import Dataflow
from simulator.machine.model import Machine
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


class Scatter(UnitsKind):
    """Partial sums travel from units to banks (column-wise, outer product)."""

    name = "scatter"
    kernels = (SCATTER_KERNEL,)
    flow = "scatter"
    hardware = ScatterParts()
    words_reach_units = False
    moves_words = False
    moves_sums = True

    def of_operation(self, machine: Machine, operation: Operation) -> Kind:
        """Sampled products are done by the same units, by other rules."""
        return own_or_sampled(self, machine, operation)

    def dataflow(
        self,
        machine: UnitsMachine,
        spec: ClusterSpec,
        engine: Engine,
        operation: Operation,
        residency: Residency,
        pace: Pace,
        *,
        assemble: bool,
    ) -> Dataflow[Any]:
        """Cut the operation into tiles."""
        return ScatterDataflow(machine, spec, engine, schedule_scatter(machine, operation, residency, pace), assemble=assemble)

    def replayed(self, machine: Machine, operation: Operation, residency: Residency) -> list[NDArray[np.int32]]:
        """The bank ports that units ask for, in list order."""
        return requested_ports(UnitsMachine.of(machine), operation, residency)


SCATTER = Scatter()
