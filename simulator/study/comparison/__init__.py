"""Comparison: the same workload on several machines, side by side or in parallel."""

from simulator.study.comparison.comparison import Comparison, compare

__all__ = ["Comparison", "compare"]
