"""Operands made of an X: its transpose, itself as a W, and the whole product behind a sampled one."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.workload.blocks import Stack
from simulator.workload.csr import Csr
from simulator.workload.operands import dense_activations
from simulator.workload.types import Activations, Kind, Operation, Weight, Workload

Element = TypeVar("Element", bound=np.generic)


def as_weight(x: Activations, batch: int) -> Weight:
    """W[M, K] with the blocks of an X [batch · M of a block, K of a block] on its diagonal: the very same nonzeros."""
    mask = np.ones(x.shape, dtype=np.bool_) if x.mask is None else x.mask
    rows, columns = np.nonzero(mask)
    height, width = x.shape[0] // batch, x.shape[1]
    return Weight(
        shape=(x.shape[0], batch * width),
        indptr=np.concatenate(([0], np.cumsum(x.row_counts()))).astype(np.int64),
        indices=(columns + rows // height * width).astype(np.int32),
        data=None if x.data is None else x.data[rows, columns],
        sha256=x.sha256,
    )


def stack_of(x: Activations, batch: int) -> Stack:
    """The blocks of an X, of which each is to be a W."""
    plain = as_weight(x, 1)
    return Stack(batch, Csr(plain.shape, plain.indptr, np.asarray(plain.indices), plain.data))


def transposed(x: Activations, batch: int) -> Activations:
    """X [batch · K, N] to [batch · N, K]: every block transposed, in the same order."""
    shape = (batch * x.shape[1], x.shape[0] // batch)
    if x.mask is None and x.data is None:
        return dense_activations(shape)
    mask = None if x.mask is None else _turned(x.mask, batch)
    data = None if x.data is None else _turned(x.data, batch)
    return Activations(shape, mask, data, hashlib.sha256(f"transposed {batch} {x.sha256}".encode()).hexdigest())


def whole_product(operation: Operation) -> Operation:
    """The operation itself, or for a sampled G = mask ∘ (dY · Xᵀ) the whole product, of W' = dY [M, N] and X' = Xᵀ [N, K].

    Both keep their nonzeros. W' is no stored weight: it is made from the outputs of other operations, as X' is. A batched
    product stays batched.
    """
    gradient, x, batch = operation.gradient, operation.activations, operation.batch
    if gradient is None:
        return operation
    kind: Kind = "SpMSpM" if x.mask is not None else "SpMM" if gradient.mask is not None or batch > 1 else "GEMM"
    weight, activations = as_weight(gradient, batch), transposed(x, batch)
    return Operation(operation.name, kind, weight, activations, operation.depends_on, batch, "activation")


def whole_step(step: Workload) -> Workload:
    """The same operations, with whole products in the place of sampled ones."""
    return replace(step, name=f"{step.name} with whole dW", operations=tuple(map(whole_product, step.operations)))


def _turned(stacked: NDArray[Element], batch: int) -> NDArray[Element]:
    """[batch · rows, columns] → [batch · columns, rows]."""
    rows = stacked.shape[0] // batch
    return stacked.reshape(batch, rows, -1).transpose(0, 2, 1).reshape(-1, rows)
