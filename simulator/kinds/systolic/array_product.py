"""A product as a systolic array sees it: sizes, where its operands are nonzero, and which of its outputs are wanted."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.workload.types import Operation, Weight

Extent = tuple[int, int, int]
"""Output features, steps of the sum, tokens (M, K, N)."""
Mask = NDArray[np.bool_]
T = TypeVar("T")
Steps = TypeVar("Steps", int, NDArray[np.int64])
_UNSHARED = 2**18
"""Multiplications of a matrix product that OpenBLAS leaves to one thread."""
_LEAST_STEPS = 64
"""Steps below which a piece is not worth a call."""


class Nonzeros(Struct, frozen=True, eq=False):
    """Coordinates of a matrix's nonzeros, row by row, ascending within a row."""

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ArrayProduct:
    """Y[M, N] = left[M, K] · right[K, N], or `batch` of them on a diagonal; it knows masks, no values and no tensors.

    K counts steps. Where `left` is packed N:M, `kept` steps stand for `of` input features: step g · kept + j is the
    j-th nonzero of group g, and the cell picks its activation among the `of` of the group.
    """

    name: str
    batch: int
    shape: Extent
    """Of one block."""
    left: Nonzeros | None
    """[batch · M, batch · K] block-diagonal; None where no element is zero."""
    right: Mask | None
    """[batch · K, N]; None where no element is zero."""
    sampled: Mask | None = None
    """[batch · M, N] outputs that are wanted; None: all."""
    kept: int = 1
    of: int = 1
    left_bits: int = 0
    """Of all of `left` as it is fetched, by which schedules are ranked; tiles are stored by themselves and take a little more."""
    made: bool = False
    """Whether `left` is made from the outputs of other operations, so that no compiler knows it."""
    row_order: NDArray[np.int64] | None = None
    """[batch · M] output feature that stands at each place of `left`, within its own block; None: as they are written."""
    right_bits: int = 0
    """The same of `right`."""
    facts: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    """What its zeros alone decide, and small: kept as long as it is, and shared by those that differ from it in bits alone."""
    _known: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)
    """Lines of each operand, and what they have in common, by edges of blocks: what many schedules ask for."""

    def inputs(self, steps: Steps) -> Steps:
        """Input features behind a number of steps."""
        return -(-steps * self.of // self.kept)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What many schedules ask for, by a key, until it is forgotten."""
        return _found(self._known, key, make)

    def fact(self, key: Hashable, make: Callable[[], T]) -> T:
        """What many machines ask for, by a key: it must follow from where nonzeros are."""
        return _found(self.facts, key, make)

    @property
    def pieces(self) -> int:
        """What it takes to remember it, with a few orders of its output features: words of 256 bytes, roughly."""
        return 1024 + (0 if self.left is None else len(self.left.rows) // 4)

    def left_lines(self, edges: tuple[int, ...]) -> Mask:
        """[batch, blocks, K] whether any weight of a block of output features is nonzero."""
        return self.once(("left", edges), lambda: self._left_lines(edges))

    def right_lines(self, edges: tuple[int, ...]) -> Mask:
        """[batch, K, blocks] whether any activation of a block of tokens is nonzero; one block where all are."""
        right = self.right
        if right is None:
            return np.ones((self.batch, self.shape[1], 1), dtype=np.bool_)
        return self.once(("right", edges), lambda: self._right_lines(right, edges))

    def _right_lines(self, right: Mask, edges: tuple[int, ...]) -> Mask:
        before = self.once("right before", lambda: _before(right.reshape(self.batch, self.shape[1], -1)))[:, :, edges]
        lines: Mask = before[:, :, 1:] != before[:, :, :-1]
        return lines

    def common_steps(self, m: tuple[int, ...], k: tuple[int, ...], n: tuple[int, ...]) -> NDArray[np.int64]:
        """[batch, M blocks, K tiles, N blocks] steps in which neither a block's weights nor its activations are all zero."""
        return self.once((m, k, n), lambda: self._common_steps(m, k, n))

    def _common_steps(self, m: tuple[int, ...], k: tuple[int, ...], n: tuple[int, ...]) -> NDArray[np.int64]:
        left, right = self.left_lines(m).astype(np.float32), self.right_lines(n).astype(np.float32)
        return np.stack([_common(left[:, :, a:b], right[:, a:b]) for a, b in itertools.pairwise(k)], axis=2)

    def forget(self) -> None:
        """Let go of all lines that were asked for."""
        self._known.clear()

    def _left_lines(self, edges: tuple[int, ...]) -> Mask:
        width, blocks = self.shape[1], len(edges) - 1
        if self.left is None:
            return np.ones((self.batch, blocks, width), dtype=np.bool_)
        block_of = np.repeat(np.arange(blocks), np.diff(edges))
        line_of = (np.arange(self.batch)[:, None] * blocks + block_of).ravel() * width
        lines = np.zeros(self.batch * blocks * width, dtype=np.bool_)
        lines[line_of[self.left.rows] + self._step_of[self.left.cols]] = True
        return lines.reshape(self.batch, blocks, width)

    @property
    def _step_of(self) -> NDArray[np.int64]:
        """[batch · K] step of each column of `left` within its block."""
        return np.tile(np.arange(self.shape[1]), self.batch)


def _found(known: dict[Hashable, Any], key: Hashable, make: Callable[[], T]) -> T:
    if key not in known:
        known[key] = make()
    found: T = known[key]
    return found


def _before(mask: Mask) -> NDArray[np.int32]:
    """[…, columns + 1] how many of each row are set before each column."""
    before = np.zeros((*mask.shape[:-1], mask.shape[-1] + 1), dtype=np.int32)
    np.cumsum(mask, axis=-1, out=before[..., 1:])
    return before


def _common(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.int64]:
    """[batch, M blocks, N blocks] steps that lines have in common; counts stay below 2^24, so that they are exact.

    In pieces that BLAS does not share out among threads, which costs it more than the work.
    """
    (batch, blocks, steps), tokens = left.shape, right.shape[2]
    width = max(_LEAST_STEPS, _UNSHARED // (blocks * tokens))
    height = max(1, _UNSHARED // (min(width, steps) * tokens))
    common = np.zeros((batch, blocks, tokens), dtype=np.float32)
    for top, start in itertools.product(range(0, blocks, height), range(0, steps, width)):
        common[:, top : top + height] += left[:, top : top + height, start : start + width] @ right[:, start : start + width]
    return common.astype(np.int64)


def product_of(operation: Operation, sampled: Mask | None = None) -> ArrayProduct:
    """An operation as it is written: W on the left, X on the right."""
    weight, x = operation.weight, operation.activations
    height, width, _ = operation.block_shape
    left = _nonzeros(weight) if weight.nnz < operation.batch * height * width else None
    return ArrayProduct(
        operation.name, operation.batch, operation.block_shape, left, x.mask, sampled, made=operation.weight_home == "activation"
    )


def sampled_outputs(operation: Operation) -> Mask | None:
    """[batch · M, K] where a sampled product G = mask ∘ (dY · Xᵀ) wants an output; None for a product that wants all."""
    if operation.gradient is None:
        return None
    height, width, _ = operation.block_shape
    places = _nonzeros(operation.weight)
    wanted = np.zeros((operation.weight.shape[0], width), dtype=np.bool_)
    wanted[places.rows, places.cols - places.rows // height * width] = True
    return wanted


def in_row_order(operation: Operation, order: NDArray[np.int64] | None) -> Operation:
    """The operation with the rows of its W, and so of its Y, in another order."""
    if order is None:
        return operation
    weight = operation.weight
    entries, lengths = _entries_of(weight.indptr, order)
    indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    data = None if weight.data is None else weight.data[entries]
    return replace(operation, weight=Weight(weight.shape, indptr, weight.indices[entries], data, weight.sha256))


def with_row_order(product: ArrayProduct, order: NDArray[np.int64]) -> ArrayProduct:
    """The product with the rows of its left operand in another order."""
    assert product.left is not None, "a W without zeros gains nothing by another order"
    entries, lengths = _entries_of(np.searchsorted(product.left.rows, np.arange(len(order) + 1)), order)
    return dataclasses.replace(
        product, left=Nonzeros(np.repeat(np.arange(len(order)), lengths), product.left.cols[entries]), row_order=order, facts={}
    )


def _entries_of(ends: NDArray[np.int64], order: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Entries of rows in another order, and how many each has, given where those of each row end and the next one's begin."""
    lengths = np.diff(ends)[order]
    before = np.cumsum(lengths) - lengths
    return np.repeat(ends[order] - before, lengths) + np.arange(lengths.sum()), lengths


def _nonzeros(weight: Weight) -> Nonzeros:
    rows = np.repeat(np.arange(weight.shape[0], dtype=np.int64), np.diff(weight.indptr))
    return Nonzeros(rows, np.asarray(weight.indices, dtype=np.int64))


def packed(product: ArrayProduct, kept: int, of: int) -> ArrayProduct | None:
    """The product with its left operand packed to `kept` of every `of` steps; None where a group has more nonzeros."""
    if product.left is None:
        return None
    height, width, tokens = product.shape
    groups = -(-width // of)
    block = product.left.rows // height
    group = (product.left.cols - block * width) // of
    key = product.left.rows * groups + group
    counts = np.bincount(key, minlength=product.batch * height * groups)
    if counts.max(initial=0) > kept:
        return None
    rank = np.arange(len(key)) - (np.cumsum(counts) - counts)[key]
    left = Nonzeros(product.left.rows, block * groups * kept + group * kept + rank)
    right = None if product.right is None else _grouped(product.right, product.batch, groups, kept, of)
    shape = height, groups * kept, tokens
    return ArrayProduct(product.name, product.batch, shape, left, right, product.sampled, kept, of, right_bits=product.right_bits)


def _grouped(right: Mask, batch: int, groups: int, kept: int, of: int) -> Mask:
    """[batch · groups · kept, N] whether any activation of a step's group is nonzero."""
    width = right.shape[0] // batch
    padded = np.zeros((batch, groups * of, right.shape[1]), dtype=np.bool_)
    padded[:, :width] = right.reshape(batch, width, -1)
    some = np.logical_or.reduce(padded.reshape(batch * groups, of, -1), axis=1)
    grouped: Mask = np.repeat(some, kept, axis=0)
    return grouped
