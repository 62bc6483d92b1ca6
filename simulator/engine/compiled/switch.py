"""The compiled engine of a network alone."""

from __future__ import annotations

import numpy as np

from simulator.engine.compiled import layout as at
from simulator.engine.compiled.kernels import load_kernels
from simulator.engine.compiled.memory import Layout, Registers, Words, addresses
from simulator.engine.compiled.network_plan import NetworkHardware, NetworkPlan, Pipelines, write_nobody, write_queues
from simulator.network.traffic import Arrivals, SwitchSpec, TrafficPoint

SLICE_CYCLES = 1 << 14
"""The kernel comes back to Python now and then, so that a run can be interrupted."""


def drive(spec: SwitchSpec, arrivals: Arrivals, warmup: int) -> TrafficPoint:
    """Drive a network with traffic; what happens in the first `warmup` cycles is not measured."""
    m, w = _memory(spec, arrivals, warmup)
    sinks = np.ascontiguousarray(arrivals.sink, dtype=np.int32).ravel()
    cycles = arrivals.sink.shape[1]
    for until in [*range(SLICE_CYCLES, cycles, SLICE_CYCLES), cycles]:
        load_kernels().run_switch(m, w, sinks, until)
    delivered, latency, outstanding = (int(w[field]) for field in (at.DELIVERED, at.LATENCY_SUM, at.OUTSTANDING_SUM))
    measured = cycles - warmup
    return TrafficPoint(arrivals.load, delivered / (measured * spec.ports), latency / max(1, delivered), outstanding / measured)


def _memory(spec: SwitchSpec, arrivals: Arrivals, warmup: int) -> tuple[Registers, Words]:
    layout = Layout()
    network = NetworkPlan(layout, spec.graph(), _hardware(spec))
    sinks = layout.registers(spec.sink_count * at.QUEUE_SIZE)
    next_created = layout.registers(spec.ports)
    created = int((arrivals.sink >= 0).sum())
    links = network.graph.links
    delays = network.delays()
    pipes = Pipelines(
        layout, delays, [min(created, most * (delay + 1)) for delay, most in zip(delays, (spec.ports, links, links), strict=True)]
    )
    # no more flits than were created are ever in use; memory that no flit has used costs nothing
    flits = layout.registers(created * at.FLIT)
    m, w = layout.memory()
    network.write(m, w, at.REQUESTS, addresses(sinks, spec.sink_count, at.QUEUE_SIZE))
    write_queues(m, sinks, np.full(spec.sink_count, at.UNLIMITED), at.AT_SINK)
    pipes.write(m)
    network.write_pipes(m, at.REQUESTS, [pipes.at(index) for index in range(3)])
    write_nobody(m, network.nobody)
    header = {
        at.SOURCES: spec.ports,
        at.CYCLES: arrivals.sink.shape[1],
        at.WARMUP: warmup,
        at.NEXT_CREATED: next_created,
        at.FRESH_FLIT: flits,
    }
    for field, value in header.items():
        m[field] = value
    return m, w


def _hardware(spec: SwitchSpec) -> NetworkHardware:
    return NetworkHardware(
        voq=spec.queues == "voq",
        entry_slots=spec.depth,
        inner_slots=spec.depth + spec.latency,
        entry_delay=1,
        latency=spec.latency,
        flits=1,
        iterations=spec.iterations,
        registered=spec.allocator == "islip",
        place=at.IN_REQUESTS,
    )
