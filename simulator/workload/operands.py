"""Operand specs to operands in memory: drawn, checked, hashed; and the tokens that experts take of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.errors import OperandError
from simulator.workload.blocks import Stack, WithoutZeros
from simulator.workload.csr import MAX_DENSE, MAX_NONZEROS, MAX_WITHOUT_ZEROS, Csr, Ramps, check_size, dense_pattern_sha256, runs_of_lines
from simulator.workload.patterns import Pattern
from simulator.workload.patterns.base import derived_seed
from simulator.workload.spec import ActivationSpec, ExpertsSpec, OperandSpec
from simulator.workload.types import Activations, Weight


def drawn(spec: OperandSpec, batch: int, shape: tuple[int, int], seed: int) -> Csr:
    """Return the pattern of `batch` blocks of `shape`, one below another; the spec's own seed goes before `seed`."""
    if not isinstance(spec, Pattern):
        raise TypeError(f"no pattern: {spec!r}")
    try:
        return spec.stack(batch, shape, seed)
    except MemoryError as error:
        raise OperandError(f"pattern {spec.pattern}: too large for the memory of this computer") from error


def weight(stack: Stack | WithoutZeros) -> Weight:
    """Return W[M,K] with the blocks of a stack on its diagonal."""
    if isinstance(stack, WithoutZeros):
        return dense_weight(stack.block_shape)
    matrix = stack.diagonal()
    return Weight(matrix.shape, matrix.indptr, matrix.indices, matrix.data, matrix.sha256())


def dense_weight(shape: tuple[int, int]) -> Weight:
    """Return W[M,K] without any zero, values unknown, of which only the sizes are held. OperandError where they are too large."""
    check_size(shape, 0)
    if shape[0] * shape[1] > MAX_WITHOUT_ZEROS:
        raise OperandError(f"a dense W of {shape[0]} × {shape[1]} elements; allowed: at most {MAX_WITHOUT_ZEROS}")
    indptr = np.arange(shape[0] + 1, dtype=np.int64) * shape[1]
    return Weight(shape, indptr, Ramps(shape[1], shape[0]), None, dense_pattern_sha256(shape))


def dense_activations(shape: tuple[int, int]) -> Activations:
    """Return X[K,N] without any zero, values unknown, of which only the sizes are held. OperandError where they are too large."""
    check_size(shape, 0)
    if shape[0] * shape[1] > MAX_DENSE:
        raise OperandError(f"a dense X of {shape[0]} × {shape[1]} elements; allowed: at most {MAX_DENSE}")
    return Activations(shape, None, None, dense_pattern_sha256(shape))


def activations(matrix: Csr, spec: ActivationSpec) -> Activations:
    """Return X[K,N] of a matrix, after `running_or` where the spec asks for it.

    Raises OperandError where X is too large to hold whole, or its tokens are not whole sequences.
    """
    _check_whole(matrix.shape)
    if spec.running_or is None:
        return held(matrix)
    from simulator.workload.readers.numpy_files import array_csr

    return held(array_csr(running_or(_mask(matrix), spec.running_or)))


def _check_whole(shape: tuple[int, int]) -> None:
    if shape[0] * shape[1] > MAX_NONZEROS:
        raise OperandError(f"X has {shape[0]} × {shape[1]} elements; allowed: at most {MAX_NONZEROS}")


def held(matrix: Csr) -> Activations:
    """Return X[K,N] as a matrix has it. Raises OperandError where it is too large to hold whole."""
    shape = matrix.shape
    _check_whole(shape)
    mask = _mask(matrix)
    data = None
    if matrix.data is not None:
        data = np.zeros(shape, dtype=np.float64)
        data[mask] = matrix.data
    return Activations(shape, None if matrix.nnz == shape[0] * shape[1] else mask, data, matrix.sha256())


def running_or(mask: NDArray[np.bool_], tokens: int) -> NDArray[np.bool_]:
    """Return the running OR of mask [K, N] over each sequence of `tokens` columns.

    That is where causal attention can be nonzero: a channel that was on once in a sequence stays on.
    """
    channels, total = mask.shape
    if total % tokens:
        raise OperandError(f"running_or = {tokens}: {total} tokens are not whole sequences; allowed: the divisors of {total}")
    sequences = mask.reshape(channels, total // tokens, tokens)
    return np.logical_or.accumulate(sequences, axis=2).reshape(channels, total)


def routed_tokens(spec: ExpertsSpec, tokens: int, base_seed: int) -> tuple[NDArray[np.int64], ...]:
    """Tokens of each expert, ascending; an expert may have none.

    Popularity is exp(skew · z), z normal. A token takes the `top_k` experts with the largest log popularity + Gumbel noise, which
    draws them without replacement in proportion to popularity.
    """
    random = np.random.default_rng(derived_seed(base_seed, f"experts/{spec.seed}", "routing"))
    liked = spec.skew * random.standard_normal(spec.count) + random.gumbel(size=(tokens, spec.count))
    chosen = np.argpartition(-liked, spec.top_k - 1, axis=1)[:, : spec.top_k]
    return tuple(np.flatnonzero((chosen == expert).any(axis=1)) for expert in range(spec.count))


def _mask(matrix: Csr) -> NDArray[np.bool_]:
    mask = np.zeros(matrix.shape, dtype=np.bool_)
    lengths = np.diff(matrix.indptr)
    for rows in runs_of_lines(matrix.indptr):
        here = mask[rows]
        place = np.repeat(np.arange(len(here)) * matrix.shape[1], lengths[rows])
        place += matrix.indices[int(matrix.indptr[rows.start]) : int(matrix.indptr[rows.stop])]
        here.reshape(-1)[place] = True
    return mask
