"""The fabric engines by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from simulator.engine.cluster import GatherEngine, ScatterEngine
from simulator.engine.compiled.gather import engine as compiled_gather
from simulator.engine.compiled.kernels import kernels_loaded
from simulator.engine.compiled.scatter import engine as compiled_scatter
from simulator.engine.compiled.switch import engine as compiled_switch
from simulator.engine.reference.array import run_array
from simulator.engine.reference.cluster import run_cluster
from simulator.engine.reference.scatter import run_scatter
from simulator.engine.reference.traffic import drive
from simulator.kinds.systolic.operation import ArrayEngine
from simulator.network.traffic import Arrivals, SwitchSpec, TrafficPoint

EngineName = Literal["compiled", "reference"]


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


ENGINES: dict[EngineName, EngineEntry] = {
    "compiled": EngineEntry(
        compiled_gather.run_cluster, compiled_scatter.run_scatter, compiled_switch.drive, None, carries_values=False, releases_gil=True
    ),
    "reference": EngineEntry(run_cluster, run_scatter, drive, run_array, carries_values=True),
}

SMALL_RUN_REQUESTS = 10_000
"""Requests below which the reference engine is done before the kernels are loaded (0.7 s against 40 µs a request)."""


def quickest(name: EngineName, requests: int) -> EngineEntry:
    """The engine of that name, or, for a small run in a process without kernels, the reference's clusters in its place.

    Both agree to the cycle and in every counter, so nothing but the waiting time changes.
    """
    entry, reference = ENGINES[name], ENGINES["reference"]
    if name == "reference" or requests >= SMALL_RUN_REQUESTS or kernels_loaded():
        return entry
    return replace(entry, cluster=reference.cluster, scatter=reference.scatter, releases_gil=False)
