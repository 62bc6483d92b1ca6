"""Where each operation's tensors live: in the activation buffer, or in DRAM (rule 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from simulator.machine.model import Machine
from simulator.workload.types import Operation, Workload

Home = Literal["buffer", "dram"]


@dataclass(frozen=True)
class Homes:
    """Homes of one operation's input and output."""

    x: Home
    y: Home


def tensor_homes(machine: Machine, workload: Workload, output_bits: Callable[[Machine, Operation], int]) -> tuple[Homes, ...]:
    """Homes of every operation's X and Y, in program order.

    An output stays in the buffer if it and all other outputs there that are still needed fit when it is produced.
    X lives where the outputs it is made from live: in DRAM if any of them does, or if it comes from outside. `output_bits` says
    what Y takes on this kind of machine.
    """
    capacity = machine.activation_buffer_kib * 1024
    last_use = {op.name: index for index, op in enumerate(workload.operations)}
    for index, op in enumerate(workload.operations):
        for name in op.depends_on:
            last_use[name] = index
    resident: dict[str, int] = {}
    homes: list[Homes] = []
    for index, op in enumerate(workload.operations):
        resident = {name: size for name, size in resident.items() if last_use[name] >= index}
        x: Home = "buffer" if op.depends_on and all(name in resident for name in op.depends_on) else "dram"
        size = -(-output_bits(machine, op) // 8)
        y: Home = "buffer" if sum(resident.values()) + size <= capacity else "dram"
        if y == "buffer":
            resident[op.name] = size
        homes.append(Homes(x, y))
    return tuple(homes)
