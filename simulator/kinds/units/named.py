"""Which input features the lists of a tile name: no others are fetched (rule 7)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.system.program import Span
from simulator.workload.types import Operation


def named_features(operation: Operation, rows: Span, columns: Span) -> NDArray[np.int64]:
    """Input features, counted from the first of a range, that lists of a range of output features name.

    All of the range where W is made from activations, and its lists when X is on its way.
    """
    weight = operation.weight
    start, stop = columns
    if operation.weight_home == "activation":
        return np.arange(stop - start)
    met = np.zeros(weight.shape[1], dtype=np.bool_)
    met[weight.indices[weight.indptr[rows[0]] : weight.indptr[rows[1]]]] = True
    return np.flatnonzero(met[start:stop])
