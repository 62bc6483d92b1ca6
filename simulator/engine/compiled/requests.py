"""What units of both dataflows do with their lists, their tags and their requests."""

from __future__ import annotations

from simulator.engine.compiled.bits import Registers, Words, inline
from simulator.engine.compiled.layout import (
    ABSENT,
    AT_BANK,
    AT_CHANNEL,
    AT_PORT,
    AT_QUEUE,
    AT_WORD,
    BANK_PORTS,
    DRAIN,
    END,
    END_ENTRY,
    ENTRY,
    ENTRY_BUFFER,
    FIRST_BANK,
    FIRST_ENTRY,
    FIRST_FLIT,
    FIRST_TAG,
    FLIT,
    FREE,
    FREE_TAGS,
    ISSUED,
    LAST_SCAN,
    LAST_WRITE,
    NET_ENTRY_PIPE,
    NEWER,
    NEWEST,
    NONE,
    NUMBER,
    OLDER,
    OLDEST,
    ORDER,
    PORTS,
    QUEUE,
    QUEUE_SIZE,
    REQUEST_WIRES,
    REQUESTS,
    REQUESTS_SENT,
    ROUTED,
    TAGS,
    TOKEN,
    TOKEN_WORDS,
    WINDOW,
    WORD,
)
from simulator.engine.compiled.queues import enter
from simulator.engine.compiled.routers import next_channel, queue_for, send


@inline
def scanned(m: Registers, u: int) -> bool:
    """Whether a unit has examined its whole list for all token words."""
    return m[u + TOKEN] == m[TOKEN_WORDS]


@inline
def advance(m: Registers, u: int, cycle: int) -> bool:
    """Step to the next list entry; whether there is one."""
    m[u + LAST_SCAN] = cycle
    entry = m[u + ENTRY] + 1
    if entry == m[u + END_ENTRY]:
        entry = m[u + FIRST_ENTRY]
        m[u + TOKEN] += 1
    m[u + ENTRY] = entry
    return not scanned(m, u)


@inline
def look(m: Registers, u: int, word: int, bank: int) -> None:
    """Note the word and the bank of the entry at hand, and what a request for it has to find free."""
    m[u + AT_WORD] = word
    m[u + AT_BANK] = bank
    if bank != ABSENT and m[BANK_PORTS] == 1:
        aim(m, u, bank)


@inline
def aim(m: Registers, u: int, port: int) -> None:
    """Note the queue that a request to a port joins first."""
    m[u + AT_PORT] = port
    if m[ROUTED]:
        buffer = m[u + ENTRY_BUFFER]
        channel = next_channel(m, buffer, m[u + NUMBER], port)
        m[u + AT_CHANNEL] = channel
        m[u + AT_QUEUE] = queue_for(m, buffer, channel)
    else:
        m[u + AT_QUEUE] = m[FIRST_BANK] + QUEUE_SIZE * port


@inline
def request(m: Registers, w: Words, u: int, cycle: int) -> int:
    """Send the first free flit of a unit for the entry at hand, if there is a slot for it; the flit, or NONE."""
    f = first_free(m, u)
    if m[BANK_PORTS] > 1:
        aim(m, u, m[u + AT_BANK] * m[BANK_PORTS] + (f - m[u + FIRST_FLIT]) // FLIT % m[BANK_PORTS])
    q = m[u + AT_QUEUE]
    if m[q + FREE] <= 0:
        return NONE
    port = m[u + AT_PORT]
    if m[ROUTED]:
        send(m, m[REQUESTS + NET_ENTRY_PIPE], f, q, m[u + AT_CHANNEL], m[u + NUMBER], port, cycle)
    else:
        m[q + FREE] -= 1
        m[f + QUEUE] = q
        enter(m, m[m[REQUEST_WIRES] + m[u + NUMBER] * m[PORTS] + port], f, cycle)
    m[f + WORD] = m[u + AT_WORD]
    take_tag(m, u)
    enlist(m, u, f)
    w[REQUESTS_SENT] += 1
    return f


@inline
def first_free(m: Registers, u: int) -> int:
    """The flit that the next request of a unit takes: the one that has been free for longest, for its tag names the port.

    Where a bank has one port tags do not matter, and the flit freed last is the one that is still in the processor's cache.
    """
    return m[m[u + TAGS] + (m[u + FREE_TAGS] - 1 if m[BANK_PORTS] == 1 else m[u + FIRST_TAG])]


@inline
def take_tag(m: Registers, u: int) -> None:
    """That flit is in use."""
    m[u + FREE_TAGS] -= 1
    if m[BANK_PORTS] > 1:
        first = m[u + FIRST_TAG] + 1
        m[u + FIRST_TAG] = first if first < m[WINDOW] else 0


@inline
def return_tag(m: Registers, u: int, f: int) -> None:
    """A flit is free again."""
    place = m[u + FREE_TAGS]
    if m[BANK_PORTS] > 1:
        place += m[u + FIRST_TAG]
        place -= m[WINDOW] if place >= m[WINDOW] else 0
    m[m[u + TAGS] + place] = f
    m[u + FREE_TAGS] += 1


@inline
def enlist(m: Registers, u: int, f: int) -> None:
    """A flit is the newest outstanding one of its unit."""
    newest = m[u + NEWEST]
    m[f + ORDER] = m[u + ISSUED]
    m[f + OLDER] = newest
    m[f + NEWER] = u
    m[newest + NEWER] = f
    m[u + NEWEST] = f
    m[u + ISSUED] += 1


@inline
def delist(m: Registers, f: int) -> None:
    """A flit is no longer outstanding."""
    m[m[f + OLDER] + NEWER] = m[f + NEWER]
    m[m[f + NEWER] + OLDER] = m[f + OLDER]


@inline
def done(m: Registers, u: int) -> bool:
    """Whether a unit has examined all of its list and nothing is outstanding."""
    return scanned(m, u) and m[u + OLDEST] == u


@inline
def finish(m: Registers, w: Words, u: int, cycle: int) -> None:
    """A unit has nothing left to do but wait for its last writes."""
    end = max(m[u + LAST_WRITE], m[u + LAST_SCAN]) + 1
    if end > cycle:
        w[DRAIN] += end - cycle
    if end > w[END]:
        w[END] = end
