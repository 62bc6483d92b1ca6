"""Activations travel from banks to units (row-wise, Gustavson)."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from simulator.engine.cluster import ClusterSpec
from simulator.engine.compiled.kernels import Kernel
from simulator.engine.engines import Engine
from simulator.kinds.base import Kind
from simulator.kinds.gather.compiled.engine import GATHER_KERNEL
from simulator.kinds.gather.dataflow import GatherDataflow
from simulator.kinds.gather.parts import GatherParts
from simulator.kinds.gather.replay import requested_ports
from simulator.kinds.gather.schedule import schedule_gather
from simulator.kinds.sampled.kind import own_or_sampled
from simulator.kinds.units.kind import UnitsKind
from simulator.kinds.units.loops import Pace
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.rounds import Dataflow
from simulator.machine.model import Machine
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


class Gather(UnitsKind):
    """Activations travel from banks to units (row-wise, Gustavson)."""

    name = "gather"
    kernels: ClassVar[tuple[Kernel, ...]] = (GATHER_KERNEL,)
    flow = "gather"
    hardware = GatherParts()

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
        return GatherDataflow(machine, spec, engine, schedule_gather(machine, operation, residency, pace), assemble=assemble)

    def replayed(self, machine: Machine, operation: Operation, residency: Residency) -> list[NDArray[np.int32]]:
        """The bank ports that units ask for, in list order."""
        return requested_ports(UnitsMachine.of(machine), operation, residency)


GATHER = Gather()
