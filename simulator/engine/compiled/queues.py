"""Queues of flits that have arrived, and pipelines of flits on the way, with as few branches as possible."""

from __future__ import annotations

from simulator.engine.compiled.bits import Registers, inline
from simulator.engine.compiled.layout import (
    DELAY,
    FIRST_IN,
    FREE,
    HEAD,
    LAST_IN,
    LEFT_AT,
    NEXT,
    NONE,
    PREVIOUS,
    READY,
    RING,
    RING_MASK,
    TAIL,
)


@inline
def enter(m: Registers, pipe: int, f: int, cycle: int) -> None:
    """Put a flit into a pipeline in `cycle`; it arrives at the start of cycle + delay."""
    last = m[pipe + LAST_IN]
    m[f + READY] = cycle + m[pipe + DELAY]
    m[m[pipe + RING] + last] = f
    m[pipe + LAST_IN] = last + 1 & m[pipe + RING_MASK]


@inline
def arrivals(m: Registers, pipe: int, cycle: int) -> int:
    """How many flits are at the end of a pipeline at the start of `cycle`; they are in the ring from FIRST_IN on."""
    ring, mask, first, last = m[pipe + RING], m[pipe + RING_MASK], m[pipe + FIRST_IN], m[pipe + LAST_IN]
    count = 0
    while first != last and m[m[ring + first] + READY] == cycle:
        first = first + 1 & mask
        count += 1
    return count


@inline
def leave_pipe(m: Registers, pipe: int) -> int:
    """Take the first flit out of a pipeline."""
    first = m[pipe + FIRST_IN]
    m[pipe + FIRST_IN] = first + 1 & m[pipe + RING_MASK]
    return m[m[pipe + RING] + first]


@inline
def first_arrival(m: Registers, pipe: int) -> int:
    """Cycle in which the first flit of a pipeline arrives; −1 if it is empty."""
    first = m[pipe + FIRST_IN]
    return m[m[m[pipe + RING] + first] + READY] if first != m[pipe + LAST_IN] else -1


@inline
def append(m: Registers, q: int, f: int) -> None:
    """Put a flit at the end of a queue whose flits arrive in order and leave from its head."""
    last = m[q + TAIL]
    m[q + TAIL] = f
    m[f + NEXT] = NONE
    m[last + NEXT] = f


@inline
def pop(m: Registers, q: int, cycle: int) -> int:
    """Let the head of such a queue leave; its slot is free from the next cycle on."""
    f = m[q + HEAD]
    last = m[q + TAIL]
    m[q + TAIL] = q if last == f else last
    m[q + FREE] += 1
    m[q + LEFT_AT] = cycle
    m[q + HEAD] = m[f + NEXT]
    return f


@inline
def insert(m: Registers, q: int, f: int, key: int) -> None:
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
def remove(m: Registers, q: int, f: int, cycle: int) -> None:
    """Let a flit leave such a queue; its slot is free from the next cycle on."""
    before, after = m[f + PREVIOUS], m[f + NEXT]
    m[before + NEXT] = after
    m[(after if after else q) + PREVIOUS] = before
    m[q + FREE] += 1
    m[q + LEFT_AT] = cycle
