"""The compiled engine of a network alone."""

from __future__ import annotations

import numpy as np

from simulator.engine.compiled.kernels import Kernel
from simulator.engine.compiled.layout import AT_SINK, IN_REQUESTS, UNLIMITED, Flit, Network, Nobody, Queue
from simulator.engine.compiled.memory import Layout
from simulator.engine.compiled.network_plan import NetworkPlan, Pipelines, write_nobody, write_queues
from simulator.engine.compiled.records import Array, Inside, Memory, Record, Wide, view
from simulator.network import NetworkSpec
from simulator.network.traffic import Arrivals, TrafficPoint


class Switch(Record):
    """A network alone."""

    nobody: Inside[Nobody]
    network: Inside[Network]
    sources: int
    cycles: int
    """Of the traffic, warm-up included."""
    warmup: int
    next_created: Array[int]
    """[sources] cycle of the traffic from which on no flit has entered the network."""
    flits: Array[Flit]
    used_flits: int
    """How many of them have ever been in use."""
    freed_flit: Flit
    """List of those that no longer are."""
    cycle: Wide
    """The one that comes next."""
    outstanding: Wide
    """Flits created and not delivered."""
    delivered: Wide
    """After warm-up, as the sums below."""
    latency_sum: Wide
    outstanding_sum: Wide


SLICE_CYCLES = 1 << 14
"""The kernel comes back to Python now and then, so that a run can be interrupted."""


def drive(spec: NetworkSpec, arrivals: Arrivals, warmup: int) -> TrafficPoint:
    """Drive a network with traffic; what happens in the first `warmup` cycles is not measured."""
    memory = _memory(spec, arrivals, warmup)
    sinks = np.ascontiguousarray(arrivals.sink, dtype=np.int32).ravel()
    cycles = arrivals.sink.shape[1]
    for until in [*range(SLICE_CYCLES, cycles, SLICE_CYCLES), cycles]:
        SWITCH_KERNEL(memory, sinks, until)
    switch = view(memory, Switch)
    delivered, latency, outstanding = (int(sums[0]) for sums in (switch.delivered, switch.latency_sum, switch.outstanding_sum))
    measured = cycles - warmup
    return TrafficPoint(arrivals.load, delivered / (measured * spec.sources), latency / max(1, delivered), outstanding / measured)


def _memory(spec: NetworkSpec, arrivals: Arrivals, warmup: int) -> Memory:
    layout = Layout(Switch)
    network = NetworkPlan(layout, spec, IN_REQUESTS)
    sinks = layout.block(Queue, spec.sinks)
    next_created = layout.places(spec.sources)
    created = int((arrivals.sink >= 0).sum())
    links = network.graph.links
    delays = network.delays()
    most = [min(created, rate * (delay + 1)) for delay, rate in zip(delays, (spec.sources, links, links), strict=True)]
    pipes = Pipelines(layout, delays, most)
    # no more flits than were created are ever in use; memory that no flit has used costs nothing
    flits = layout.block(Flit, created)
    memory = layout.memory()
    switch = view(memory, Switch)
    switch.sources, switch.cycles, switch.warmup = spec.sources, arrivals.sink.shape[1], warmup
    switch.next_created, switch.flits = next_created, flits.first
    network.write(memory, switch.network, sinks.addresses)
    inside = switch.network
    inside.entry_pipe, inside.inner_pipe, inside.sink_pipe = pipes[0], pipes[1], pipes[2]
    pipes.write(memory)
    write_queues(memory, sinks, UNLIMITED, AT_SINK)
    write_nobody(switch.nobody, network.nobody_wants, network.nobody_wanted)
    return memory


SWITCH_KERNEL = Kernel("switch", "simulator.engine.compiled.switch.kernels", ("int64", "int32"))
