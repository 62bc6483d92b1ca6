"""What a run with a perfect part may do: go on without that part in its way, or as with the real one, which can be quicker.

Sooner is not always better: requests that are served as they come may end later where they come sooner, tiles are chosen by
estimate, and a fabric that runs ahead stops its clock earlier. But what is perfect can do whatever the real part does. So the
quickest of both is what it takes, which is never longer than the real run (model.md).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from simulator.activity import Ideal
from simulator.engine.cluster import CAUSE
from simulator.system.operation import OperationRun
from simulator.system.tensors import fused_runs

Runs = Sequence[OperationRun]
"""Those of a workload's operations on the fabric."""
Carried = Literal["unhindered", "held back"]
"""How a perfect network carries what an operation moves; `held back`: as late as the real one."""

_WAYS: dict[Ideal, tuple[Ideal, ...]] = {
    "none": ("none",),
    "network": ("network", "none"),
    "dram": ("dram", "none"),
    "trunks": ("trunks", "none"),
    "both": ("both", "dram", "network", "none"),
}
_WITH_PERFECT_NETWORK: dict[Ideal, Ideal] = {"none": "network", "dram": "both"}
_PERFECT_NETWORK = frozenset(_WITH_PERFECT_NETWORK.values())


def ways(ideal: Ideal, *, networked: bool) -> tuple[Ideal, ...]:
    """What is perfect in the fabric runs of which a run with this ideal is the quickest; the last are those of the real machine.

    A machine that is not `networked` has no network to make perfect.

    >>> ways("both", networked=True)
    ('both', 'dram', 'network', 'none')
    >>> ways("both", networked=False)
    ('dram', 'none')
    """
    return tuple(way for way in _WAYS[ideal] if networked or way not in _PERFECT_NETWORK)


def candidates(runs: Mapping[Ideal, Runs]) -> list[Runs]:
    """What the system level may be given, out of the runs in each of the ways; the last are those of the real machine."""
    found: list[Runs] = []
    for way in (way for way in runs if way not in _PERFECT_NETWORK):
        real = runs[way]
        perfect = runs.get(_WITH_PERFECT_NETWORK.get(way, way), real)
        if perfect is real:
            found.append(real)
            continue
        unhindered = [_carried(run, "unhindered") for run in perfect]
        held_back = [_held_back(run, other) for run, other in zip(perfect, real, strict=True)]
        # a chain is cut as one, so that its runs are all of one way
        chains = [slice(chain.start, chain.stop) for chain in fused_runs([run.residency for run in real])]
        quickest = [run for chain in chains for run in min(unhindered[chain], held_back[chain], key=_compute_cycles)]
        found += [quickest, held_back]
    return found


def _compute_cycles(runs: Sequence[OperationRun]) -> int:
    return sum(tile.cycles for run in runs for tile in run.program.tiles)


def _held_back(perfect: OperationRun, real: OperationRun) -> OperationRun:
    """The real network's run, carried by a perfect one, which has no routers to pass: what it is held for is time on the way."""
    causes = real.unit_cycles.copy()
    causes[CAUSE["latency"]] += causes[CAUSE["network_contention"]]
    causes[CAUSE["network_contention"]] = 0
    counts = dataclasses.replace(real.counts, request_hops=perfect.counts.request_hops, reply_hops=perfect.counts.reply_hops)
    return _carried(replace(real, counts=counts, unit_cycles=causes, bounds=perfect.bounds), "held back")


def _carried(run: OperationRun, how: Carried) -> OperationRun:
    return replace(run, details={**run.details, "perfect_network": how})
