"""Routers of a network: where a flit goes, and what wants to go where.

`net` is the address of a network's header.
"""

from __future__ import annotations

from simulator.engine.compiled.bits import Registers, Words, clear_bit, inline, set_bit
from simulator.engine.compiled.layout import (
    BUFFER,
    BUFFER_BUSY,
    BUFFER_PLACE,
    CHANNEL,
    CHANNEL_SIZE,
    FIRST_QUEUE,
    FREE,
    GOES_TO,
    HEAD,
    LINK_BUSY,
    NET_CHANNEL_COUNT,
    NET_CHANNELS,
    NET_FLITS,
    NET_INNER_PIPE,
    NET_SINK_PIPE,
    NO_CHANNEL,
    NONE,
    QUEUE,
    QUEUE_OFFSET,
    ROUTE,
    SINK,
    SINK_QUEUE,
    SOURCE,
    SPREAD_COUNT,
    SPREAD_FIRST,
    SPREAD_SHIFT,
    TAKEN_AT,
    TARGET,
    WANTED,
    WANTS,
)
from simulator.engine.compiled.queues import append, enter, pop


@inline
def next_channel(m: Registers, buffer: int, source: int, sink: int) -> int:
    """Channel that a flit takes out of a buffer."""
    channel = m[m[buffer + ROUTE] + sink]
    if channel == NONE:
        fold = (source ^ sink) >> m[buffer + SPREAD_SHIFT]
        channel = m[buffer + SPREAD_FIRST] + CHANNEL_SIZE * (fold % m[buffer + SPREAD_COUNT])
    return channel


@inline
def queue_for(m: Registers, buffer: int, channel: int) -> int:
    """Queue of a buffer in which flits for a channel wait."""
    return m[buffer + FIRST_QUEUE] + m[channel + QUEUE_OFFSET]


@inline
def send(m: Registers, pipe: int, f: int, q: int, channel: int, source: int, sink: int, cycle: int) -> None:
    """Reserve a slot in a queue of a buffer for a flit, send it there, and note where it goes from there."""
    m[q + FREE] -= 1
    m[f + QUEUE] = q
    m[f + CHANNEL] = channel
    onward = m[channel + GOES_TO]
    if onward:
        m[f + SOURCE] = source
        m[f + SINK] = sink
        m[f + TARGET] = queue_for(m, onward, next_channel(m, onward, source, sink))
    enter(m, pipe, f, cycle)


@inline
def want(m: Registers, w: Words, channel: int, buffer: int) -> None:
    """The head of a buffer wants a channel."""
    set_bit(w, m[channel + WANTS], m[buffer + BUFFER_PLACE])
    m[channel + WANTED] += 1


@inline
def unwant(m: Registers, w: Words, channel: int, buffer: int) -> None:
    """The head of a buffer has left."""
    clear_bit(w, m[channel + WANTS], m[buffer + BUFFER_PLACE])
    m[channel + WANTED] -= 1


@inline
def wanted_of(m: Registers, net: int, word: int) -> int:
    """Mask of the channels, of 64, that any buffer wants."""
    first = word << 6
    count = min(64, m[net + NET_CHANNEL_COUNT] - first)
    channel = m[net + NET_CHANNELS] + CHANNEL_SIZE * first
    mask = 0
    for place in range(count):
        mask |= (m[channel + CHANNEL_SIZE * place + WANTED] != 0) << place
    return mask


@inline
def arrive(m: Registers, w: Words, f: int) -> None:
    """A flit is at the end of its pipeline; if it is the head of its queue, it wants its channel."""
    q = m[f + QUEUE]
    append(m, q, f)
    want(m, w, m[f + CHANNEL] if m[q + HEAD] == f else NO_CHANNEL, m[q + BUFFER])


@inline
def forward(m: Registers, w: Words, net: int, buffer: int, channel: int, link: int, cycle: int) -> None:
    """Let the flit of a buffer for a channel leave over its link."""
    q = queue_for(m, buffer, channel)
    f = pop(m, q, cycle)
    unwant(m, w, channel, buffer)
    want(m, w, m[m[q + HEAD] + CHANNEL], buffer)
    m[link + TAKEN_AT] = cycle
    if m[net + NET_FLITS] > 1:
        m[link + LINK_BUSY] = cycle + m[net + NET_FLITS]
        m[buffer + BUFFER_BUSY] = cycle + m[net + NET_FLITS]
    onward = m[channel + GOES_TO]
    if onward:
        source, sink = m[f + SOURCE], m[f + SINK]
        send(m, m[net + NET_INNER_PIPE], f, m[f + TARGET], next_channel(m, onward, source, sink), source, sink, cycle)
    else:
        target = m[channel + SINK_QUEUE]
        m[f + QUEUE] = target
        m[target + FREE] -= 1
        enter(m, m[net + NET_SINK_PIPE], f, cycle)
