"""A network alone: sources that feed it, ideal sinks at its end."""

from __future__ import annotations

from collections import deque

from simulator.engine.cluster import CAUSE
from simulator.engine.reference.clock import REQUEST, UNIT, Clock, Process
from simulator.engine.reference.flit import Flit
from simulator.engine.reference.network import RoutedNetwork
from simulator.network import NetworkSpec
from simulator.network.traffic import NOTHING, Arrivals, PatternName, TrafficPoint, draw_arrivals


class IdealSink:
    """An output that never refuses; it counts flits once they are out of the last pipeline."""

    def __init__(self) -> None:
        self.coming: deque[tuple[int, int]] = deque()
        self.delivered = 0
        self.latency = 0

    def free(self, cycle: int) -> float:
        """Always room."""
        return float("inf")

    def receive(self, flit: Flit, ready: int) -> None:
        """Take a flit; `order` carries the cycle of its creation."""
        self.coming.append((ready, ready - flit.order))

    def settle(self, cycle: int) -> None:
        """Count what arrived before the end of `cycle` − 1, so that a flit is outstanding for as many cycles as it takes."""
        while self.coming and self.coming[0][0] < cycle:
            self.delivered += 1
            self.latency += self.coming.popleft()[1]


class Source:
    """An unbounded source queue, fed by what was drawn; its head waits for a slot of the network's first buffer."""

    def __init__(self, clock: Clock, index: int, network: RoutedNetwork, sinks: list[int]) -> None:
        self.clock = clock
        self.index = index
        self.network = network
        self.sinks = sinks
        self.waiting: deque[tuple[int, int]] = deque()
        self.created = 0

    def run(self) -> Process:
        """The SimPy process: one flit may be created and one may enter the network each cycle."""
        yield self.clock.at(0, UNIT)
        for cycle, created_for in enumerate(self.sinks):
            if created_for != NOTHING:
                self.waiting.append((cycle, created_for))
                self.created += 1
            if self.waiting and self.network.free(self.index, self.waiting[0][1], cycle) >= 1:
                created, sink = self.waiting.popleft()
                self.network.send(Flit(self.index, created, 0, 0, 0, 0), self.index, sink, cycle + 1)
            yield self.clock.tick()


def drive(spec: NetworkSpec, arrivals: Arrivals, warmup: int) -> TrafficPoint:
    """Drive a network with traffic; what happens in the first `warmup` cycles is not measured."""
    clock = Clock()
    sinks = [IdealSink() for _ in range(spec.sinks)]
    network = RoutedNetwork(clock, REQUEST, spec, sinks, CAUSE["network_contention"])
    sources = [Source(clock, index, network, row.tolist()) for index, row in enumerate(arrivals.sink)]
    for source in sources:
        clock.start(source.run())
    cycles = arrivals.sink.shape[1] - warmup
    clock.env.run(until=clock.at(warmup, UNIT))
    delivered, latency = _totals(sinks, warmup)
    outstanding = 0
    for cycle in range(warmup + 1, warmup + cycles + 1):
        clock.env.run(until=clock.at(cycle, UNIT))
        outstanding += sum(source.created for source in sources) - _totals(sinks, cycle)[0]
    last_delivered, last_latency = _totals(sinks, warmup + cycles)
    accepted = last_delivered - delivered
    return TrafficPoint(
        arrivals.load, accepted / (cycles * spec.sources), (last_latency - latency) / max(1, accepted), outstanding / cycles
    )


def measure_switch(
    spec: NetworkSpec, load: float = 1.0, cycles: int = 4000, warmup: int = 1000, seed: int = 0, pattern: PatternName = "uniform"
) -> TrafficPoint:
    """Drive a network with random traffic; at load 1 every source is backlogged after the first conflicts."""
    return drive(spec, draw_arrivals(spec, pattern, load, warmup + cycles, seed), warmup)


def _totals(sinks: list[IdealSink], cycle: int) -> tuple[int, int]:
    for sink in sinks:
        sink.settle(cycle)
    return sum(sink.delivered for sink in sinks), sum(sink.latency for sink in sinks)
