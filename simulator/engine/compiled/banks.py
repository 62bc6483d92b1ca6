"""Bank ports: a queue, one access a cycle; what an access does is the dataflow's."""

from __future__ import annotations

from simulator.engine.compiled.bits import Registers, Words, inline, part
from simulator.engine.compiled.intrinsics import lowest
from simulator.engine.compiled.layout import (
    ACCUMULATE_LATENCY,
    BANK_ACCUMULATES,
    FIRST_BANK,
    FIRST_QUEUE,
    FREE,
    HEAD,
    LANDED,
    LAST_WRITE,
    MULTICAST,
    NET_CHANNEL_COUNT,
    NET_ENTRIES,
    NET_ENTRY_PIPE,
    NEXT,
    NONE,
    NUMBER,
    ORDER,
    PORT_WORDS,
    PORTS,
    QUEUE,
    QUEUE_SIZE,
    RANKED,
    READ_LATENCY,
    READY,
    REPLIES,
    REPLY_HOPS,
    REPLY_WIRES,
    ROUTED,
    SERVED,
    UNIT,
    UNITS,
    UNLIMITED,
    WORD,
    X_BANK_READS,
)
from simulator.engine.compiled.queues import append, enter, insert, pop, remove
from simulator.engine.compiled.routers import next_channel, send


@inline
def queue_request(m: Registers, f: int) -> None:
    """A request is at the end of its pipeline."""
    if m[RANKED]:
        insert(m, m[f + QUEUE], f, UNIT)
    else:
        append(m, m[f + QUEUE], f)


@inline
def leave(m: Registers, f: int, cycle: int) -> None:
    """Take a request out of its port's queue."""
    q = m[f + QUEUE]
    if m[RANKED]:
        remove(m, q, f, cycle)
    else:
        pop(m, q, cycle)


@inline
def waiting(m: Registers, word: int) -> int:
    """Mask of the bank ports, of 64, whose queue holds a request."""
    first = word << 6
    q = m[FIRST_BANK] + QUEUE_SIZE * first
    mask = 0
    for place in range(min(64, m[PORTS] - first)):
        mask |= (m[q + QUEUE_SIZE * place + HEAD] != NONE) << place
    return mask


@inline
def reply_room(m: Registers, port: int) -> int:
    """Reply slots of a port; a word that comes by wires finds its landing register free."""
    if not m[REPLIES + NET_CHANNEL_COUNT]:
        return UNLIMITED
    buffer = m[m[REPLIES + NET_ENTRIES] + port]
    return m[m[buffer + FIRST_QUEUE] + FREE]


@inline
def reply(m: Registers, port: int, f: int, cycle: int) -> None:
    """Send a word that an access in `cycle` reads to its unit."""
    u = m[f + UNIT]
    if m[REPLIES + NET_CHANNEL_COUNT]:
        buffer = m[m[REPLIES + NET_ENTRIES] + port]
        channel = next_channel(m, buffer, port, m[u + NUMBER])
        send(m, m[REPLIES + NET_ENTRY_PIPE], f, m[buffer + FIRST_QUEUE], channel, port, m[u + NUMBER], cycle)
    else:
        m[f + QUEUE] = u + LANDED
        m[u + LANDED + FREE] -= 1
        enter(m, m[m[REPLY_WIRES] + port * m[UNITS] + m[u + NUMBER]], f, cycle)


@inline
def serve_alike(m: Registers, head: int, room: int, cycle: int) -> int:
    """Multicast: serve the head and the oldest queued requests for its word, as many as there is room for; how many."""
    served = m[SERVED]
    m[served] = head
    count = 1
    f = m[head + NEXT]
    while f and count < room:
        following = m[f + NEXT]
        if m[f + WORD] == m[head + WORD]:
            leave(m, f, cycle)
            m[served + count] = f
            count += 1
        f = following
    leave(m, head, cycle)
    return count


@inline
def access(m: Registers, w: Words, port: int, room: int, cycle: int) -> None:
    """Read the word of the head."""
    head = m[m[FIRST_BANK] + QUEUE_SIZE * port + HEAD]
    w[X_BANK_READS] += 1
    if not m[MULTICAST]:
        leave(m, head, cycle)
        reply(m, port, head, cycle)
        return
    count = serve_alike(m, head, room, cycle)
    if m[ROUTED]:
        w[REPLY_HOPS] += count
    for index in range(count):
        reply(m, port, m[m[SERVED] + index], cycle)


@part
def step_gather_banks(m: Registers, w: Words, cycle: int) -> bool:
    """One cycle of all ports that hold a request: each reads a word, if its reply has room; whether any did."""
    moved = False
    for word in range(m[PORT_WORDS]):
        rest = waiting(m, word)
        while rest:
            port = (word << 6) + lowest(rest)
            rest &= rest - 1
            room = reply_room(m, port)
            if room >= 1:
                access(m, w, port, room, cycle)
                moved = True
    return moved


@part
def step_scatter_banks(m: Registers, w: Words, cycle: int) -> bool:
    """One cycle of all ports that hold a product: each accumulates one and tells its unit; whether any did."""
    moved = False
    for word in range(m[PORT_WORDS]):
        rest = waiting(m, word)
        while rest:
            port = (word << 6) + lowest(rest)
            rest &= rest - 1
            f = m[m[FIRST_BANK] + QUEUE_SIZE * port + HEAD]
            leave(m, f, cycle)
            u = m[f + UNIT]
            m[f + READY] = cycle
            m[u + LANDED + FREE] -= 1
            insert(m, u + LANDED, f, ORDER)
            written = cycle + m[READ_LATENCY] + m[ACCUMULATE_LATENCY]
            m[u + LAST_WRITE] = max(m[u + LAST_WRITE], written)
            w[BANK_ACCUMULATES] += 1
            moved = True
    return moved
