"""One cycle of all routers of a network: which buffers ask for which links, who wins, and the winners leave.

All routers decide before any flit moves, so that all see the slots of the start of the cycle.
"""

from __future__ import annotations

from simulator.engine.compiled.asking import asking, asks_now, open_links, wants_word
from simulator.engine.compiled.bits import Registers, Words, clear_bit, first_from, first_in_word, inline, part, set_bit
from simulator.engine.compiled.intrinsics import lowest
from simulator.engine.compiled.layout import (
    ACCEPT,
    ASKED_AT,
    ASKS,
    BUFFER_PLACE,
    BUFFER_SIZE,
    CHANNEL_SIZE,
    CHANNELS,
    FIRST_CHANNEL,
    FIRST_INPUT,
    FIRST_LINK,
    GRANT,
    INPUTS,
    LINK,
    LINK_PLACE,
    LINK_SIZE,
    LINKS,
    MATCHED_AT,
    NET_CHANNEL_WORDS,
    NET_CHANNELS,
    NET_COMBINES,
    NET_ITERATIONS,
    NET_OFFER_WORDS,
    NET_OPEN,
    NET_PAIRS,
    NET_REGISTERED,
    NET_SINGLE,
    NET_WINNERS,
    NET_WORDS,
    NEXT_GRANT,
    OFFER_MASK,
    OFFERS,
    UNMATCHED,
)
from simulator.engine.compiled.routers import forward, wanted_of


@inline
def granted(m: Registers, w: Words, net: int, link: int, cycle: int) -> int:
    """Place of the buffer that a link grants to: the first that asks, cyclically from its pointer; −1 if none."""
    pointer = m[link + GRANT]
    words = m[net + NET_WORDS]
    start = pointer >> 6
    mask = asking(m, w, link, start, cycle)
    if words == 1:
        return first_in_word(mask, pointer) if mask else -1
    upper = mask & (-1 << (pointer & 63))
    if upper:
        return (start << 6) + lowest(upper)
    for step in range(1, words + 1):
        word = start + step
        if word >= words:
            word -= words
        mask = asking(m, w, link, word, cycle)
        if mask:
            return (word << 6) + lowest(mask)
    return -1


@inline
def offer(m: Registers, w: Words, net: int, link: int, buffer: int, winners: int) -> int:
    """A link grants to a buffer; how many buffers have an offer."""
    if m[buffer + OFFERS] == 0:
        m[m[net + NET_WINNERS] + winners] = buffer
        winners += 1
    m[buffer + OFFERS] += 1
    set_bit(w, m[buffer + OFFER_MASK], m[link + LINK_PLACE])
    return winners


@inline
def offer_alike(m: Registers, w: Words, net: int, link: int, winner: int, winners: int, cycle: int) -> int:
    """A link of one channel grants to all buffers whose head wants the word of the winner's; how many have an offer."""
    channel = m[link + FIRST_CHANNEL]
    wanted = wants_word(m, channel, winner)
    for word in range(m[net + NET_WORDS]):
        rest = asking(m, w, link, word, cycle)
        while rest:
            buffer = m[link + FIRST_INPUT] + BUFFER_SIZE * ((word << 6) + lowest(rest))
            rest &= rest - 1
            if wants_word(m, channel, buffer) == wanted:
                winners = offer(m, w, net, link, buffer, winners)
    return winners


@inline
def after(place: int, count: int) -> int:
    """The place after, cyclically."""
    return place + 1 if place + 1 < count else 0


@inline
def grant(m: Registers, w: Words, net: int, opened: int, cycle: int) -> int:
    """Every link that is not matched grants to one buffer; how many buffers have an offer."""
    winners = 0
    for index in range(opened):
        link = m[m[net + NET_OPEN] + index]
        if m[link + MATCHED_AT] == cycle:
            continue
        place = granted(m, w, net, link, cycle)
        if place < 0:
            continue
        buffer = m[link + FIRST_INPUT] + BUFFER_SIZE * place
        alike = m[net + NET_COMBINES]
        winners = offer_alike(m, w, net, link, buffer, winners, cycle) if alike else offer(m, w, net, link, buffer, winners)
        m[link + NEXT_GRANT] = after(place, m[link + INPUTS])
    return winners


@inline
def accept(m: Registers, w: Words, net: int, winners: int, pairs: int, iteration: int, cycle: int) -> int:
    """Every buffer with offers takes one; how many pairs there are now."""
    words = m[net + NET_OFFER_WORDS]
    for index in range(winners):
        buffer = m[m[net + NET_WINNERS] + index]
        mask = m[buffer + OFFER_MASK]
        local = first_from(w, mask, words, m[buffer + ACCEPT])
        for word in range(words):
            w[mask + word] = 0
        m[buffer + OFFERS] = 0
        link = m[buffer + FIRST_LINK] + LINK_SIZE * local
        pairs = pair(m, net, buffer, link, pairs)
        m[link + MATCHED_AT] = cycle
        clear_bit(w, m[link + UNMATCHED], m[buffer + BUFFER_PLACE])
        if iteration == 0:
            m[buffer + ACCEPT] = after(local, m[buffer + LINKS])
            won = after(m[buffer + BUFFER_PLACE], m[link + INPUTS]) == m[link + NEXT_GRANT]
            if m[net + NET_REGISTERED] and won:
                # a matched link is not asked again in this cycle, so its pointer may move at once
                m[link + GRANT] = m[link + NEXT_GRANT]
    return pairs


@inline
def pair(m: Registers, net: int, buffer: int, link: int, pairs: int) -> int:
    """Note a buffer and the link that it has won; how many pairs there are now."""
    place = m[net + NET_PAIRS] + 2 * pairs
    m[place] = buffer
    m[place + 1] = link
    return pairs + 1


@inline
def match_queues(m: Registers, w: Words, net: int, cycle: int) -> int:
    """Pair buffers of several queues and links, by iterations that all use the pointers of the start of the cycle."""
    opened = open_links(m, w, net, cycle)
    pairs = 0
    for index in range(opened):
        link = m[m[net + NET_OPEN] + index]
        m[link + NEXT_GRANT] = m[link + GRANT]
    for iteration in range(m[net + NET_ITERATIONS]):
        winners = grant(m, w, net, opened, cycle)
        if winners == 0:
            break
        pairs = accept(m, w, net, winners, pairs, iteration, cycle)
    if not m[net + NET_REGISTERED]:
        for index in range(opened):
            link = m[m[net + NET_OPEN] + index]
            m[link + GRANT] = m[link + NEXT_GRANT]
    for index in range(pairs):
        place = m[net + NET_PAIRS] + 2 * index
        set_bit(w, m[m[place + 1] + UNMATCHED], m[m[place] + BUFFER_PLACE])
    return pairs


@inline
def match_heads(m: Registers, w: Words, net: int, cycle: int) -> int:
    """Pair buffers of one queue and links: a head asks for one link only, so what is granted is accepted, at once."""
    pairs = 0
    for word in range(m[net + NET_CHANNEL_WORDS]):
        rest = wanted_of(m, net, word)
        while rest:
            channel = m[net + NET_CHANNELS] + CHANNEL_SIZE * ((word << 6) + lowest(rest))
            rest &= rest - 1
            if asks_now(m, w, net, channel, cycle):
                link = m[channel + LINK]
                place = first_from(w, m[channel + ASKS], m[net + NET_WORDS], m[link + GRANT])
                m[link + GRANT] = after(place, m[link + INPUTS])
                buffer = m[link + FIRST_INPUT] + BUFFER_SIZE * place
                alike = m[net + NET_COMBINES]
                pairs = pair_alike(m, w, net, channel, buffer, pairs) if alike else pair(m, net, buffer, link, pairs)
    return pairs


@inline
def pair_alike(m: Registers, w: Words, net: int, channel: int, winner: int, pairs: int) -> int:
    """Note all buffers whose head wants the word of the winner's; how many pairs there are now."""
    link = m[channel + LINK]
    wanted = wants_word(m, channel, winner)
    for word in range(m[net + NET_WORDS]):
        rest = w[m[channel + ASKS] + word]
        while rest:
            buffer = m[link + FIRST_INPUT] + BUFFER_SIZE * ((word << 6) + lowest(rest))
            rest &= rest - 1
            if wants_word(m, channel, buffer) == wanted:
                pairs = pair(m, net, buffer, link, pairs)
    return pairs


@inline
def chosen_channel(m: Registers, w: Words, net: int, buffer: int, link: int, cycle: int) -> int:
    """Virtual channel of a matched link that the buffer's flit takes: the first that it asks for."""
    channel = m[link + FIRST_CHANNEL]
    if not m[net + NET_SINGLE] and m[link + CHANNELS] > 1:
        place = m[buffer + BUFFER_PLACE]
        while m[channel + ASKED_AT] != cycle or not (w[m[channel + ASKS] + (place >> 6)] >> (place & 63)) & 1:
            channel += CHANNEL_SIZE
    return channel


@part
def step_network(m: Registers, w: Words, net: int, cycle: int) -> int:
    """One cycle of all routers; how many packets passed one."""
    pairs = match_heads(m, w, net, cycle) if m[net + NET_SINGLE] else match_queues(m, w, net, cycle)
    for index in range(pairs):
        buffer = m[m[net + NET_PAIRS] + 2 * index]
        link = m[m[net + NET_PAIRS] + 2 * index + 1]
        forward(m, w, net, buffer, chosen_channel(m, w, net, buffer, link, cycle), link, cycle)
    return pairs
