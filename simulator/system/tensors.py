"""Where tensors live (rule 7), and what a tile of W takes there: in the machine's own form, or in the one that its operation names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.errors import MappingError
from simulator.machine.model import Machine
from simulator.system.program import MemoryLevel, Span
from simulator.workload.storage import VALUES_TELL_PLACES, StoredBits, TileSize, least_bits, stored_bits, stored_tile
from simulator.workload.types import Operation, Workload


@dataclass(frozen=True)
class Residency:
    """Residency of one operation's input and output."""

    x: MemoryLevel
    y: MemoryLevel


def tensor_residency(machine: Machine, workload: Workload, output_bits: Callable[[Machine, Operation], int]) -> tuple[Residency, ...]:
    """Residency of every operation's X and Y, in program order.

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
    residency: list[Residency] = []
    for index, op in enumerate(workload.operations):
        resident = {name: size for name, size in resident.items() if last_use[name] >= index}
        x: MemoryLevel = "buffer" if op.depends_on and all(name in resident for name in op.depends_on) else "dram"
        size = -(-output_bits(machine, op) // 8)
        y: MemoryLevel = "buffer" if sum(resident.values()) + size <= capacity else "dram"
        if y == "buffer":
            resident[op.name] = size
        residency.append(Residency(x, y))
    return tuple(residency)


def dense_elements(operation: Operation, m_span: Span, k_span: Span) -> int:
    """Elements of W's diagonal blocks within a tile: what a dense copy of the tile holds."""
    m, k, _ = operation.block_shape
    total = 0
    for block in range(m_span[0] // m, -(-m_span[1] // m)):
        rows = min(m_span[1], (block + 1) * m) - max(m_span[0], block * m)
        columns = min(k_span[1], (block + 1) * k) - max(k_span[0], block * k)
        total += rows * max(0, columns)
    return total


def check_decoder(machine: Machine, workload: Workload) -> None:
    """Raise MappingError where weights are stored in another form than the machine's own, which it cannot decode."""
    for operation in workload.operations:
        if operation.storage is not None and not machine.weight_decoder:
            raise MappingError(
                f"{machine.name}: the weights of {operation.name} are stored as {operation.storage.format}, which needs a decoder; "
                "set weight_decoder: true, or leave storage out for the machine's own form"
            )


def stored_weight(machine: Machine, operation: Operation, m_span: Span, k_span: Span) -> StoredBits | None:
    """Bits of a tile in the operation's storage format; None where W has the machine's own form.

    Where the lists of another product are read by columns, what is stored is the transpose. A sampled product reads only
    where the nonzeros are, if the format keeps that apart.
    """
    storage = operation.storage
    if storage is None:
        return None
    tile = stored_tile(operation.weight, m_span, k_span, dense_elements(operation, m_span, k_span))
    if operation.transpose == "scatter":
        tile = tile.transposed(m_span[0])
    size = stored_bits(tile, machine.datatypes.weight_bits, storage)
    mask_only = operation.gradient is not None and storage.format not in VALUES_TELL_PLACES
    return StoredBits(0, size.metadata) if mask_only else size


def array_weight(machine: Machine, tile: TileSize) -> StoredBits:
    """Bits of a tile of a systolic array's W whose operation names no format: dense, or what a decoder allows that is less."""
    value_bits = machine.datatypes.weight_bits
    return least_bits(tile, value_bits) if machine.weight_decoder else StoredBits(tile.elements * value_bits, 0)
