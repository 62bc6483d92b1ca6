"""Products at the places of a mask only (SDDMM), by the units of a gathering machine with adders over their lanes."""

from __future__ import annotations

from typing import Any

from simulator.errors import MappingError
from simulator.kinds.base import Kind
from simulator.kinds.gather.compiled.engine import GATHER_KERNEL
from simulator.kinds.gather.parts import GatherParts
from simulator.kinds.sampled.dataflow import SampledDataflow
from simulator.kinds.sampled.schedule import schedules_sampled
from simulator.kinds.units.kind import UnitsKind
from simulator.kinds.units.loops import Setting
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

    def dataflows(self, setting: Setting, operation: Operation, residency: Residency, most: int) -> list[Dataflow[Any]]:
        """Cut the operation into tiles."""
        schedules = schedules_sampled(setting.machine, operation, residency, setting.pace, most)
        return [SampledDataflow(setting.machine, setting.spec, setting.engine, each, assemble=setting.assemble) for each in schedules]


SAMPLED = Sampled()


def own_or_sampled(kind: Kind, machine: Machine, operation: Operation) -> Kind:
    """What does an operation of a machine with one dataflow: `kind`, or this kind where the product is sampled.

    Raises MappingError for an operation that needs the other dataflow.
    """
    if operation.transpose == "scatter":
        raise MappingError(
            f"{machine.name}: {operation.name} has transpose: scatter, which reads the lists of another product by columns; "
            "set mapping.dataflow: both, or transpose: stored"
        )
    return kind if operation.gradient is None else SAMPLED
