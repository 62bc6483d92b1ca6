"""Sources to a trace: the workload file, and the matrices that it names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from simulator.errors import OperandError
from simulator.specs.naming import is_device
from simulator.workload.csr import MAX_DENSE, Csr
from simulator.workload.importing.sources import Source
from simulator.workload.patterns import WEIGHT_PATTERNS, pattern_at

_STRANGE = re.compile(r"[^\w.+-]+")
_NAME = 64
MAX_OPERATIONS = 4096
"""Of a trace: about what a workload file of the largest size holds."""
_UNIQUE = 48
"""Characters of a name before its number, where several sources have the same."""


def trace_spec(name: str, sources: Sequence[Source], tokens: int, origin: str) -> dict[str, Any]:
    """Return the workload file's mapping: one product a source, its X dense with `tokens` columns unless the source tells N.

    Raises OperandError where a matrix has no nonzero, or a workload file cannot hold so many operations.
    """
    if len(sources) > MAX_OPERATIONS:
        raise OperandError(f"{len(sources)} operations; allowed: at most {MAX_OPERATIONS} in a workload file (--tensor chooses tensors)")
    operations = [
        _from_matrix(label, source.matrix, tokens) if source.matrix is not None else _from_shape(label, source)
        for label, source in zip(_labels(sources), sources, strict=True)
    ]
    return {"name": _clean(name), "description": f"imported from {origin}", "operations": operations}


def nonzeros(source: Source) -> int:
    """Nonzero weights of a source: of its matrix, or of the pattern that its shape has."""
    if source.matrix is not None:
        return source.matrix.nnz
    m, k, _ = source.shape or (1, 1, 1)
    pattern = pattern_at(WEIGHT_PATTERNS[str(source.pattern["pattern"])])
    return source.batch * pattern.model_validate(source.pattern).nonzeros((m, k))


def write_matrices(sources: Sequence[Source], folder: Path) -> None:
    """Write every matrix that a source has beside the trace, as the files that `trace_spec` names."""
    for label, source in zip(_labels(sources), sources, strict=True):
        if source.matrix is not None:
            matrix = source.matrix
            data = np.ones(matrix.nnz, dtype=np.bool_) if matrix.data is None else _narrow(matrix.data)
            saved = sp.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
            # row pointers would be most of a file of rows that are empty
            sp.save_npz(folder / f"{label}.npz", saved if matrix.nnz >= matrix.shape[0] else saved.tocoo())


def _from_matrix(label: str, matrix: Csr, tokens: int) -> dict[str, Any]:
    if not matrix.nnz:
        raise OperandError(f"{label}: no nonzero")
    if matrix.shape[1] * tokens > MAX_DENSE:
        raise OperandError(f"{label}: a dense X of {matrix.shape[1]} × {tokens} elements; allowed: at most {MAX_DENSE}, or fewer --tokens")
    kind = "GEMM" if matrix.nnz == matrix.shape[0] * matrix.shape[1] else "SpMM"
    weight = {"file": f"{label}.npz"}
    return {"name": label, "kind": kind, "shape": {"n": tokens}, "weight": weight, "activation": {"pattern": "dense"}}


def _from_shape(label: str, source: Source) -> dict[str, Any]:
    m, k, n = source.shape or (1, 1, 1)
    kind = "GEMM" if source.pattern["pattern"] == "dense" else "SpMM"
    shape = ({"batch": source.batch} if source.batch > 1 else {}) | {"m": m, "k": k, "n": n}
    return {"name": label, "kind": kind, "shape": shape, "weight": dict(source.pattern), "activation": {"pattern": "dense"}}


def _labels(sources: Sequence[Source]) -> list[str]:
    """Names that a workload file allows, a number added where one stands again."""
    labels: list[str] = []
    taken: set[str] = set()  # regardless of case: labels are names of files, which some systems do not tell apart by it
    numbers: Counter[str] = Counter()
    for source in sources:
        label = clean = _clean(source.name)
        while label.casefold() in taken:
            stem = clean[:_UNIQUE]
            numbers[stem.casefold()] += 1
            label = f"{stem}.{numbers[stem.casefold()] + 1}"
        labels.append(label)
        taken.add(label.casefold())
    return labels


def _clean(name: str) -> str:
    clean = _STRANGE.sub("-", name).strip("-.") or "matrix"
    return (f"_{clean}" if is_device(clean) else clean)[:_NAME]


def _narrow(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> np.ndarray[tuple[int, ...], np.dtype[Any]]:
    """Values as float32 where that loses nothing."""
    with np.errstate(over="ignore", under="ignore"):
        single = values.astype(np.float32)
    return single if np.array_equal(single, values) else values
