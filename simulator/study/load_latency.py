"""A machine's request network by itself: throughput and latency against offered load, beside theory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.cost import elaborate, load_technology
from simulator.engine.engines import TRAFFIC_ENGINES, EngineName
from simulator.engine.work import ClusterWork
from simulator.errors import ConfigError
from simulator.kinds import kind_of
from simulator.kinds.gather.schedule import schedule_gather
from simulator.kinds.units.lists import cluster_work, present_words, slice_lists
from simulator.machine.model import GatherFabric, Machine
from simulator.network import NetworkSpec
from simulator.network.theory import theory_limits
from simulator.network.traffic import Arrivals, PatternName, TrafficPoint, draw_arrivals, replay_arrivals
from simulator.workload.types import Workload

TrafficName = Literal["uniform", "transpose", "hotspot", "trace"]
TRAFFIC: tuple[TrafficName, ...] = ("uniform", "transpose", "hotspot", "trace")
_TOLD = ("sinks", "topology", "radix", "queues", "depth", "allocator", "iterations", "latency")
"""What JSON says of a network, beside its ports."""


@dataclass(frozen=True)
class NetworkCurve:
    """What a network did with several offered loads."""

    name: str
    traffic: TrafficName
    switch: NetworkSpec
    cycles: int
    """Measured cycles of each point."""
    points: tuple[TrafficPoint, ...]
    limits: dict[str, float]
    """Theory's limits, in flits a source and cycle."""

    @property
    def saturation(self) -> float:
        """The highest throughput of any point."""
        return max(point.throughput for point in self.points)

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "name": self.name,
            "traffic": self.traffic,
            "switch": {"ports": self.switch.sources} | {name: getattr(self.switch, name) for name in _TOLD},
            "cycles": self.cycles,
            "saturation_throughput": self.saturation,
            "limits": self.limits,
            "points": [asdict(point) for point in self.points],
        }


def switch_of(machine: Machine) -> NetworkSpec:
    """The request network of one of a machine's clusters; ConfigError where it has none."""
    if not isinstance(machine.fabric, GatherFabric) or not machine.fabric.has_network:
        raise ConfigError(f"{machine.name}: has no network to measure: no copy serves more than one unit")
    elaborated = elaborate(machine, load_technology(machine.technology, machine.technology_overrides))
    requests, _ = machine.networks(elaborated.network_latency)
    # flits that are alone and do not combine: what is measured is how a network shares its links
    return replace(requests, flits=1, combines=False)


def measure_network(
    network: Machine | NetworkSpec,
    *,
    traffic: TrafficName = "uniform",
    loads: Sequence[float] = (1.0,),
    workload: Workload | None = None,
    cycles: int = 4000,
    warmup: int = 1000,
    seed: int = 0,
    engine: EngineName = "compiled",
    progress: Callable[[float], None] | None = None,
) -> NetworkCurve:
    """Drive a network with traffic at each load; sinks are ideal, sources queue without bound.

    Any published switch can be set up as a NetworkSpec. `trace` replays the bank ports that the busiest operation of
    `workload` asks for, in list order, and needs a machine.
    """
    spec = network if isinstance(network, NetworkSpec) else switch_of(network)
    name = f"{spec.sources} × {spec.sinks} {spec.topology}" if isinstance(network, NetworkSpec) else network.name
    sequences = _trace(network, workload) if traffic == "trace" else None
    points = []
    for index, load in enumerate(loads):
        arrivals = _arrivals(spec, traffic, sequences, load, warmup + cycles, seed)
        points.append(TRAFFIC_ENGINES[engine](spec, arrivals, warmup))
        if progress is not None:
            progress((index + 1) / len(loads))
    pattern: PatternName | None = None if traffic == "trace" else traffic
    return NetworkCurve(name, traffic, spec, cycles, tuple(points), theory_limits(spec, pattern))


def _arrivals(
    spec: NetworkSpec, traffic: TrafficName, sequences: list[NDArray[np.int32]] | None, load: float, cycles: int, seed: int
) -> Arrivals:
    if sequences is not None:
        return replay_arrivals(sequences, load, cycles, seed)
    if traffic == "trace":
        raise ConfigError("traffic: trace replays a workload on a machine; name one with -w")
    return draw_arrivals(spec, traffic, load, cycles, seed)


def _trace(network: Machine | NetworkSpec, workload: Workload | None) -> list[NDArray[np.int32]]:
    """Bank ports that each unit of the first cluster asks for in the busiest operation, in list order."""
    if isinstance(network, NetworkSpec) or workload is None:
        raise ConfigError("traffic: trace replays a workload on a machine; name one with -w")
    homes = kind_of(network).homes(network, workload)
    index = max(range(len(workload.operations)), key=lambda place: workload.operations[place].macs_useful)
    schedule = schedule_gather(network, workload.operations[index], homes[index])
    present = present_words(network, workload.operations[index])
    lists = slice_lists(schedule, 0, 0, network.gather.units_per_group)
    work = cluster_work(network, schedule, lists, 0, schedule.group_tokens(0, 0), 0, present)
    return [_ports(work, unit, network.gather.bank_ports) for unit in range(work.units)]


def _ports(work: ClusterWork, unit: int, bank_ports: int) -> NDArray[np.int32]:
    """Ports of one unit's requests; the ports of a bank take turns."""
    words = work.word[work.unit_ptr[unit] : work.unit_ptr[unit + 1]]
    token, entry = np.nonzero(work.present[:, words])
    banks = work.bank[token * work.k_words + words[entry]]
    ports: NDArray[np.int32] = (banks * bank_ports + np.arange(len(banks)) % bank_ports).astype(np.int32)
    return ports
