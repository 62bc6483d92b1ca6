"""The cycle loop of a network alone, between sources that are fed and sinks that never refuse."""

from __future__ import annotations

from simulator.engine.compiled.allocator import step_network
from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.intrinsics import first_record
from simulator.engine.compiled.layout import Flit
from simulator.engine.compiled.queues import arrivals, leave_pipe
from simulator.engine.compiled.records import Numbers
from simulator.engine.compiled.routers import arrive, next_channel, queue_for, send
from simulator.engine.compiled.switch.engine import Switch

switch_of = first_record(Switch)


@inline
def take_flit(switch: Switch) -> Flit:
    """A flit that is not in use: one that was, if there is any, so that little memory is touched."""
    flit = switch.freed_flit
    if not flit:
        flit = switch.flits[switch.used_flits]
        switch.used_flits += 1
    else:
        switch.freed_flit = flit.next
    return flit


@inline
def deliver(switch: Switch, flit: Flit, cycle: int) -> None:
    """A flit is out of the last pipeline."""
    switch.outstanding -= 1
    if cycle >= switch.warmup:
        switch.delivered += 1
        switch.latency_sum += cycle - flit.order
    flit.queue.free += 1
    flit.next = switch.freed_flit
    switch.freed_flit = flit


@part
def show_arrivals(switch: Switch, cycle: int) -> None:
    """Put the flits that are at the end of a pipeline where they go to."""
    for pipe in (switch.network.entry_pipe, switch.network.inner_pipe):
        for _ in range(arrivals(pipe, cycle)):
            arrive(leave_pipe(pipe))
    pipe = switch.network.sink_pipe
    for _ in range(arrivals(pipe, cycle)):
        deliver(switch, leave_pipe(pipe), cycle)


@inline
def feed(switch: Switch, created: Numbers, source: int, cycle: int) -> None:
    """Let the oldest flit of a source that has not entered the network do so, if there is one and it finds a slot."""
    row = source * switch.cycles
    at = switch.next_created[source]
    while at <= cycle and created[row + at] < 0:
        at += 1
    switch.next_created[source] = at
    if at > cycle:
        return
    sink = created[row + at]
    buffer = switch.network.entries[source]
    channel = next_channel(buffer, source, sink)
    queue = queue_for(buffer, channel)
    if queue.free <= 0:
        return
    flit = take_flit(switch)
    flit.order = at
    send(switch.network, switch.network.entry_pipe, flit, queue, channel, source, sink, cycle)
    switch.next_created[source] = at + 1


@part
def step_sources(switch: Switch, created: Numbers, cycle: int) -> None:
    """One cycle of all sources: each may create a flit, and one of its flits may enter the network."""
    for source in range(switch.sources):
        if created[source * switch.cycles + cycle] >= 0:
            switch.outstanding += 1
        feed(switch, created, source, cycle)


def run_switch(memory: Numbers, created: Numbers, until: int) -> None:
    """Run a network alone from its clock's cycle to cycle `until`; `created` is the traffic [sources × cycles]."""
    switch = switch_of(memory)
    for cycle in range(switch.cycle, until):
        show_arrivals(switch, cycle)
        step_sources(switch, created, cycle)
        step_network(switch.network, cycle)
        if cycle >= switch.warmup:
            switch.outstanding_sum += switch.outstanding
    switch.cycle = until
