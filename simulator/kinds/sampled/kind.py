"""Products at the places of a mask only (SDDMM), by the units of a gathering machine with adders over their lanes."""

from __future__ import annotations

from typing import Any

from simulator.engine.cluster import ClusterSpec
from simulator.engine.engines import Engine
from simulator.kinds.gather.compiled.engine import GATHER_KERNEL
from simulator.kinds.gather.parts import GatherParts
from simulator.kinds.sampled.dataflow import SampledDataflow
from simulator.kinds.sampled.schedule import schedule_sampled
from simulator.kinds.units.kind import UnitsKind
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.rounds import Dataflow
from simulator.machine.model import Machine
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


class Sampled(UnitsKind):
    """Products at the places of a mask only (SDDMM), by the units of a gathering machine with adders over their lanes."""

    name = "sampled"
    kernels = (GATHER_KERNEL,)
    flow = "gather"
    hardware = GatherParts()

    def describes(self, machine: Machine) -> bool:
        """No machine does only sampled products."""
        return False

    def dataflow(
        self, machine: UnitsMachine, spec: ClusterSpec, engine: Engine, operation: Operation, residency: Residency, *, assemble: bool
    ) -> Dataflow[Any]:
        """Cut the operation into tiles."""
        return SampledDataflow(machine, spec, engine, schedule_sampled(machine, operation, residency), assemble=assemble)


SAMPLED = Sampled()
