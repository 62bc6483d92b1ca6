"""The result of a run: what was simulated, what it counted, what it costs, and every metric that follows.

Start with `metrics.py`, where a metric is declared: its words and its formula. `result.py` has a run and its operations, `codec.py`
their JSON, `saved.py` what pricing reads of thousands of files, `bandwidth.py` the levels of the memory system.
"""

from simulator.activity import Ideal
from simulator.result.bandwidth import Bandwidth, bandwidths
from simulator.result.codec import SCHEMA_VERSION
from simulator.result.metrics import BANDED, DETAILS, METRICS, OBJECTIVE, RunMetrics
from simulator.result.result import OperationResult, Result, WorkloadRecord

__all__ = [
    "BANDED",
    "DETAILS",
    "METRICS",
    "OBJECTIVE",
    "SCHEMA_VERSION",
    "Bandwidth",
    "Ideal",
    "OperationResult",
    "Result",
    "RunMetrics",
    "WorkloadRecord",
    "bandwidths",
]
