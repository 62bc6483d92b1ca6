"""Who in a router asks for which link in a cycle, and for which word."""

from __future__ import annotations

from simulator.engine.compiled.bits import inline
from simulator.engine.compiled.intrinsics import lowest
from simulator.engine.compiled.layout import Buffer, Channel, Link, Network
from simulator.engine.compiled.routers import queue_for, wanted_of


@inline
def able(channel: Channel, word: int, mask: int, cycle: int) -> int:
    """Of some buffers that want a channel, those that are not sending and find room in the queue that they would join."""
    rest = mask
    while rest:
        place = lowest(rest)
        rest &= rest - 1
        buffer = channel.buffers[(word << 6) + place]
        head = queue_for(buffer, channel).head
        if buffer.busy > cycle or head.target.free <= 0:
            mask &= ~(1 << place)
    return mask


@inline
def idle(channel: Channel, word: int, mask: int, cycle: int) -> int:
    """Of some buffers that want a channel, those that are not sending."""
    rest = mask
    while rest:
        place = lowest(rest)
        rest &= rest - 1
        if channel.buffers[(word << 6) + place].busy > cycle:
            mask &= ~(1 << place)
    return mask


@inline
def ask(network: Network, channel: Channel, cycle: int) -> bool:
    """Note who may go to a channel; whether anyone may."""
    inside = channel.goes_to
    if not inside and network.flits == 1:
        return has_sink(channel, cycle)
    anyone = False
    for word in range(network.buffer_words):
        mask = channel.wants[word]
        mask = able(channel, word, mask, cycle) if inside else idle(channel, word, mask, cycle)
        channel.asks[word] = mask
        anyone |= mask != 0
    return anyone and (bool(inside) or has_sink(channel, cycle))


@inline
def has_sink(channel: Channel, cycle: int) -> bool:
    """Whether a sink has room, which is the same for all; the channel remembers if not."""
    if channel.sink_queue.free > 0:
        return True
    channel.full_at = cycle
    return False


@inline
def asks_now(network: Network, channel: Channel, cycle: int) -> bool:
    """Whether anyone may go to a channel now; a link that is sending counts as taken."""
    link = channel.link
    if network.flits > 1 and link.busy > cycle:
        link.taken_at = cycle
        return False
    return ask(network, channel, cycle)


@inline
def find_open_links(network: Network, cycle: int) -> int:
    """Find the links that someone asks for; how many."""
    opened = 0
    for word in range(network.channel_words):
        rest = wanted_of(network, word)
        while rest:
            channel = network.channels[(word << 6) + lowest(rest)]
            rest &= rest - 1
            if asks_now(network, channel, cycle):
                channel.asked_at = cycle
                link = channel.link
                # the virtual channels of a link follow each other
                if opened == 0 or link != network.open_links[opened - 1]:
                    network.open_links[opened] = link
                    opened += 1
    return opened


@inline
def asking(link: Link, word: int, cycle: int) -> int:
    """Buffers, not matched yet, that ask for any virtual channel of a link."""
    mask = 0
    for index in range(link.channel_count):
        channel = link.channels[index]
        if channel.asked_at == cycle:
            mask |= channel.asks[word]
    return mask & link.unmatched[word]


@inline
def wants_word(channel: Channel, buffer: Buffer) -> int:
    """The word that the head of a buffer's queue for a channel wants."""
    return queue_for(buffer, channel).head.word
