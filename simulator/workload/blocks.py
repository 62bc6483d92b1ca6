"""Blocks of a batched product: cut from a file, stacked below one another, put on the diagonal of W."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.csr import Csr, check_size, flat_csr


class Stack(Struct, frozen=True, eq=False):
    """Blocks of one size, one below another; an operand that is not batched is a stack of one.

    >>> eye = flat_csr((2, 2), np.array([0, 3]), None)
    >>> twice = cut(eye, tokens=1, channels=2)  # two sequences of one token
    >>> twice.batch, twice.block_shape, twice.diagonal().shape, twice.transposed().block_shape
    (2, (1, 2), (2, 4), (2, 1))
    """

    batch: int
    """Number of blocks."""
    matrix: Csr
    """[batch · rows of a block, columns of a block]."""

    @property
    def block_shape(self) -> tuple[int, int]:
        """Rows and columns of one block."""
        return self.matrix.shape[0] // self.batch, self.matrix.shape[1]

    def transposed(self) -> Stack:
        """Return the stack of the transposed blocks, in the same order."""
        rows, columns = self.block_shape
        block, row = np.divmod(self.matrix.rows(), rows)
        shape = (self.batch * columns, rows)
        return Stack(self.batch, _moved(self.matrix, shape, block * columns + self.matrix.indices.astype(np.int64), row))

    def diagonal(self) -> Csr:
        """Return [batch · rows, batch · columns] with the blocks on the diagonal and nothing elsewhere.

        Raises OperandError where that has more columns than a matrix may have.
        """
        if self.batch == 1:
            return self.matrix
        rows, columns = self.block_shape
        shape = (self.matrix.shape[0], self.batch * columns)
        check_size(shape, self.matrix.nnz)
        indices = self.matrix.indices + self.matrix.rows() // rows * columns
        return Csr(shape, self.matrix.indptr, indices.astype(np.int32), self.matrix.data)


class WithoutZeros(Struct, frozen=True):
    """A block without zeros, of which only the sizes are held: always a stack of one."""

    batch: ClassVar[int] = 1
    block_shape: tuple[int, int]

    def transposed(self) -> WithoutZeros:
        """Its transpose."""
        return WithoutZeros((self.block_shape[1], self.block_shape[0]))


def cut(matrix: Csr, tokens: int, channels: int, sequence: int | None = None) -> Stack:
    """Return a file of [tokens, channels] as blocks of `tokens` × `channels`: sequences outer, heads inner.

    With `sequence`, only the heads of that one. Raises OperandError where the file's tokens are not whole sequences, or
    its channels not whole heads, or where it has no such sequence.
    """
    for what, side, of_block, parts in (("tokens", matrix.shape[0], tokens, "sequences"), ("channels", matrix.shape[1], channels, "heads")):
        if side % of_block:
            divisors = f"allowed: the divisors of {side}"
            raise OperandError(f"{what} = {of_block}: the file's {side} {what} are not whole {parts} of {of_block}; {divisors}")
    if sequence is not None:
        matrix = _sequence(matrix, tokens, sequence)
    heads = matrix.shape[1] // channels
    number, token = np.divmod(matrix.rows(), tokens)
    head, channel = np.divmod(matrix.indices.astype(np.int64), channels)
    batch = matrix.shape[0] // tokens * heads
    shape = (batch * tokens, channels)
    check_size(shape, matrix.nnz)
    return Stack(batch, _moved(matrix, shape, (number * heads + head) * tokens + token, channel))


def _sequence(matrix: Csr, tokens: int, sequence: int) -> Csr:
    """The rows of one sequence."""
    sequences = matrix.shape[0] // tokens
    if sequence >= sequences:
        raise OperandError(f"sequence = {sequence}: the file has {sequences} sequences of {tokens} tokens; allowed: 0 to {sequences - 1}")
    indptr = matrix.indptr[sequence * tokens : (sequence + 1) * tokens + 1]
    span = slice(int(indptr[0]), int(indptr[-1]))
    data = None if matrix.data is None else matrix.data[span]
    return Csr((tokens, matrix.shape[1]), indptr - indptr[0], matrix.indices[span], data)


def _moved(matrix: Csr, shape: tuple[int, int], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Csr:
    """The nonzeros of `matrix` at other places of another shape."""
    flat = rows * shape[1] + columns
    order = np.argsort(flat, kind="stable")
    return flat_csr(shape, flat[order], None if matrix.data is None else matrix.data[order])
