"""A machine's request network by itself: throughput and latency against offered load, beside theory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import asdict
from numpy.typing import NDArray

from simulator.engine.engines import TRAFFIC_ENGINES, EngineName
from simulator.errors import ConfigError
from simulator.kinds import kind_of
from simulator.machine.model import Machine
from simulator.network import NetworkSpec
from simulator.network.traffic import Arrivals, PatternName, TrafficPoint, draw_arrivals, replay_arrivals, theory_limits
from simulator.pricing import elaborate, technology_of
from simulator.workload.types import Workload

TrafficName = Literal["uniform", "transpose", "hotspot", "trace"]
_TOLD = ("sinks", "topology", "radix", "queues", "depth", "allocator", "iterations", "latency")
"""What JSON says of a network, beside its ports."""
_ACCEPTED = 0.98
"""A network is saturated by loads of which it accepts less at its best: its queues, and latencies, grow as long as one measures."""


class NetworkCurve(Struct, frozen=True):
    """What a network did with several offered loads."""

    name: str
    traffic: TrafficName
    switch: NetworkSpec
    cycles: int
    """Measured cycles of each point."""
    points: tuple[TrafficPoint, ...]
    saturation: float | None
    """The highest throughput that the network accepts under any load, whichever loads `points` are of. Flits a source and cycle.

    None where it was not looked for.
    """
    limits: dict[str, float]
    """Theory's limits, in flits a source and cycle."""

    @property
    def accepts(self) -> float:
        """Flits a source and cycle: the most under any load, or, where that was not looked for, under these."""
        return max(point.throughput for point in self.points) if self.saturation is None else self.saturation

    def saturated_by(self, load: float) -> bool:
        """Whether queues, and latencies, grow under a load as long as one measures."""
        return self.accepts < _ACCEPTED * load

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
    switch = kind_of(machine).switch(elaborate(machine, technology_of(machine)))
    if switch is None:
        raise ConfigError(f"{machine.name}: has no network to measure: no copy serves more than one unit")
    return switch


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
    saturation: bool = True,
    prepare: Callable[[], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> NetworkCurve:
    """Drive a network with traffic at each load, and at those that find its `saturation`; sinks are ideal, sources queue without bound.

    Any published switch can be set up as a NetworkSpec. `trace` replays the bank ports that the busiest operation of
    `workload` asks for, in list order, and needs a machine. `prepare` is called when nothing is left to be refused, before the first load.

    Raises ConfigError for a load at which no flit arrives, whose latency nothing tells.
    """
    spec = network if isinstance(network, NetworkSpec) else switch_of(network)
    name = f"{spec.sources} × {spec.sinks} {spec.topology}" if isinstance(network, NetworkSpec) else network.name
    pattern: PatternName | None = None if traffic == "trace" else traffic
    source = pattern or _trace(network, workload)
    driven: list[TrafficPoint] = []

    def drive(load: float) -> TrafficPoint:
        arrivals = _arrivals(spec, source, load, warmup + cycles, seed)
        if prepare is not None and not driven:
            prepare()
        driven.append(TRAFFIC_ENGINES[engine](spec, arrivals, warmup))
        if progress is not None:
            progress(len(driven) / (len(loads) + _PROBES * saturation))
        return driven[-1]

    points = tuple(drive(load) for load in loads)
    silent = next((point.load for point in points if not point.throughput), None)
    if silent is not None:
        raise ConfigError(f"load {silent:g}: no flit arrives within {cycles} cycles; allowed: more cycles, or a higher load")
    highest = _highest(lambda load: drive(load).throughput) if saturation else None
    return NetworkCurve(name, traffic, spec, cycles, points, highest, theory_limits(spec, pattern))


_PROBES = 13
"""Loads that a search for the saturation drives: it ends within 0.005 of the one that gives most."""
_GOLDEN = (5**0.5 - 1) / 2


def _highest(throughput: Callable[[float], float]) -> float:
    """The most that any load from 0 to 1 gives, by golden section.

    Accepted throughput rises with the load until the network saturates; beyond, it stays or, in rings and meshes that serve
    some sources first, falls, so that full load does not show it.
    """
    most = throughput(1.0)
    low, high = 0.0, 1.0
    left, right = 1 - _GOLDEN, _GOLDEN
    at_left, at_right = throughput(left), throughput(right)
    for _ in range(_PROBES - 3):
        most = max(most, at_left, at_right)
        if at_left > at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = throughput(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = throughput(right)
    return max(most, at_left, at_right)


def _arrivals(spec: NetworkSpec, traffic: PatternName | list[NDArray[np.int32]], load: float, cycles: int, seed: int) -> Arrivals:
    if isinstance(traffic, str):
        return draw_arrivals(spec, traffic, load, cycles, seed)
    return replay_arrivals(traffic, load, cycles, seed)


def _trace(network: Machine | NetworkSpec, workload: Workload | None) -> list[NDArray[np.int32]]:
    """Bank ports that each unit of the first cluster asks for in the busiest operation, in list order."""
    if isinstance(network, NetworkSpec) or workload is None:
        raise ConfigError("traffic: trace replays a workload on a machine; name one with -w")
    kind = kind_of(network)
    index = max(range(len(workload.operations)), key=lambda place: workload.operations[place].macs_useful)
    return kind.replayed(network, workload.operations[index], kind.residency(network, workload)[index])
