"""The smallest kind of hardware that makes sense, as an example: some multipliers side by side that take a dense product as it comes."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, PositiveInt

from simulator.activity import CAUSES, Bounds, Counts
from simulator.cost.hardware import Charge, Instance, Parts, Work
from simulator.cost.mac import MacLane
from simulator.cost.technology import Technology
from simulator.engine.engines import RunOptions
from simulator.kinds import Kind, Least, Memo, Scheduled
from simulator.machine import Elaborated, Fabric, Machine
from simulator.specs.models import Section
from simulator.system.operation import OperationRun
from simulator.system.parts import Part
from simulator.system.program import Drain, Fill, OperationProgram, TileStep
from simulator.system.tensors import Residency
from simulator.terms import component
from simulator.workload.types import Operation


class ScalarFabric(Fabric):
    """Its share of the machine file."""

    kind: Literal["scalar"]
    alus: PositiveInt = Field(8, description="multipliers side by side")

    @property
    def multipliers(self) -> int:
        return self.alus

    @property
    def unit_count(self) -> int:
        return self.alus


def fabric_of(machine: Machine) -> ScalarFabric:
    assert isinstance(machine.fabric, ScalarFabric)
    return machine.fabric


class Scalar(Kind):
    """A product takes ⌈M · K · N / multipliers⌉ cycles."""

    name = "scalar"
    sections: ClassVar[dict[type[Section], type[Section]]] = {Fabric: ScalarFabric}
    components = (component("alus", "ALUs", "multipliers side by side", branch="arithmetic of its own", rank=12, colour="#7a9e2f"),)
    dense = True

    def describes(self, machine: Machine) -> bool:
        return isinstance(machine.fabric, ScalarFabric)

    def run(self, elaborated: Elaborated, operation: Operation, residency: Residency, index: int, options: RunOptions) -> OperationRun:
        alus = fabric_of(elaborated.machine).alus
        cycles = -(-operation.macs_dense // alus)
        causes = np.zeros(len(CAUSES), dtype=np.int64)
        causes[CAUSES.index("computing")] = operation.macs_dense
        causes[CAUSES.index("imbalance")] = alus * cycles - operation.macs_dense
        return OperationRun(
            operation,
            residency,
            self._program(elaborated.machine, operation, residency, index, cycles),
            Counts(macs_useful=operation.macs_useful, mac_slots=operation.macs_dense),
            causes,
            Bounds(unit_cycles=cycles),
            {"dataflow": self.name},
            {"tiles_simulated": 1, "tiles_compared": 0},
        )

    def _program(self, machine: Machine, operation: Operation, residency: Residency, index: int, cycles: int) -> OperationProgram:
        m, k, n = operation.shape
        bits = machine.datatypes
        x = Part(-(-residency.forms.x.bits(slice(0, k), (0, n), bits.activation_bits) // 8))
        w = Part(-(-m * k * bits.weight_bits // 8))
        y = Part(residency.output_bytes(operation, self.output_bits(machine, operation), bits.activation_bits))
        return OperationProgram(
            (TileStep(index, cycles, 0, 0, 0),),
            (Fill(index, residency.x, (x,), waits=True),),
            (Fill(index, "dram", (w,)),),
            (Drain(index, residency.y, (y,)),),
        )

    def schedule(self, elaborated: Elaborated, operation: Operation, residency: Residency, index: int) -> Scheduled:
        least = self.least(elaborated.machine, operation, residency, {})
        return Scheduled(self._program(elaborated.machine, operation, residency, index, least.compute_cycles), lambda: least.counts)

    def least(self, machine: Machine, operation: Operation, residency: Residency, memo: Memo) -> Least:
        counts = Counts(macs_useful=operation.macs_useful, mac_slots=operation.macs_dense)
        return Least(-(-operation.macs_dense // fabric_of(machine).alus), counts)

    def output_bits(self, machine: Machine, operation: Operation) -> int:
        return operation.shape[0] * operation.shape[2] * machine.datatypes.activation_bits

    def made_weight_bits(self, machine: Machine) -> int:
        return machine.datatypes.weight_bits

    def parts(self, elaborated: Elaborated, technology: Technology) -> Parts:
        kinds = elaborated.machine.datatypes
        lanes = Instance(
            "alus",
            "lanes",
            MacLane(technology, kinds.weight, kinds.activation, kinds.accumulate),
            fabric_of(elaborated.machine).alus,
        )
        charges = (
            Charge("alus", "lanes", "mac", "mac", ("macs_useful",)),
            Charge("alus", "lanes", "mac_gated", "mac_gated", ("mac_slots",), ("macs_useful",)),
        )
        return Parts(("alus",), (lanes,), (Work(None, charges, (lanes,)),), kinds.weight_bits)


SCALAR = Scalar()
