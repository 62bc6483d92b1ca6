"""Queues of flits that have arrived, and the wheel of flits on the way: lists without branches."""

from __future__ import annotations

from simulator.timing.compiled.bits import inline
from simulator.timing.compiled.layout import FREE, HEAD, LEFT_AT, NEXT, NONE, PREVIOUS, READY, TAIL, TURN_SIZE, WHEEL, WHEEL_MASK


@inline
def schedule(m, f, ready):
    """Let a flit arrive at the start of cycle `ready`; those of one cycle stay in the order in which they were sent."""
    turn = m[WHEEL] + TURN_SIZE * (ready & m[WHEEL_MASK])
    m[f + READY] = ready
    m[f + NEXT] = NONE
    m[m[turn + TAIL] + NEXT] = f
    m[turn + TAIL] = f


@inline
def take_arrivals(m, cycle):
    """The first of the flits that arrive at the start of `cycle`, linked by NEXT; they are on the wheel no more."""
    turn = m[WHEEL] + TURN_SIZE * (cycle & m[WHEEL_MASK])
    f = m[turn + HEAD]
    m[turn + HEAD] = NONE
    m[turn + TAIL] = turn
    return f


@inline
def append(m, q, f):
    """Put a flit at the end of a queue whose flits arrive in order and leave from its head."""
    last = m[q + TAIL]
    m[q + TAIL] = f
    m[f + NEXT] = NONE
    m[last + NEXT] = f


@inline
def pop(m, q, cycle):
    """Let the head of such a queue leave; its slot is free from the next cycle on."""
    f = m[q + HEAD]
    last = m[q + TAIL]
    m[q + TAIL] = q if last == f else last
    m[q + FREE] += 1
    m[q + LEFT_AT] = cycle
    m[q + HEAD] = m[f + NEXT]
    return f


@inline
def insert(m, q, f, key):
    """Put a flit into any other queue, behind all that arrived before it, or in the same cycle with a lower or the same key."""
    before = m[q + TAIL]
    while before != q and m[before + READY] == m[f + READY] and m[before + key] > m[f + key]:
        before = m[before + PREVIOUS]
    after = m[before + NEXT]
    m[f + PREVIOUS] = before
    m[f + NEXT] = after
    m[before + NEXT] = f
    m[(after if after else q) + PREVIOUS] = f


@inline
def remove(m, q, f, cycle):
    """Let a flit leave such a queue; its slot is free from the next cycle on."""
    before, after = m[f + PREVIOUS], m[f + NEXT]
    m[before + NEXT] = after
    m[(after if after else q) + PREVIOUS] = before
    m[q + FREE] += 1
    m[q + LEFT_AT] = cycle
