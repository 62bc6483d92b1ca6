"""Matrices of a script to a workload: SciPy's sparse ones and NumPy's arrays, without a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from simulator.errors import OperandError
from simulator.workload.blocks import Stack
from simulator.workload.csr import Csr, check_size, coordinates_csr
from simulator.workload.operands import dense_activations, held, weight
from simulator.workload.types import Activations, Kind, Operation, Workload


def workload_of(weights: Any, *, tokens: int = 256, activation: Any = None, name: str = "matrices") -> Workload:
    """Return the products of matrices W[M, K], each with X[K, tokens]: one operation a matrix, none waits for another.

    `weights` is one matrix, or a mapping of names to several; each a SciPy sparse matrix or array of any format, or a
    two-dimensional NumPy array. Boolean ones are patterns whose values are not known. X is dense, or the matrix `activation`.
    Entries that stand twice are summed, stored zeros dropped. Raises OperandError, which names the matrix, for what is none.
    """
    from scipy import sparse

    # a dictionary of keys is a mapping too
    several = isinstance(weights, Mapping) and not sparse.issparse(weights)
    named: Mapping[str, Any] = weights if several else {name: weights}
    if not named:
        raise OperandError("no matrix: name at least one")
    for each in (name, *named):
        if not isinstance(each, str) or not each:
            raise OperandError(f"found {each!r} as a name; allowed: text")
    operations = tuple(_operation(each, matrix, tokens, activation) for each, matrix in named.items())
    shapes = [{"name": op.name, "kind": op.kind, "shape": dict(zip("mkn", op.shape, strict=True))} for op in operations]
    return Workload(name, operations, {"name": name, "operations": shapes})


def _operation(name: str, matrix: Any, tokens: int, activation: Any) -> Operation:
    w = weight(Stack(1, _csr(matrix, f"{name}: W[M, K]")))
    x: Activations
    if activation is None:
        if isinstance(tokens, bool) or not isinstance(tokens, int | np.integer) or tokens < 1:
            raise OperandError(f"{name}: tokens = {tokens!r}; allowed: an integer of at least 1")
        x = dense_activations((w.shape[1], int(tokens)))
    else:
        x = held(_csr(activation, f"{name}: X[K, N]"))
        if x.shape[0] != w.shape[1]:
            raise OperandError(f"{name}: W has {w.shape[1]} columns, but X has {x.shape[0]} rows; allowed: as many")
    return Operation(name, _kind(x), w, x)


def _kind(x: Activations) -> Kind:
    """The product that it is; a W that is dense goes as a sparse one without zeros."""
    if x.shape[1] == 1:
        return "SpMV" if x.mask is None else "SpMSpV"
    return "SpMM" if x.mask is None else "SpMSpM"


_NARROW = ("float16", "bfloat16", "float8")
"""Names of numbers that SciPy has no matrices of, and that float32 holds exactly; of ml_dtypes but for the first."""


def _csr(matrix: Any, what: str) -> Csr:
    from scipy import sparse

    if not sparse.issparse(matrix):
        if isinstance(matrix, np.ma.MaskedArray):
            raise OperandError(f"{what}: found a masked array; allowed: one without a mask, as matrix.filled(0)")
        matrix = np.asarray(matrix)
        if matrix.dtype.name.startswith(_NARROW):
            matrix = matrix.astype(np.float32)
    if matrix.ndim != 2 or 0 in matrix.shape or matrix.dtype.kind not in "biuf":
        found = f"{type(matrix).__name__} of shape {matrix.shape} and type {matrix.dtype}"
        raise OperandError(f"{what}: found {found}; allowed: a matrix of real numbers, or of true and false, with rows and columns")
    entries = sparse.coo_array(matrix)
    shape = int(matrix.shape[0]), int(matrix.shape[1])
    try:
        check_size(shape, entries.nnz)
        entries.sum_duplicates()
        pattern = matrix.dtype.kind == "b"
        rows, columns = (np.asarray(places, dtype=np.int64) for places in entries.coords)
        if pattern:
            there = np.asarray(entries.data, dtype=np.bool_)
            return coordinates_csr(shape, rows[there], columns[there], None)
        return coordinates_csr(shape, rows, columns, np.asarray(entries.data, dtype=np.float64))
    except OperandError as error:
        raise OperandError(f"{what}: {error}") from error
