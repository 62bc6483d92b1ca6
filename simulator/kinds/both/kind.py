"""A machine of two kinds: it gathers, and scatters where a product reads the lists of another by columns."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from simulator.cost.delay import TimingPath
from simulator.cost.hardware import Parts
from simulator.cost.technology import Technology
from simulator.kinds.base import Kind, Least, Memo
from simulator.kinds.both.parts import WAYS, parts_of
from simulator.kinds.gather.kind import GATHER, Gather
from simulator.kinds.scatter.kind import SCATTER
from simulator.kinds.units.delays import timing_paths, wires_of
from simulator.kinds.units.machine import UnitsMachine
from simulator.machine.model import Elaborated, Machine
from simulator.rtl.design import Design
from simulator.system.tensors import Residency
from simulator.workload.types import Operation


class Both(Gather):
    """The hardware of a gathering and of a scattering machine, of which each operation uses one."""

    name = "both"
    kernels = (*GATHER.kernels, *SCATTER.kernels)
    moves_sums = True
    work = tuple(WAYS)

    def of_operation(self, machine: Machine, operation: Operation) -> Kind:
        """Operations with `transpose: scatter` are scattered, all others gathered."""
        return SCATTER if self.work_for(operation) == SCATTER.flow else GATHER.of_operation(machine, operation)

    def work_for(self, operation: Operation) -> str:
        """Its dataflow."""
        return SCATTER.flow if operation.transpose == "scatter" else GATHER.flow

    def least(self, machine: Machine, operation: Operation, residency: Residency, memo: Memo) -> Least:
        """As the kind that does it."""
        return self.of_operation(machine, operation).least(machine, operation, residency, memo)

    def designs(self, elaborated: Elaborated) -> Sequence[Design]:
        """Those of a gathering machine, and a cluster that scatters beside them."""
        scatters = SCATTER.design(elaborated)
        return (*GATHER.designs(elaborated), replace(scatters, name=f"{elaborated.machine.name}_scatter"))

    def check_files(self, machine: Machine) -> None:
        """One placement is of words where operations gather, and of partial sums where they scatter."""
        GATHER.check_files(machine)
        SCATTER.check_files(machine)

    def parts(self, elaborated: Elaborated, technology: Technology) -> Parts:
        """Those of both, sharing what both have."""
        return parts_of(elaborated, technology)

    def paths(self, elaborated: Elaborated, technology: Technology) -> tuple[TimingPath, ...]:
        """Those of both: each stage has the cycles of the slower."""
        of = UnitsMachine.of(elaborated.machine)
        ways = [(hardware, of.in_dataflow(flow)) for flow, hardware in WAYS.items()]
        return timing_paths(ways, elaborated, technology, wires_of(self, elaborated, technology))


BOTH = Both()
