"""Products at the places of a mask only (SDDMM), by the units of a gathering machine with adders over their lanes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulator.errors import MappingError
from simulator.kinds.base import Kind
from simulator.kinds.gather.compiled.engine import GATHER_KERNEL
from simulator.kinds.gather.parts import GatherParts
from simulator.kinds.units.kind import ClusterRtl, UnitsKind
from simulator.kinds.units.loops import Planned, Setting
from simulator.machine.model import Machine
from simulator.system.tensors import Residency
from simulator.workload.types import Operation

if TYPE_CHECKING:
    from simulator.kinds.sampled.outlook import Cut
    from simulator.kinds.units.protocol import Dataflow
    from simulator.kinds.units.ranges import FittedRows


class Sampled(UnitsKind):
    """Products at the places of a mask only (SDDMM), by the units of a gathering machine with adders over their lanes."""

    name = "sampled"
    kernels = (GATHER_KERNEL,)
    flow = "gather"
    hardware = GatherParts()

    def describes(self, machine: Machine) -> bool:
        """No machine does only sampled products."""
        return False

    def planned(self, setting: Setting, operation: Operation, residency: Residency, most: int) -> list[Planned[Dataflow]]:
        """In tiles that lists stream through, or of which they stay in the banks whole."""
        from simulator.kinds.sampled.dataflow import SampledDataflow
        from simulator.kinds.sampled.outlook import Outlook
        from simulator.kinds.sampled.schedule import check_hardware, cut_sampled

        check_hardware(setting.machine, operation)

        def dataflow(cut: Cut, fitted: FittedRows) -> Dataflow:
            schedule = cut_sampled(setting.unclocked, operation, residency, cut, fitted)
            return SampledDataflow(setting.unclocked, schedule, setting.carried)

        ways = Outlook(setting, operation, residency).likeliest(most)
        return [Planned(cut, partial(dataflow, cut, fitted)) for cut, fitted in ways]

    def rtl(self) -> ClusterRtl:
        """Loaded, with the extra, where it is asked for."""
        from simulator.kinds.sampled.rtl import elaboration

        return elaboration


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
