"""The result of a run: what was simulated, what it counted, what it costs, and every metric that follows."""

from simulator.result.bandwidth import Bandwidth, bandwidths
from simulator.result.metrics import METRICS, Ideal, RunMetrics
from simulator.result.operations import OperationResult, operation_shares
from simulator.result.result import SCHEMA_VERSION, Result, WorkloadRecord

__all__ = [
    "METRICS",
    "SCHEMA_VERSION",
    "Bandwidth",
    "Ideal",
    "OperationResult",
    "Result",
    "RunMetrics",
    "WorkloadRecord",
    "bandwidths",
    "operation_shares",
]
