"""Compiles the kernels before they are needed, so that a user is told and processes do not all do it at once."""

from __future__ import annotations

from typing import Literal

import numpy as np

from simulator.engine.cluster import ClusterSpec
from simulator.engine.compiled import cluster, switch
from simulator.engine.compiled.cache import kernel_cache
from simulator.engine.work import ClusterWork, ScatterWork
from simulator.network.traffic import SwitchSpec, draw_arrivals

KernelName = Literal["gather", "scatter", "switch"]

_SPEC = ClusterSpec(
    units=1,
    banks=1,
    bank_ports=1,
    bank_queue=1,
    read_latency=1,
    multicast=False,
    window=1,
    issue_width=1,
    scan_width=1,
    accumulators=1,
    accumulate_latency=1,
    network="none",
    queues="fifo",
    depth=1,
    reply_depth=1,
    allocator="islip",
    iterations=1,
    latency=1,
)
_SWITCH = SwitchSpec(1)


def kernel_cached(name: KernelName) -> bool:
    """Whether the disk holds a kernel of exactly these sources."""
    return any(kernel_cache().rglob(f"*.run_{name}-*.nbi"))


def warm_up(name: KernelName) -> None:
    """Run a kernel once on next to nothing; what is compiled is kept on disk."""
    pointer, zero, index = np.array([0, 1]), np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int64)
    present = np.ones((1, 1), dtype=np.bool_)
    if name == "gather":
        cluster.run_cluster(_SPEC, ClusterWork(pointer, zero, zero, index, 1, 1, zero, present), None)
    elif name == "scatter":
        cluster.run_scatter(_SPEC, ScatterWork(pointer, zero, zero, index, 1, 1, zero, present), None)
    else:
        switch.drive(_SWITCH, draw_arrivals(_SWITCH, "uniform", 1.0, 2, seed=0), 1)
