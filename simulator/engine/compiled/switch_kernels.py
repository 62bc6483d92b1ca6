"""The cycle loop of a network alone, between sources that are fed and sinks that never refuse."""

from __future__ import annotations

from simulator.engine.compiled.allocator import step_network
from simulator.engine.compiled.bits import Array, Registers, Words, inline, kernel, part
from simulator.engine.compiled.intrinsics import number, pointer
from simulator.engine.compiled.layout import (
    CYCLE,
    CYCLES,
    DELIVERED,
    FLIT,
    FREE,
    FREED_FLIT,
    FRESH_FLIT,
    LATENCY_SUM,
    NET_ENTRIES,
    NET_ENTRY_PIPE,
    NET_INNER_PIPE,
    NET_SINK_PIPE,
    NEXT,
    NEXT_CREATED,
    NONE,
    ORDER,
    OUTSTANDING_NOW,
    OUTSTANDING_SUM,
    QUEUE,
    REQUESTS,
    SOURCES,
    WARMUP,
)
from simulator.engine.compiled.queues import arrivals, leave_pipe
from simulator.engine.compiled.routers import arrive, next_channel, queue_for, send


@inline
def take_flit(m: Registers) -> int:
    """A flit that is not in use: one that was, if there is any, so that little memory is touched."""
    f = m[FREED_FLIT]
    if f == NONE:
        f = m[FRESH_FLIT]
        m[FRESH_FLIT] = f + FLIT
    else:
        m[FREED_FLIT] = m[f + NEXT]
    return f


@inline
def deliver(m: Registers, w: Words, f: int, cycle: int) -> None:
    """A flit is out of the last pipeline."""
    w[OUTSTANDING_NOW] -= 1
    if cycle >= m[WARMUP]:
        w[DELIVERED] += 1
        w[LATENCY_SUM] += cycle - m[f + ORDER]
    m[m[f + QUEUE] + FREE] += 1
    m[f + NEXT] = m[FREED_FLIT]
    m[FREED_FLIT] = f


@part
def show_arrivals(m: Registers, w: Words, cycle: int) -> None:
    """Put the flits that are at the end of a pipeline where they go to."""
    for pipe in (m[REQUESTS + NET_ENTRY_PIPE], m[REQUESTS + NET_INNER_PIPE]):
        for _ in range(arrivals(m, pipe, cycle)):
            arrive(m, w, leave_pipe(m, pipe))
    pipe = m[REQUESTS + NET_SINK_PIPE]
    for _ in range(arrivals(m, pipe, cycle)):
        deliver(m, w, leave_pipe(m, pipe), cycle)


@inline
def feed(m: Registers, created: Registers, source: int, cycle: int) -> None:
    """Let the oldest flit of a source that has not entered the network do so, if there is one and it finds a slot."""
    row = source * m[CYCLES]
    at = m[m[NEXT_CREATED] + source]
    while at <= cycle and created[row + at] < 0:
        at += 1
    m[m[NEXT_CREATED] + source] = at
    if at > cycle:
        return
    sink = created[row + at]
    buffer = m[m[REQUESTS + NET_ENTRIES] + source]
    channel = next_channel(m, buffer, source, sink)
    q = queue_for(m, buffer, channel)
    if m[q + FREE] <= 0:
        return
    f = take_flit(m)
    m[f + ORDER] = at
    send(m, m[REQUESTS + NET_ENTRY_PIPE], f, q, channel, source, sink, cycle)
    m[m[NEXT_CREATED] + source] = at + 1


@part
def step_sources(m: Registers, w: Words, created: Registers, cycle: int) -> None:
    """One cycle of all sources: each may create a flit, and one of its flits may enter the network."""
    for source in range(m[SOURCES]):
        if created[source * m[CYCLES] + cycle] >= 0:
            w[OUTSTANDING_NOW] += 1
        feed(m, created, source, cycle)


@kernel
def run_switch(registers: Array, sums: Array, sinks: Array, until: int) -> None:
    """Run a network alone from its clock's cycle to cycle `until`; `sinks` is the traffic [sources × cycles]."""
    m, w = pointer(registers), pointer(sums)
    created = pointer(sinks)
    for cycle in range(w[CYCLE], until):
        show_arrivals(m, w, cycle)
        step_sources(m, w, created, cycle)
        step_network(m, w, number(REQUESTS), cycle)
        if cycle >= m[WARMUP]:
            w[OUTSTANDING_SUM] += w[OUTSTANDING_NOW]
    w[CYCLE] = until
