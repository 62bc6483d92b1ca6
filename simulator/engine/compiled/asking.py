"""Who in a router asks for which link in a cycle, and for which word."""

from __future__ import annotations

from simulator.engine.compiled.bits import Registers, Words, inline
from simulator.engine.compiled.intrinsics import lowest
from simulator.engine.compiled.layout import (
    ASKED_AT,
    ASKS,
    BUFFER_BUSY,
    BUFFER_SIZE,
    CHANNEL_SIZE,
    CHANNELS,
    FIRST_BUFFER,
    FIRST_CHANNEL,
    FREE,
    FULL_AT,
    GOES_TO,
    HEAD,
    LINK,
    LINK_BUSY,
    NET_CHANNEL_WORDS,
    NET_CHANNELS,
    NET_FLITS,
    NET_OPEN,
    NET_WORDS,
    NONE,
    SINK_QUEUE,
    TAKEN_AT,
    TARGET,
    UNMATCHED,
    WANTS,
    WORD,
)
from simulator.engine.compiled.routers import queue_for, wanted_of


@inline
def able(m: Registers, channel: int, word: int, mask: int, cycle: int) -> int:
    """Of some buffers that want a channel, those that are not sending and find room in the queue that they would join."""
    rest = mask
    while rest:
        place = lowest(rest)
        rest &= rest - 1
        buffer = m[channel + FIRST_BUFFER] + BUFFER_SIZE * ((word << 6) + place)
        head = m[queue_for(m, buffer, channel) + HEAD]
        if m[buffer + BUFFER_BUSY] > cycle or m[m[head + TARGET] + FREE] <= 0:
            mask &= ~(1 << place)
    return mask


@inline
def idle(m: Registers, channel: int, word: int, mask: int, cycle: int) -> int:
    """Of some buffers that want a channel, those that are not sending."""
    rest = mask
    while rest:
        place = lowest(rest)
        rest &= rest - 1
        if m[m[channel + FIRST_BUFFER] + BUFFER_SIZE * ((word << 6) + place) + BUFFER_BUSY] > cycle:
            mask &= ~(1 << place)
    return mask


@inline
def ask(m: Registers, w: Words, net: int, channel: int, cycle: int) -> bool:
    """Note who may go to a channel; whether anyone may."""
    inside = m[channel + GOES_TO]
    if inside == NONE and m[net + NET_FLITS] == 1:
        return has_sink(m, channel, cycle)
    anyone = False
    for word in range(m[net + NET_WORDS]):
        mask = w[m[channel + WANTS] + word]
        mask = able(m, channel, word, mask, cycle) if inside else idle(m, channel, word, mask, cycle)
        w[m[channel + ASKS] + word] = mask
        anyone |= mask != 0
    return anyone and (inside != NONE or has_sink(m, channel, cycle))


@inline
def has_sink(m: Registers, channel: int, cycle: int) -> bool:
    """Whether a sink has room, which is the same for all; the channel remembers if not."""
    if m[m[channel + SINK_QUEUE] + FREE] > 0:
        return True
    m[channel + FULL_AT] = cycle
    return False


@inline
def asks_now(m: Registers, w: Words, net: int, channel: int, cycle: int) -> bool:
    """Whether anyone may go to a channel now; a link that is sending counts as taken."""
    link = m[channel + LINK]
    if m[net + NET_FLITS] > 1 and m[link + LINK_BUSY] > cycle:
        m[link + TAKEN_AT] = cycle
        return False
    return ask(m, w, net, channel, cycle)


@inline
def open_links(m: Registers, w: Words, net: int, cycle: int) -> int:
    """Find the links that someone asks for; how many."""
    opened = 0
    last = 0
    for word in range(m[net + NET_CHANNEL_WORDS]):
        rest = wanted_of(m, net, word)
        while rest:
            channel = m[net + NET_CHANNELS] + CHANNEL_SIZE * ((word << 6) + lowest(rest))
            rest &= rest - 1
            if asks_now(m, w, net, channel, cycle):
                m[channel + ASKED_AT] = cycle
                link = m[channel + LINK]
                # the virtual channels of a link follow each other
                if link != last:
                    last = link
                    m[m[net + NET_OPEN] + opened] = link
                    opened += 1
    return opened


@inline
def asking(m: Registers, w: Words, link: int, word: int, cycle: int) -> int:
    """Buffers, not matched yet, that ask for any virtual channel of a link."""
    channel = m[link + FIRST_CHANNEL]
    mask = w[m[channel + ASKS] + word] if m[channel + ASKED_AT] == cycle else 0
    for _ in range(1, m[link + CHANNELS]):
        channel += CHANNEL_SIZE
        if m[channel + ASKED_AT] == cycle:
            mask |= w[m[channel + ASKS] + word]
    return mask & w[m[link + UNMATCHED] + word]


@inline
def wants_word(m: Registers, channel: int, buffer: int) -> int:
    """The word that the head of a buffer's queue for a channel wants."""
    return m[m[queue_for(m, buffer, channel) + HEAD] + WORD]
