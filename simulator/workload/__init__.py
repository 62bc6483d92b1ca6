"""The workload: operations with the real patterns of their operands."""

from simulator.workload.load import load_workload
from simulator.workload.stats import PatternStats, pattern_stats
from simulator.workload.types import KINDS, Activations, Kind, Operation, Weight, WeightHome, Workload

__all__ = [
    "KINDS",
    "Activations",
    "Kind",
    "Operation",
    "PatternStats",
    "Weight",
    "WeightHome",
    "Workload",
    "load_workload",
    "pattern_stats",
]
