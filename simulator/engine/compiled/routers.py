"""Routers of a network: where a flit goes, and what wants to go where."""

from __future__ import annotations

from simulator.engine.compiled.bits import clear_bit, inline, set_bit
from simulator.engine.compiled.layout import Buffer, Channel, Flit, Link, Network, Pipe, Queue
from simulator.engine.compiled.queues import append, enter, pop


@inline
def next_channel(buffer: Buffer, source: int, sink: int) -> Channel:
    """Channel that a flit takes out of a buffer."""
    port = buffer.route[sink]
    if port < 0:
        fold = (source ^ sink) >> buffer.spread_shift
        return buffer.spread[fold % buffer.spread_count]
    return buffer.channels[port]


@inline
def queue_for(buffer: Buffer, channel: Channel) -> Queue:
    """Queue of a buffer in which flits for a channel wait."""
    return buffer.queues[channel.queue_index]


@inline
def take_slot(network: Network, queue: Queue) -> None:
    """Take a free slot of a queue of a router."""
    free = queue.free - 1
    queue.free = free
    network.spare_slots = min(network.spare_slots, free)


@inline
def take_sink_slot(network: Network, queue: Queue) -> None:
    """Take a free slot of a queue behind the network."""
    free = queue.free - 1
    queue.free = free
    network.spare_sinks = min(network.spare_sinks, free)


@inline
def send(network: Network, pipe: Pipe, flit: Flit, queue: Queue, channel: Channel, source: int, sink: int, cycle: int) -> None:
    """Reserve a slot in a queue of a buffer for a flit, send it there, and note where it goes from there."""
    take_slot(network, queue)
    flit.queue = queue
    flit.channel = channel
    onward = channel.goes_to
    if onward:
        flit.source = source
        flit.sink = sink
        flit.target = queue_for(onward, next_channel(onward, source, sink))
    enter(pipe, flit, cycle)


@inline
def want(channel: Channel, buffer: Buffer) -> None:
    """The head of a buffer wants a channel."""
    set_bit(channel.wants, buffer.place)
    channel.wanted[0] += 1


@inline
def unwant(channel: Channel, buffer: Buffer) -> None:
    """The head of a buffer has left."""
    clear_bit(channel.wants, buffer.place)
    channel.wanted[0] -= 1


@inline
def wanted_of(network: Network, word: int) -> int:
    """Mask of the channels, of 64, that any buffer wants."""
    first = word << 6
    mask = 0
    for place in range(min(64, network.channel_count - first)):
        mask |= (network.wanted[first + place] != 0) << place
    return mask


@inline
def arrive(flit: Flit) -> None:
    """A flit is at the end of its pipeline; if it is the head of its queue, it wants its channel."""
    queue = flit.queue
    append(queue, flit)
    want(flit.channel if queue.head == flit else flit.nobody.channel, queue.buffer)


@inline
def forward(network: Network, buffer: Buffer, channel: Channel, link: Link, cycle: int) -> None:
    """Let the flit of a buffer for a channel leave over its link."""
    queue = queue_for(buffer, channel)
    flit = pop(queue, cycle)
    unwant(channel, buffer)
    want(queue.head.channel, buffer)
    link.taken_at = cycle
    if network.flits > 1:
        link.busy = cycle + network.flits
        buffer.busy = cycle + network.flits
    onward = channel.goes_to
    if onward:
        source, sink = flit.source, flit.sink
        send(network, network.inner_pipe, flit, flit.target, next_channel(onward, source, sink), source, sink, cycle)
    else:
        flit.queue = channel.sink_queue
        take_sink_slot(network, channel.sink_queue)
        enter(network.sink_pipe, flit, cycle)
