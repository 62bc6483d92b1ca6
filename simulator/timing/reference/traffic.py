"""One crossbar alone: sources that feed its inputs, ideal sinks at its outputs."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

from simulator.timing.reference.allocator import Allocator
from simulator.timing.reference.clock import REQUEST, UNIT, Clock, Process
from simulator.timing.reference.flit import Flit
from simulator.timing.reference.router import Router


@dataclass(frozen=True)
class CrossbarSpec:
    """A crossbar to be measured."""

    ports: int
    queues: Literal["fifo", "voq"] = "fifo"
    depth: int = 16
    allocator: Literal["round_robin", "islip"] = "islip"
    iterations: int = 1
    latency: int = 1


@dataclass(frozen=True)
class TrafficPoint:
    """What a crossbar did with an offered load."""

    load: float
    throughput: float
    """Accepted flits a port and cycle."""
    mean_latency_cycles: float
    """From the creation of a flit to its delivery, over the flits delivered."""
    mean_outstanding: float
    """Flits created and not yet delivered, averaged over the measured cycles."""


class IdealSink:
    """An output that never refuses; it notes when each flit of the measured period came."""

    def __init__(self) -> None:
        self.delivered = 0
        self.latency = 0

    def free(self, cycle: int) -> float:
        """Always room."""
        return float("inf")

    def receive(self, flit: Flit, ready: int) -> None:
        """Take a flit; `order` carries the cycle of its creation."""
        self.delivered += 1
        self.latency += ready - flit.order


class Source:
    """An input's source queue: unbounded, fed at the offered load, its head waits for a slot of the input buffer."""

    def __init__(self, clock: Clock, index: int, router: Router, spec: CrossbarSpec, load: float, seed: int) -> None:
        self.clock = clock
        self.index = index
        self.router = router
        self.spec = spec
        self.load = load
        self.random = np.random.default_rng([seed, index])
        self.waiting: deque[tuple[int, int]] = deque()
        self.created = 0

    def run(self) -> Process:
        """The SimPy process: one flit may be created and one may enter the input buffer each cycle."""
        yield self.clock.at(0, UNIT)
        while True:
            cycle = self.clock.cycle
            if self.random.random() < self.load:
                self.waiting.append((cycle, int(self.random.integers(self.spec.ports))))
                self.created += 1
            if self.waiting and self.router.free(self.index, self.waiting[0][1], cycle) >= 1:
                created, output = self.waiting.popleft()
                self.router.push(self.index, output, Flit(self.index, created, 0, 0, 0, 0), cycle + 1)
            yield self.clock.tick()


def measure_crossbar(spec: CrossbarSpec, load: float = 1.0, cycles: int = 4000, warmup: int = 1000, seed: int = 0) -> TrafficPoint:
    """Drive a crossbar with uniform random traffic; at load 1 every source is backlogged after the first conflicts."""
    clock = Clock()
    sinks = [IdealSink() for _ in range(spec.ports)]
    router = Router(
        clock,
        REQUEST,
        list(sinks),
        spec.ports,
        queues=spec.queues,
        slots=spec.depth,
        latency=spec.latency,
        allocator=Allocator(spec.ports, spec.ports, spec.iterations, registered=spec.allocator == "islip"),
    )
    sources = [Source(clock, index, router, spec, load, seed) for index in range(spec.ports)]
    for source in sources:
        clock.start(source.run())
    clock.start(router.run())
    clock.env.run(until=clock.at(warmup, UNIT))
    delivered, latency = _totals(sinks)
    outstanding = 0
    for cycle in range(warmup + 1, warmup + cycles + 1):
        clock.env.run(until=clock.at(cycle, UNIT))
        outstanding += sum(source.created for source in sources) - _totals(sinks)[0]
    last_delivered, last_latency = _totals(sinks)
    accepted = last_delivered - delivered
    return TrafficPoint(load, accepted / (cycles * spec.ports), (last_latency - latency) / max(1, accepted), outstanding / cycles)


def _totals(sinks: list[IdealSink]) -> tuple[int, int]:
    return sum(sink.delivered for sink in sinks), sum(sink.latency for sink in sinks)
