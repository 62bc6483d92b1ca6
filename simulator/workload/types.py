"""A workload in memory: operations with the real patterns (and, where known, values) of their operands."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.recall import Recall
from simulator.workload.csr import Ramps, occurrences

if TYPE_CHECKING:
    from simulator.workload.storage import StorageSpec

Kind = Literal["GEMM", "SpMM", "SpMSpM", "SpMV", "SpMSpV", "SDDMM"]
Transpose = Literal["none", "stored", "scatter"]
"""Whether W is the transpose of another operation's: a second copy, or that one's lists, which units then own by column."""
WeightHome = Literal["dram", "activation"]
"""Where W comes from: DRAM, where it is stored, or the outputs of earlier operations."""
KINDS: tuple[Kind, ...] = get_args(Kind)

SPARSE_X: tuple[Kind, ...] = ("SpMSpM", "SpMSpV", "SDDMM")
"""Kinds whose X may have zeros."""
ONE_TOKEN: tuple[Kind, ...] = ("SpMV", "SpMSpV")
"""Kinds with N = 1."""
SPARSE_X_OF: dict[Kind, Kind] = {"GEMM": "SpMSpM", "SpMM": "SpMSpM", "SpMV": "SpMSpV"}
"""The kind to take instead of one whose X must be dense."""

_ROWS_AT_ONCE = 256
_INTEGERS = np.array([-4, -3, -2, -1, 1, 2, 3, 4], dtype=np.float64)


class Weight(Struct, frozen=True, eq=False, dict=True):
    """W[M, K] in CSR: column indices ascend within a row, no index twice, no stored zero."""

    shape: tuple[int, int]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32] | Ramps
    """[nonzeros]; of a pattern without zeros made where they are read, so that its size takes no memory."""
    data: NDArray[np.float64] | None
    """Values; None where only the pattern is known."""
    sha256: str
    """Hash of shape, pattern and values."""

    @property
    def nnz(self) -> int:
        """Nonzeros."""
        return int(self.indptr[-1])

    @property
    def dense(self) -> bool:
        """Whether no element is zero; never so of several blocks on a diagonal."""
        return self.nnz == self.shape[0] * self.shape[1]

    @cached_property
    def column_counts(self) -> NDArray[np.int64]:
        """[K] nonzeros of each column."""
        if isinstance(self.indices, Ramps):
            return np.full(self.shape[1], self.shape[0], dtype=np.int64)
        return occurrences(self.indices, self.shape[1])

    def to_dense(self) -> NDArray[np.float64]:
        """[M, K] as a dense array."""
        dense = np.zeros(self.shape)
        dense[np.repeat(np.arange(self.shape[0]), np.diff(self.indptr)), np.asarray(self.indices)] = self.values()
        return dense

    def values(self) -> NDArray[np.float64]:
        """Values of the nonzeros; small nonzero integers, drawn from the pattern's hash, where none are known."""
        return self.data if self.data is not None else _integers(self.sha256, (self.nnz,))


def _any_of(mask: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """[rows, ⌈columns / width⌉] whether any of so many columns next to each other is set: up to eight are looked at as one number."""
    missing, together = -mask.shape[1] % width, math.gcd(width, 8)
    numbers = np.ascontiguousarray(np.pad(mask, ((0, 0), (0, missing))) if missing else mask).view(f"u{together}")
    some = numbers[:, :: width // together].copy()
    for place in range(1, width // together):
        some |= numbers[:, place :: width // together]
    found: NDArray[np.bool_] = some != 0
    return found


class Activations(Struct, frozen=True, eq=False, dict=True):
    """X[K, N]: a mask of nonzeros, or none where it is dense."""

    shape: tuple[int, int]
    mask: NDArray[np.bool_] | None
    """[K, N]; None where every element is nonzero."""
    data: NDArray[np.float64] | None
    """[K, N]; None where only the pattern is known."""
    sha256: str

    @cached_property
    def _words(self) -> dict[int, NDArray[np.bool_]]:
        """`words`, by lanes."""
        return {}

    @property
    def nnz(self) -> int:
        """Nonzeros."""
        return self.shape[0] * self.shape[1] if self.mask is None else int(np.count_nonzero(self.mask))

    def of_tokens(self, tokens: NDArray[np.int64]) -> Activations:
        """The columns of some tokens."""
        mask = None if self.mask is None else self.mask[:, tokens]
        sha = hashlib.sha256(self.sha256.encode() + tokens.astype("<i8").tobytes()).hexdigest()
        return Activations((self.shape[0], len(tokens)), mask, None if self.data is None else self.data[:, tokens], sha)

    def words(self, lanes: int) -> NDArray[np.bool_] | None:
        """[⌈N / lanes⌉, K] whether any of so many tokens next to each other is nonzero; None where all are. Found once."""
        if self.mask is None:
            return None
        if lanes not in self._words:
            self._words[lanes] = np.ascontiguousarray(_any_of(self.mask, lanes).T)
            self._words[lanes].flags.writeable = False
        return self._words[lanes]

    def row_counts(self) -> NDArray[np.int64]:
        """[K]: tokens for which each input feature is nonzero."""
        if self.mask is None:
            return np.full(self.shape[0], self.shape[1], dtype=np.int64)
        # narrow numbers are added up twice as fast
        return np.asarray(self.mask.sum(axis=1, dtype=np.uint32), dtype=np.int64)

    def values(self) -> NDArray[np.float64]:
        """[K, N] values, zero where masked out; small integers, drawn from the hash, where none are known."""
        if self.data is not None:
            return self.data
        drawn = _integers(self.sha256, self.shape)
        return drawn if self.mask is None else drawn * self.mask


class Operation(Struct, frozen=True, eq=False, dict=True):
    """One matrix product Y[M, N] = W[M, K] · X[K, N]; a batched one is that of a block-diagonal W.

    A sampled product (SDDMM) reduces over tokens instead: G[M, K] = W ∘ (dY[M, N] · X[K, N]ᵀ), W being the mask that it is
    sampled at, whatever its values.
    """

    name: str
    kind: Kind
    weight: Weight
    activations: Activations
    depends_on: tuple[str, ...] = ()
    """Operations whose outputs X is made from; empty: X comes from outside, from DRAM."""
    batch: int = 1
    """Blocks on the diagonal of W; X and Y stack the blocks of theirs."""
    weight_home: WeightHome = "dram"
    """`activation`: W is made from the outputs of `depends_on`, lies where they lie, dense, and waits for them."""
    gradient: Activations | None = None
    """dY[M, N] of a sampled product, which lives where X lives; None for every other kind."""
    storage: StorageSpec | None = None
    """How W lies in DRAM; None: in the least form that the machine takes."""
    transpose: Transpose = "none"

    @property
    def shape(self) -> tuple[int, int, int]:
        """M output features, K input features, N tokens; of a batched product those of the whole block-diagonal W."""
        return (*self.weight.shape, self.activations.shape[1])

    @property
    def block_shape(self) -> tuple[int, int, int]:
        """M, K and N of one block of a batched product."""
        m, k, n = self.shape
        return m // self.batch, k // self.batch, n

    @cached_property
    def content(self) -> Hashable:
        """All that decides what it does: everything but its name and what it waits for.

        Operands are known by their hashes, which decide their values too where no file gives any.
        """
        operands = self.weight.sha256, self.activations.sha256, self.gradient and self.gradient.sha256
        stored = self.storage and self.storage.model_dump_json()
        return self.kind, self.shape, self.batch, *operands, self.weight_home, stored, self.transpose

    @property
    def output_elements(self) -> int:
        """Elements of Y; of a sampled product, the places of its mask."""
        return self.weight.nnz if self.gradient is not None else self.shape[0] * self.shape[2]

    @property
    def macs_dense(self) -> int:
        """M × K × N of a block, times the blocks."""
        m, k, n = self.block_shape
        return self.batch * m * k * n

    @cached_property
    def macs_useful(self) -> int:
        """Pairs of nonzero operands; of a sampled product, at the places of its mask."""
        if self.gradient is not None:
            return sampled_pairs(self.weight, self.gradient, self.activations)
        if self.activations.mask is None:
            return self.weight.nnz * self.activations.shape[1]
        return int(self.weight.column_counts @ self.activations.row_counts())


class Chain(Struct, frozen=True):
    """Operations that follow one another and are fused: what each leaves of a block of tokens, the next takes on chip."""

    operations: tuple[str, ...]
    """Names, two or more."""
    if_fits: bool = False
    """Whether they run apart where a machine cannot fuse them, or would take longer; else they are fused, or that is an error."""


_WORKED_OUT = 20_000
"""Homes of operations and the like that a workload remembers at most."""


@dataclass(frozen=True, eq=False)
class Workload:
    """Operations in program order."""

    name: str
    operations: tuple[Operation, ...]
    spec: Mapping[str, Any] = field(default_factory=dict)
    """The file as read, after defaults: what a result records."""
    fuse: tuple[Chain, ...] = ()
    _recall: Recall = field(init=False, default_factory=lambda: Recall(_WORKED_OUT), compare=False, repr=False)

    @classmethod
    def from_scipy(cls, weights: Any, *, tokens: int = 256, activation: Any = None, name: str = "matrices") -> Workload:
        """Return the products of matrices W[M, K] with X[K, tokens]; `weights` is one matrix, or names and matrices.

        sim.Workload.from_scipy(scipy.sparse.random(512, 512, 0.05), tokens=64)

        SciPy's sparse matrices of any format, and NumPy's arrays; boolean ones are patterns. X is dense, or `activation`.
        Raises OperandError for what is no matrix.
        """
        from simulator.workload.matrices import workload_of

        return workload_of(weights, tokens=tokens, activation=activation, name=name)

    @property
    def recall(self) -> Recall:
        """What was worked out of it for machines that agree in what that depends on; it goes with the workload."""
        return self._recall

    @property
    def macs_useful(self) -> int:
        """Useful MACs of all operations."""
        return sum(op.macs_useful for op in self.operations)

    @property
    def hashes(self) -> dict[str, dict[str, str]]:
        """SHA-256 of each operation's operands."""
        return {op.name: _hashes(op) for op in self.operations}


def _hashes(operation: Operation) -> dict[str, str]:
    gradient = {} if operation.gradient is None else {"gradient": operation.gradient.sha256}
    return {"weight": operation.weight.sha256, "activation": operation.activations.sha256, **gradient}


def sampled_pairs(mask: Weight, gradient: Activations, x: Activations) -> int:
    """Tokens for which both dY[i, n] and X[k, n] are nonzero, summed over the nonzeros (i, k) of a mask."""
    if gradient.mask is None or x.mask is None:
        left = gradient.row_counts() if x.mask is None else np.full(mask.shape[0], x.shape[1])
        rows = np.repeat(np.arange(mask.shape[0]), np.diff(mask.indptr))
        return int(np.minimum(left[rows], x.row_counts()[np.asarray(mask.indices)]).sum())
    right = x.mask.astype(np.float32)
    total = 0
    for start in range(0, mask.shape[0], _ROWS_AT_ONCE):
        indptr = mask.indptr[start : start + _ROWS_AT_ONCE + 1]
        both = gradient.mask[start : start + _ROWS_AT_ONCE].astype(np.float32) @ right.T  # exact: counts stay below 2^24
        rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        total += int(both[rows, mask.indices[indptr[0] : indptr[-1]]].sum(dtype=np.float64))
    return total


def _integers(sha256: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    generator = np.random.default_rng(int(sha256[:16], 16))
    return generator.choice(_INTEGERS, size=shape)
