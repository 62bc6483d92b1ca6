"""The cycle loops of a cluster: units, request routers, banks, reply routers, as in the reference engine's phases."""

from __future__ import annotations

from simulator.engine.compiled.allocator import step_network
from simulator.engine.compiled.banks import queue_request, step_gather_banks, step_scatter_banks, waiting
from simulator.engine.compiled.bits import Array, Registers, Words, inline, kernel, part
from simulator.engine.compiled.gather_units import next_release, step_gather_units
from simulator.engine.compiled.intrinsics import number, pointer
from simulator.engine.compiled.layout import (
    ACCUMULATORS_FULL,
    ACTIVE,
    ACTIVE_UNITS,
    BANK_PIPES,
    CYCLE,
    LATENCY,
    MOVED_AT,
    NET_CHANNEL_COUNT,
    NET_CHANNEL_WORDS,
    NET_FLITS,
    OLDEST,
    ORDER,
    PIPE_SIZE,
    PIPES_END,
    PORT_WORDS,
    QUEUE,
    RANKED,
    REPLIES,
    REPLY_HOPS,
    REQUEST_HOPS,
    REQUESTS,
    ROUTER_PIPES,
    UNIT_PIPES,
)
from simulator.engine.compiled.queues import append, arrivals, first_arrival, insert, leave_pipe
from simulator.engine.compiled.routers import arrive, wanted_of
from simulator.engine.compiled.scatter_units import step_scatter_units


@inline
def land(m: Registers, f: int) -> None:
    """A word is at its unit."""
    if m[RANKED]:
        insert(m, m[f + QUEUE], f, ORDER)
    else:
        append(m, m[f + QUEUE], f)


@part
def show_arrivals(m: Registers, w: Words, cycle: int) -> None:
    """Put the flits that are at the end of a pipeline into the queues that they go to."""
    for pipe in range(m[ROUTER_PIPES], m[BANK_PIPES], PIPE_SIZE):
        for _ in range(arrivals(m, pipe, cycle)):
            arrive(m, w, leave_pipe(m, pipe))
    for pipe in range(m[BANK_PIPES], m[UNIT_PIPES], PIPE_SIZE):
        for _ in range(arrivals(m, pipe, cycle)):
            queue_request(m, leave_pipe(m, pipe))
    for pipe in range(m[UNIT_PIPES], m[PIPES_END], PIPE_SIZE):
        for _ in range(arrivals(m, pipe, cycle)):
            land(m, leave_pipe(m, pipe))


@inline
def any_wanted(m: Registers, net: int) -> bool:
    """Whether a flit waits anywhere in a network."""
    found = 0
    for word in range(m[net + NET_CHANNEL_WORDS]):
        found |= wanted_of(m, net, word)
    return found != 0


@inline
def any_request(m: Registers) -> bool:
    """Whether a request waits at any bank."""
    found = 0
    for word in range(m[PORT_WORDS]):
        found |= waiting(m, word)
    return found != 0


@inline
def next_event(m: Registers, w: Words, cycle: int) -> int:
    """First cycle after `cycle` in which anything can move, where nothing waits in a queue; 0 if there is none."""
    first = next_release(m, w, cycle)
    for pipe in range(m[ROUTER_PIPES], m[PIPES_END], PIPE_SIZE):
        arrival = first_arrival(m, pipe)
        if arrival >= 0 and (first == 0 or arrival < first):
            first = arrival
    return first


@part
def skip(m: Registers, w: Words, cycle: int) -> int:
    """The next cycle worth a look after one in which nothing moved; those between have the causes that they would have had."""
    if any_request(m) or any_wanted(m, number(REQUESTS)) or any_wanted(m, number(REPLIES)):
        return cycle + 1
    following = next_event(m, w, cycle)
    if following == 0:
        return cycle + 1
    for index in range(w[ACTIVE]):
        u = m[m[ACTIVE_UNITS] + index]
        w[LATENCY if m[u + OLDEST] != u else ACCUMULATORS_FULL] += following - cycle - 1
    return following


@inline
def route(m: Registers, w: Words, net: int, hops: int, cycle: int) -> bool:
    """One cycle of a network's routers, if there are any; whether any flit moved."""
    if not m[net + NET_CHANNEL_COUNT]:
        return False
    packets = step_network(m, w, net, cycle)
    w[hops] += packets * m[net + NET_FLITS]
    return packets > 0


@kernel
def run_gather(registers: Array, sums: Array, words: Array, ends: Array, banks: Array, until: int) -> None:
    """Run a gather tile from its clock's cycle on, to its end or at least to cycle `until`."""
    m, w = pointer(registers), pointer(sums)
    lists = pointer(words), pointer(ends), pointer(banks)
    cycle = w[CYCLE]
    while w[ACTIVE] and cycle < until:
        show_arrivals(m, w, cycle)
        moved = step_gather_units(m, w, lists, cycle)
        moved |= route(m, w, number(REQUESTS), number(REQUEST_HOPS), cycle)
        moved |= step_gather_banks(m, w, cycle)
        moved |= route(m, w, number(REPLIES), number(REPLY_HOPS), cycle)
        if moved:
            w[MOVED_AT] = cycle
            cycle += 1
        else:
            cycle = skip(m, w, cycle)
    w[CYCLE] = cycle


@kernel
def run_scatter(registers: Array, sums: Array, words: Array, operands: Array, present: Array, banks: Array, until: int) -> None:
    """Run a scatter tile from its clock's cycle on, to its end or at least to cycle `until`."""
    m, w = pointer(registers), pointer(sums)
    lists = pointer(words), pointer(operands), pointer(present), pointer(banks)
    cycle = w[CYCLE]
    while w[ACTIVE] and cycle < until:
        show_arrivals(m, w, cycle)
        moved = step_scatter_units(m, w, lists, cycle)
        moved |= route(m, w, number(REQUESTS), number(REQUEST_HOPS), cycle)
        moved |= step_scatter_banks(m, w, cycle)
        if moved:
            w[MOVED_AT] = cycle
            cycle += 1
        else:
            cycle = skip(m, w, cycle)
    w[CYCLE] = cycle
