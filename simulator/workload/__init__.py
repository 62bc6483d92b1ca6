"""The workload: operations with the real patterns of their operands.

Start at `types`, what a workload is in memory; `build` makes it of a file, whose keys are in `spec`. An operand is read
(`readers`, one a matrix format) or drawn (`patterns`, one class a pattern) as a `Csr`, cut or stacked as `blocks`, and becomes
W or X in `operands`. `storage` counts the bits that W takes in DRAM, `stats` what its pattern would ask of memory, `twin`
redraws it uniformly, `matrices` takes those of a script. `models` lists the products of whole models, `importing` makes workload
files of what people have.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from simulator.workload.types import KINDS, Activations, Kind, Operation, Weight, WeightHome, Workload

if TYPE_CHECKING:
    from simulator.workload.build import load_workload
    from simulator.workload.stats import PatternStats, pattern_stats

_HOMES = {"load_workload": "build", "PatternStats": "stats", "pattern_stats": "stats"}
"""Modules of names that are loaded when they are first used: pricing needs no models of files, and a run no statistics."""

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


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"simulator.workload.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
