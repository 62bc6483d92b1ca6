"""A machine of two kinds: it gathers, and scatters where a product reads the lists of another by columns."""

from __future__ import annotations

from simulator.activity import Counts
from simulator.cost.hardware import Parts
from simulator.cost.pricer import Counted
from simulator.cost.technology import Technology
from simulator.kinds.base import Kind, Level
from simulator.kinds.both.parts import WAYS, parts_of
from simulator.kinds.gather.kind import GATHER, Gather
from simulator.kinds.scatter.kind import SCATTER
from simulator.kinds.units.parts import settled_network
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine
from simulator.workload.types import Operation


class Both(Gather):
    """The hardware of a gathering and of a scattering machine, of which each operation uses one."""

    name = "both"
    kernels = (*GATHER.kernels, *SCATTER.kernels)
    words_reach_units = False
    work = tuple(WAYS)

    def of_operation(self, machine: Machine, operation: Operation) -> Kind:
        """Operations with `transpose: scatter` are scattered, all others gathered."""
        return SCATTER if operation.transpose == "scatter" else GATHER.of_operation(machine, operation)

    def parts(self, elaborated: Elaborated, technology: Technology) -> Parts:
        """Those of both, sharing what both have."""
        return parts_of(elaborated, technology)

    def network(self, machine: Machine, technology: Technology) -> tuple[int, int]:
        """The stages of the slower network; slices as for gathering."""
        return settled_network([(hardware, machine.in_dataflow(flow)) for flow, hardware in WAYS.items()], technology)

    def network_level(self, machine: Machine, counted: Counted) -> Level:
        """What either network carries. An operation uses one of them, so that no more can be moved in a cycle than by the wider one."""
        ways = {"gather": GATHER, "scatter": SCATTER}
        levels = [
            kind.network_level(machine.in_dataflow(kind.flow), Counted(counted.by_kind.get(flow, Counts()), counted.cycles))
            for flow, kind in ways.items()
        ]
        return Level(sum(level.moved_bytes for level in levels), max(level.bytes_per_cycle for level in levels))


BOTH = Both()
