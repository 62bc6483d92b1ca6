"""The fabric engines by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from simulator.timing.fabric import GatherEngine, ScatterEngine
from simulator.timing.reference.array import run_array
from simulator.timing.reference.cluster import run_cluster
from simulator.timing.reference.scatter import run_scatter
from simulator.timing.reference.traffic import drive
from simulator.timing.switch import Arrivals, SwitchSpec, TrafficPoint
from simulator.timing.systolic_operation import ArrayEngine

EngineName = Literal["reference"]


TrafficEngine = Callable[[SwitchSpec, Arrivals, int], TrafficPoint]
"""(network, traffic, cycles of warm-up) → what the network did with it."""


@dataclass(frozen=True)
class EngineEntry:
    """One engine."""

    cluster: GatherEngine
    """Runs a cluster through a tile of the gather dataflow."""
    scatter: ScatterEngine
    """Runs a cluster through a tile of the scatter dataflow."""
    drive: TrafficEngine
    """Drives a network alone with traffic."""
    array: ArrayEngine | None
    """Runs an operation through a systolic array cell by cell; None: by the exact formula alone."""
    carries_values: bool
    """Whether real numbers move, so that Y can be compared with NumPy's."""
    releases_gil: bool = False
    """Whether clusters can run side by side in threads."""


ENGINES: dict[EngineName, EngineEntry] = {"reference": EngineEntry(run_cluster, run_scatter, drive, run_array, carries_values=True)}
