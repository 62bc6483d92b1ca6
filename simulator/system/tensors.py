"""Where tensors of activations live, and in which form (rule 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.machine.model import Machine
from simulator.system.activations import ALL_DENSE, Forms, activation_forms
from simulator.system.program import MemoryLevel
from simulator.workload.types import Operation, Workload


@dataclass(frozen=True)
class Residency:
    """Of one operation's input and output."""

    x: MemoryLevel
    y: MemoryLevel
    forms: Forms = ALL_DENSE
    """How they lie there."""
    room_bytes: int = 0
    """What the activation buffer has left for W while the operation runs."""

    def output_bytes(self, operation: Operation, dense_bits: int, element_bits: int) -> int:
        """Bytes of Y where it lives, given its bits in plain elements."""
        form, (m, _, n) = self.forms.y, operation.shape
        return -(-(form.bits(slice(0, m), (0, n), element_bits) if form.packed else dense_bits) // 8)


def tensor_residency(machine: Machine, workload: Workload, output_bits: Callable[[Machine, Operation], int]) -> tuple[Residency, ...]:
    """Residency of every operation's X and Y, in program order.

    An output stays in the buffer if it and all other outputs there that are still needed fit when it is produced.
    X lives where the outputs it is made from live: in DRAM if any of them does, or if it comes from outside. `output_bits` says
    what Y takes on this kind of machine in plain elements.
    """
    capacity = machine.activation_buffer_kib * 1024
    last_use = {op.name: index for index, op in enumerate(workload.operations)}
    for index, op in enumerate(workload.operations):
        for name in op.depends_on:
            last_use[name] = index
    resident: dict[str, int] = {}
    residency: list[Residency] = []
    element_bits = machine.datatypes.activation_bits
    all_forms = activation_forms(workload, machine.activation_format, element_bits)
    for index, (op, forms) in enumerate(zip(workload.operations, all_forms, strict=True)):
        resident = {name: size for name, size in resident.items() if last_use[name] >= index}
        x: MemoryLevel = "buffer" if op.depends_on and all(name in resident for name in op.depends_on) else "dram"
        size = Residency(x, x, forms).output_bytes(op, output_bits(machine, op), element_bits)
        y: MemoryLevel = "buffer" if sum(resident.values()) + size <= capacity else "dram"
        if y == "buffer":
            resident[op.name] = size
        residency.append(Residency(x, y, forms, int(capacity) - sum(resident.values())))
    return tuple(residency)
