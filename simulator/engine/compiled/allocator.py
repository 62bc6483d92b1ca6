"""One cycle of all routers of a network: which buffers ask for which links, who wins, and the winners leave.

All routers decide before any flit moves, so that all see the slots of the start of the cycle.
"""

from __future__ import annotations

from simulator.engine.compiled.asking import asking, asks_now, find_open_links, wants_word
from simulator.engine.compiled.bits import clear_bit, first_from, first_in_word, has_bit, inline, part, set_bit
from simulator.engine.compiled.intrinsics import lowest
from simulator.engine.compiled.layout import Buffer, Channel, Link, Network
from simulator.engine.compiled.routers import forward, wanted_of


@inline
def granted(network: Network, link: Link, cycle: int) -> int:
    """Place of the buffer that a link grants to: the first that asks, cyclically from its pointer; −1 if none."""
    pointer = link.grant
    words = network.buffer_words
    start = pointer >> 6
    mask = asking(link, start, cycle)
    if words == 1:
        return first_in_word(mask, pointer) if mask else -1
    upper = mask & (-1 << (pointer & 63))
    if upper:
        return (start << 6) + lowest(upper)
    for step in range(1, words + 1):
        word = start + step
        if word >= words:
            word -= words
        mask = asking(link, word, cycle)
        if mask:
            return (word << 6) + lowest(mask)
    return -1


@inline
def offer(network: Network, link: Link, buffer: Buffer, winners: int) -> int:
    """A link grants to a buffer; how many buffers have an offer."""
    if buffer.offers == 0:
        network.winners[winners] = buffer
        winners += 1
    buffer.offers += 1
    set_bit(buffer.offered, link.place)
    return winners


@inline
def offer_alike(network: Network, link: Link, winner: Buffer, winners: int, cycle: int) -> int:
    """A link of one channel grants to all buffers whose head wants the word of the winner's; how many have an offer."""
    channel = link.channels[0]
    wanted = wants_word(channel, winner)
    for word in range(network.buffer_words):
        rest = asking(link, word, cycle)
        while rest:
            buffer = link.inputs[(word << 6) + lowest(rest)]
            rest &= rest - 1
            if wants_word(channel, buffer) == wanted:
                winners = offer(network, link, buffer, winners)
    return winners


@inline
def after(place: int, count: int) -> int:
    """The place after, cyclically."""
    return place + 1 if place + 1 < count else 0


@inline
def grant(network: Network, opened: int, cycle: int) -> int:
    """Every link that is not matched grants to one buffer; how many buffers have an offer."""
    winners = 0
    for index in range(opened):
        link = network.open_links[index]
        if link.matched_at == cycle:
            continue
        place = granted(network, link, cycle)
        if place < 0:
            continue
        buffer = link.inputs[place]
        alike = network.combines
        winners = offer_alike(network, link, buffer, winners, cycle) if alike else offer(network, link, buffer, winners)
        link.next_grant = after(place, link.input_count)
    return winners


@inline
def accept(network: Network, winners: int, pairs: int, iteration: int, cycle: int) -> int:
    """Every buffer with offers takes one; how many pairs there are now."""
    words = network.link_words
    for index in range(winners):
        buffer = network.winners[index]
        local = first_from(buffer.offered, words, buffer.accept)
        for word in range(words):
            buffer.offered[word] = 0
        buffer.offers = 0
        link = buffer.links[local]
        pairs = pair(network, buffer, link, pairs)
        link.matched_at = cycle
        clear_bit(link.unmatched, buffer.place)
        if iteration == 0:
            buffer.accept = after(local, buffer.link_count)
            won = after(buffer.place, link.input_count) == link.next_grant
            if network.registered and won:
                # a matched link is not asked again in this cycle, so its pointer may move at once
                link.grant = link.next_grant
    return pairs


@inline
def pair(network: Network, buffer: Buffer, link: Link, pairs: int) -> int:
    """Note a buffer and the link that it has won; how many pairs there are now."""
    matched = network.pairs[pairs]
    matched.buffer = buffer
    matched.link = link
    return pairs + 1


@inline
def match_queues(network: Network, cycle: int) -> int:
    """Pair buffers of several queues and links, by iterations that all use the pointers of the start of the cycle."""
    opened = find_open_links(network, cycle)
    pairs = 0
    for index in range(opened):
        link = network.open_links[index]
        link.next_grant = link.grant
    for iteration in range(network.iterations):
        winners = grant(network, opened, cycle)
        if winners == 0:
            break
        pairs = accept(network, winners, pairs, iteration, cycle)
    if not network.registered:
        for index in range(opened):
            link = network.open_links[index]
            link.grant = link.next_grant
    for index in range(pairs):
        matched = network.pairs[index]
        set_bit(matched.link.unmatched, matched.buffer.place)
    return pairs


@inline
def match_heads(network: Network, cycle: int) -> int:
    """Pair buffers of one queue and links: a head asks for one link only, so what is granted is accepted, at once."""
    pairs = 0
    for word in range(network.channel_words):
        rest = wanted_of(network, word)
        while rest:
            channel = network.channels[(word << 6) + lowest(rest)]
            rest &= rest - 1
            if asks_now(network, channel, cycle):
                link = channel.link
                place = first_from(channel.asks, network.buffer_words, link.grant)
                link.grant = after(place, link.input_count)
                buffer = link.inputs[place]
                alike = network.combines
                pairs = pair_alike(network, channel, buffer, pairs) if alike else pair(network, buffer, link, pairs)
    return pairs


@inline
def pair_alike(network: Network, channel: Channel, winner: Buffer, pairs: int) -> int:
    """Note all buffers whose head wants the word of the winner's; how many pairs there are now."""
    link = channel.link
    wanted = wants_word(channel, winner)
    for word in range(network.buffer_words):
        rest = channel.asks[word]
        while rest:
            buffer = link.inputs[(word << 6) + lowest(rest)]
            rest &= rest - 1
            if wants_word(channel, buffer) == wanted:
                pairs = pair(network, buffer, link, pairs)
    return pairs


@inline
def chosen_channel(network: Network, buffer: Buffer, link: Link, cycle: int) -> Channel:
    """Virtual channel of a matched link that the buffer's flit takes: the first that it asks for."""
    index = 0
    if not network.single and link.channel_count > 1:
        while link.channels[index].asked_at != cycle or not has_bit(link.channels[index].asks, buffer.place):
            index += 1
    return link.channels[index]


@part
def step_network(network: Network, cycle: int) -> int:
    """One cycle of all routers; how many packets passed one."""
    pairs = match_heads(network, cycle) if network.single else match_queues(network, cycle)
    for index in range(pairs):
        matched = network.pairs[index]
        channel = chosen_channel(network, matched.buffer, matched.link, cycle)
        forward(network, matched.buffer, channel, matched.link, cycle)
    return pairs
