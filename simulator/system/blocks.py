"""Block-diagonal operands of batched products."""

from __future__ import annotations

from simulator.kinds.units.loops import Span
from simulator.workload.types import Operation


def dense_elements(operation: Operation, m_span: Span, k_span: Span) -> int:
    """Elements of W's diagonal blocks within a tile: what a dense copy of the tile holds."""
    m, k, _ = operation.block_shape
    total = 0
    for block in range(m_span[0] // m, -(-m_span[1] // m)):
        rows = min(m_span[1], (block + 1) * m) - max(m_span[0], block * m)
        columns = min(k_span[1], (block + 1) * k) - max(k_span[0], block * k)
        total += rows * max(0, columns)
    return total
