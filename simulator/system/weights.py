"""How W lies in DRAM: in the machine's own form, in the one that its operation names, or in the least that a decoder takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.errors import MappingError
from simulator.machine.model import Machine
from simulator.system.program import Span
from simulator.workload.storage import (
    LEAST,
    VALUES_TELL_PLACES,
    FormatName,
    Number,
    StoredBits,
    TileSize,
    size_bits,
    stored_bits,
    stored_tile,
)
from simulator.workload.types import Operation, Workload


def check_decoder(machine: Machine, workload: Workload) -> None:
    """Raise MappingError where weights are stored in another form than the machine's own, which it cannot decode."""
    for operation in workload.operations:
        if operation.storage is not None and not machine.weight_decoder:
            raise MappingError(
                f"{machine.name}: the weights of {operation.name} are stored as {operation.storage.format}, which needs a decoder; "
                "set weight_decoder: true, or leave storage out for the machine's own form"
            )


def dense_elements(operation: Operation, m_span: Span, k_span: Span) -> int:
    """Elements of W's diagonal blocks within a tile: what a dense copy of the tile holds."""
    m, k, _ = operation.block_shape
    total = 0
    for block in range(m_span[0] // m, -(-m_span[1] // m)):
        rows = min(m_span[1], (block + 1) * m) - max(m_span[0], block * m)
        columns = min(k_span[1], (block + 1) * k) - max(k_span[0], block * k)
        total += rows * max(0, columns)
    return total


def tile_size(operation: Operation, m_span: Span, k_span: Span, nnz: int) -> TileSize[int]:
    """A tile of so many nonzeros as it is stored: the transpose, where the lists of another product are read by columns."""
    rows, columns, elements = m_span[1] - m_span[0], k_span[1] - k_span[0], dense_elements(operation, m_span, k_span)
    return TileSize(columns, rows, elements, nnz) if operation.transpose == "scatter" else TileSize(rows, columns, elements, nnz)


def tile_elements(operation: Operation, m_spans: Sequence[Span], k_spans: Sequence[Span]) -> NDArray[np.int64]:
    """[M tiles, K tiles] the same of all tiles of these rows and columns."""
    m, k, _ = operation.block_shape
    return _within(m_spans, m, operation.batch) @ _within(k_spans, k, operation.batch).T


def _within(spans: Sequence[Span], size: int, blocks: int) -> NDArray[np.int64]:
    """[spans, blocks] lines of each span that are of each block."""
    first, last = np.array(spans).T[:, :, None]
    start = size * np.arange(blocks)
    lines: NDArray[np.int64] = np.minimum(last, start + size) - np.maximum(first, start)
    return np.maximum(0, lines)


def tile_sizes(
    operation: Operation, m_spans: Sequence[Span], k_spans: Sequence[Span], nnz: NDArray[np.int64]
) -> TileSize[NDArray[np.int64]]:
    """Of all of them, [M tiles, K tiles], as `tile_size` has one."""
    rows, columns = np.diff(m_spans), np.diff(k_spans).T
    elements = tile_elements(operation, m_spans, k_spans)
    return TileSize(columns, rows, elements, nnz) if operation.transpose == "scatter" else TileSize(rows, columns, elements, nnz)


def weight_format(machine: Machine, operation: Operation, own: str, own_bytes: int, bytes_of: Callable[[FormatName], int]) -> str:
    """The one format of all tiles of W: the operation's, or the least of the machine's own, dense, bitmap and CSR over all of them.

    `own`, of so many bytes, is what a machine without a decoder is bound to; of equal ones it is taken. `bytes_of` says how
    many all tiles take in a form, each in whole bytes. A W that other operations have made lies dense, where they lie.
    """
    if operation.storage is not None:
        return operation.storage.format
    if operation.weight_home == "activation":
        return "dense"
    if not machine.weight_decoder:
        return own
    totals = {own: own_bytes}
    for form in LEAST:
        if form != own:
            totals[form] = bytes_of(form)
    return min(totals, key=lambda form: totals[form])


def format_bits(machine: Machine, operation: Operation, form: FormatName, tile: TileSize[Number]) -> StoredBits[Number]:
    """Bits of a tile, or of each of several, in one of the least formats.

    Of a mask without values, where the format tells its places apart from them.
    """
    return _wanted(operation, form, size_bits(form, tile, machine.datatypes.weight_bits))


def named_bits(machine: Machine, operation: Operation, m_span: Span, k_span: Span) -> StoredBits[int]:
    """Bits of a tile in the format that its operation names.

    Where the lists of another product are read by columns, what is stored is the transpose.
    """
    storage = operation.storage
    assert storage is not None, "its operation names a format"
    tile = stored_tile(operation.weight, m_span, k_span, dense_elements(operation, m_span, k_span))
    if operation.transpose == "scatter":
        tile = tile.transposed(m_span[0])
    return _wanted(operation, storage.format, stored_bits(tile, machine.datatypes.weight_bits, storage))


def whole_bits(machine: Machine, operation: Operation, own_bits: int) -> int:
    """Of all of a stored W as one tile, by which schedules are ranked, given what it takes in the machine's own form."""
    (m, k), nnz = operation.weight.shape, operation.weight.nnz
    if operation.storage is not None:
        return named_bits(machine, operation, (0, m), (0, k)).total
    if not machine.weight_decoder:
        return own_bits
    tile = tile_size(operation, (0, m), (0, k), nnz)
    return min(own_bits, *(format_bits(machine, operation, form, tile).total for form in LEAST))


def _wanted(operation: Operation, form: FormatName, size: StoredBits[Number]) -> StoredBits[Number]:
    mask_only = operation.gradient is not None and form not in VALUES_TELL_PLACES
    return StoredBits(0 * size.values, size.metadata) if mask_only else size
