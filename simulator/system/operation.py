"""What running one operation on a fabric yields: tiles for the system level, and the fabric's own counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Bounds, Counts
from simulator.system.program import Strand
from simulator.system.residency import Homes
from simulator.workload.types import Operation


@dataclass(frozen=True, eq=False)
class OperationRun:
    """One operation, timed on its fabric."""

    operation: Operation
    homes: Homes
    strand: Strand
    counts: Counts
    """Without the bytes of fills and drains, which the system level adds."""
    unit_cycles: NDArray[np.int64]
    """[causes] over units × Σ cycles of the tiles."""
    bounds: Bounds
    details: Mapping[str, Any]
    checked: Mapping[str, int]
    outputs: NDArray[np.float64] | None = None
