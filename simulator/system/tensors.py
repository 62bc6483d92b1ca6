"""Where tensors of activations live, and in which form (rule 7)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from simulator.machine.model import Machine
from simulator.system.activations import ALL_DENSE, DENSE, Forms, activation_forms
from simulator.system.program import MemoryLevel
from simulator.workload.types import Chain, Operation, Workload


class Residency(Struct, frozen=True):
    """Residency of one operation's operands and output."""

    x: MemoryLevel
    y: MemoryLevel
    """`chip`: the next operation is fused with it, and takes it as its X."""
    forms: Forms = ALL_DENSE
    """How they lie there."""
    room_bytes: int = 0
    """What the activation buffer has left for W while the operation runs."""
    w: MemoryLevel = "dram"
    """Where W is fetched from: a W that is made from activations, from where they live."""

    def without_room(self) -> Residency:
        """For what does not look at the room that is left."""
        return replace(self, room_bytes=0)

    def output_bytes(self, operation: Operation, dense_bits: int, element_bits: int) -> int:
        """Bytes of Y where it lives, given its bits in plain elements."""
        form, (m, _, n) = self.forms.y, operation.shape
        return -(-(form.bits(slice(0, m), (0, n), element_bits) if form.packed else dense_bits) // 8)


def tensor_residency(
    machine: Machine, workload: Workload, output_bits: Callable[[Machine, Operation], int], fused: Collection[Chain] = ()
) -> tuple[Residency, ...]:
    """Residency of every operation's operands and Y, in program order.

    An output stays in the buffer if it and all other outputs there that are still needed fit when it is produced.
    X lives where the outputs it is made from live: in DRAM if any of them does, or if it comes from outside. What lies between
    operations of a chain in `fused` takes no room. `output_bits` says what Y takes on this kind of machine in plain elements.
    """
    links = {name for chain in fused for name in chain.operations[:-1]}
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
        fetched = [name for name in op.depends_on if name not in links]
        made_from: MemoryLevel = "buffer" if fetched and all(name in resident for name in fetched) else "dram"
        x: MemoryLevel = "chip" if links.intersection(op.depends_on) else made_from
        forms = replace(forms, x=DENSE if x == "chip" else forms.x, y=DENSE if op.name in links else forms.y)
        size = Residency(x, x, forms).output_bytes(op, output_bits(machine, op), element_bits)
        y: MemoryLevel = "chip" if op.name in links else "buffer" if sum(resident.values()) + size <= capacity else "dram"
        if y == "buffer":
            resident[op.name] = size
        w: MemoryLevel = made_from if op.weight_home == "activation" else "dram"
        residency.append(Residency(x, y, forms, int(capacity) - sum(resident.values()), w))
    return tuple(residency)


def fused_runs(residency: Sequence[Residency]) -> list[range]:
    """Places of the operations that run together, in program order: fused ones, and all others each by itself."""
    runs, first = [], 0
    for place, each in enumerate(residency):
        if each.y != "chip":
            runs.append(range(first, place + 1))
            first = place + 1
    return runs
