"""Routers of a network: where a flit goes, and what wants to go where.

`net` is the address of a network's header.
"""

from __future__ import annotations

from simulator.timing.compiled.bits import clear_bit, inline, put_bit, set_bit
from simulator.timing.compiled.layout import (
    ACTIVE_BIT,
    ACTIVE_WORD,
    BUFFER,
    BUFFER_BUSY,
    BUFFER_PLACE,
    CHANNEL,
    FIRST_QUEUE,
    FREE,
    GOES_TO,
    HEAD,
    LINK_BUSY,
    NET_FLITS,
    NET_INNER_PIPE,
    NET_PLACE,
    NET_PLACE_AFTER,
    NET_SINK_PIPE,
    NO_CHANNEL,
    NONE,
    PLACE,
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
    CHANNEL_SIZE,
)
from simulator.timing.compiled.queues import append, enter, pop


@inline
def next_channel(m, buffer, source, sink):
    """Channel that a flit takes out of a buffer."""
    channel = m[m[buffer + ROUTE] + sink]
    if channel == NONE:
        fold = (source ^ sink) >> m[buffer + SPREAD_SHIFT]
        channel = m[buffer + SPREAD_FIRST] + CHANNEL_SIZE * (fold % m[buffer + SPREAD_COUNT])
    return channel


@inline
def queue_for(m, buffer, channel):
    """Queue of a buffer in which flits for a channel wait."""
    return m[buffer + FIRST_QUEUE] + m[channel + QUEUE_OFFSET]


@inline
def send(m, net, pipe, f, buffer, channel, cycle):
    """Reserve a slot of a buffer for a flit, send it there through a pipeline, and note where it goes from there."""
    q = queue_for(m, buffer, channel)
    m[q + FREE] -= 1
    m[f + PLACE] = m[net + NET_PLACE]
    m[f + QUEUE] = q
    m[f + BUFFER] = buffer
    m[f + CHANNEL] = channel
    onward = m[channel + GOES_TO]
    if onward:
        m[f + TARGET] = queue_for(m, onward, next_channel(m, onward, m[f + SOURCE], m[f + SINK]))
    else:
        m[f + TARGET] = m[channel + SINK_QUEUE]
    enter(m, pipe, f, cycle)


@inline
def want(m, w, channel, buffer):
    """The head of a buffer wants a channel."""
    set_bit(w, m[channel + WANTS], m[buffer + BUFFER_PLACE])
    m[channel + WANTED] += 1
    w[m[channel + ACTIVE_WORD]] |= 1 << m[channel + ACTIVE_BIT]


@inline
def unwant(m, w, channel, buffer):
    """The head of a buffer has left."""
    clear_bit(w, m[channel + WANTS], m[buffer + BUFFER_PLACE])
    wanted = m[channel + WANTED] - 1
    m[channel + WANTED] = wanted
    put_bit(w, m[channel + ACTIVE_WORD], m[channel + ACTIVE_BIT], wanted != 0)


@inline
def arrive(m, w, f):
    """A flit is at the end of its pipeline; if it is the head of its queue, it wants its channel."""
    q = m[f + QUEUE]
    append(m, q, f)
    want(m, w, m[f + CHANNEL] if m[q + HEAD] == f else NO_CHANNEL, m[f + BUFFER])


@inline
def forward(m, w, net, buffer, channel, link, cycle):
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
        send(m, net, m[net + NET_INNER_PIPE], f, onward, next_channel(m, onward, m[f + SOURCE], m[f + SINK]), cycle)
    else:
        target = m[channel + SINK_QUEUE]
        m[f + PLACE] = m[net + NET_PLACE_AFTER]
        m[f + QUEUE] = target
        m[target + FREE] -= 1
        enter(m, m[net + NET_SINK_PIPE], f, cycle)
