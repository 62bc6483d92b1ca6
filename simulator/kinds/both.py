"""A machine of two kinds: it gathers, and scatters where a product reads the lists of another by columns."""

from __future__ import annotations

from simulator.kinds.base import Kind
from simulator.kinds.gather.kind import GATHER, Gather
from simulator.kinds.scatter.kind import SCATTER
from simulator.machine.model import Machine
from simulator.workload.types import Operation


class Both(Gather):
    """The hardware of a gathering and of a scattering machine, of which each operation uses one."""

    name = "both"
    kernels = (*GATHER.kernels, *SCATTER.kernels)
    words_reach_units = False

    def of_operation(self, machine: Machine, operation: Operation) -> Kind:
        """Operations with `transpose: scatter` are scattered, all others gathered."""
        return SCATTER if operation.transpose == "scatter" else GATHER.of_operation(machine, operation)


BOTH = Both()
