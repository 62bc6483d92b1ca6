"""Queues of flits that have arrived, and the wheel of flits on the way."""

from __future__ import annotations

from simulator.timing.compiled.bits import inline
from simulator.timing.compiled.layout import FREE, HEAD, LEFT_AT, NEXT, NONE, PREVIOUS, READY, TAIL, WHEEL, WHEEL_MASK


@inline
def schedule(m, f, ready):
    """Let a flit arrive at the start of cycle `ready`; those of one cycle stay in the order in which they were sent."""
    m[f + READY] = ready
    m[f + NEXT] = NONE
    slot = m[WHEEL] + 2 * (ready & m[WHEEL_MASK])
    last = m[slot + TAIL]
    m[slot + TAIL] = f
    if last:
        m[last + NEXT] = f
    else:
        m[slot + HEAD] = f


@inline
def take_arrivals(m, cycle):
    """The first of the flits that arrive at the start of `cycle`, linked by NEXT; they are on no wheel any more."""
    slot = m[WHEEL] + 2 * (cycle & m[WHEEL_MASK])
    f = m[slot + HEAD]
    m[slot + HEAD] = NONE
    m[slot + TAIL] = NONE
    return f


@inline
def append(m, q, f):
    """Put a flit at the end of a queue whose flits only ever leave from its head; whether it is the head."""
    m[f + NEXT] = NONE
    last = m[q + TAIL]
    m[q + TAIL] = f
    if last:
        m[last + NEXT] = f
        return False
    m[q + HEAD] = f
    return True


@inline
def pop(m, q, cycle):
    """Let the head of such a queue leave; its slot is free from the next cycle on."""
    f = m[q + HEAD]
    m[q + HEAD] = m[f + NEXT]
    if not m[f + NEXT]:
        m[q + TAIL] = NONE
    m[q + FREE] += 1
    m[q + LEFT_AT] = cycle
    return f


@inline
def insert(m, q, f, key):
    """Put a flit into a queue behind all that arrived before it, or in the same cycle with a lower or the same key."""
    before = m[q + TAIL]
    after = NONE
    while before and m[before + READY] == m[f + READY] and m[before + key] > m[f + key]:
        after = before
        before = m[before + PREVIOUS]
    m[f + PREVIOUS] = before
    m[f + NEXT] = after
    if before:
        m[before + NEXT] = f
    else:
        m[q + HEAD] = f
    if after:
        m[after + PREVIOUS] = f
    else:
        m[q + TAIL] = f


@inline
def remove(m, q, f, cycle):
    """Let a flit leave a queue that `insert` fills, from anywhere in it."""
    before, after = m[f + PREVIOUS], m[f + NEXT]
    if before:
        m[before + NEXT] = after
    else:
        m[q + HEAD] = after
    if after:
        m[after + PREVIOUS] = before
    else:
        m[q + TAIL] = before
    m[q + FREE] += 1
    m[q + LEFT_AT] = cycle
