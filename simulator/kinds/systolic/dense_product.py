"""What a dense array does for a sampled product: all of dY · Xᵀ, as a product of its own."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.workload.types import Activations, Operation, Weight

Element = TypeVar("Element", bound=np.generic)


def dense_product(operation: Operation) -> Operation:
    """The operation itself, or for G = mask ∘ (dY · Xᵀ) the product with W' = dY [M, N] and X' = Xᵀ [N, K], whole.

    W' is no stored weight: it is made from the outputs of other operations, as X' is. A batched one stays batched.
    """
    gradient = operation.gradient
    if gradient is None:
        return operation
    _, _, n = operation.shape
    batch, (m, k, _) = operation.batch, operation.block_shape
    rows, columns = np.nonzero(_mask(gradient))
    indptr = np.concatenate(([0], np.cumsum(gradient.row_counts()))).astype(np.int64)
    weight = Weight(
        shape=(batch * m, batch * n),
        indptr=indptr,
        indices=(columns + rows // m * n).astype(np.int32),
        data=gradient.values()[rows, columns],
        sha256=gradient.sha256,
    )
    x = operation.activations
    mask = None if x.mask is None else _turned(x.mask, batch, k)
    activations = Activations((batch * n, k), mask, _turned(x.values(), batch, k), x.sha256)
    return Operation(operation.name, operation.kind, weight, activations, operation.depends_on, batch, "activation")


def _mask(operand: Activations) -> NDArray[np.bool_]:
    return np.ones(operand.shape, dtype=np.bool_) if operand.mask is None else operand.mask


def _turned(stacked: NDArray[Element], batch: int, k: int) -> NDArray[Element]:
    """[batch · k, n] → [batch · n, k]: every block transposed."""
    return stacked.reshape(batch, k, -1).transpose(0, 2, 1).reshape(-1, k)
