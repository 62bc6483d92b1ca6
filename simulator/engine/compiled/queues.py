"""Queues of flits that have arrived, and pipelines of flits on the way, with as few branches as possible."""

from __future__ import annotations

from simulator.engine.compiled.bits import inline
from simulator.engine.compiled.layout import Flit, Pipe, Queue


@inline
def enter(pipe: Pipe, flit: Flit, cycle: int) -> None:
    """Put a flit into a pipeline in `cycle`; it arrives at the start of cycle + delay."""
    last = pipe.last_in
    flit.ready = cycle + pipe.delay
    pipe.ring[last] = flit
    pipe.last_in = last + 1 & pipe.ring_mask


@inline
def arrivals(pipe: Pipe, cycle: int) -> int:
    """How many flits are at the end of a pipeline at the start of `cycle`; they are in the ring from `first_in` on."""
    ring, mask, first, last = pipe.ring, pipe.ring_mask, pipe.first_in, pipe.last_in
    count = 0
    while first != last and ring[first].ready == cycle:
        first = first + 1 & mask
        count += 1
    return count


@inline
def leave_pipe(pipe: Pipe) -> Flit:
    """Take the first flit out of a pipeline."""
    first = pipe.first_in
    pipe.first_in = first + 1 & pipe.ring_mask
    return pipe.ring[first]


@inline
def first_arrival(pipe: Pipe) -> int:
    """Cycle in which the first flit of a pipeline arrives; −1 if it is empty."""
    first = pipe.first_in
    return pipe.ring[first].ready if first != pipe.last_in else -1


@inline
def append(queue: Queue, flit: Flit) -> None:
    """Put a flit at the end of a queue whose flits arrive in order and leave from its head."""
    last = queue.tail
    queue.tail = flit
    flit.next = flit.nobody.flit
    last.next = flit


@inline
def pop(queue: Queue, cycle: int) -> Flit:
    """Let the head of such a queue leave; its slot is free from the next cycle on."""
    flit = queue.head
    last = queue.tail
    queue.tail = queue.end if last == flit else last
    queue.free += 1
    queue.left_at = cycle
    queue.head = flit.next
    return flit


@inline
def insert_by_unit(queue: Queue, flit: Flit) -> None:
    """Put a flit into any other queue, behind all that arrived before it, or in the same cycle from a unit before its own."""
    before = queue.tail
    while before != queue.end and before.ready == flit.ready and before.unit > flit.unit:
        before = before.previous
    insert_behind(before, queue, flit)


@inline
def insert_by_order(queue: Queue, flit: Flit) -> None:
    """Put a flit into any other queue, behind all that arrived before it, or in the same cycle and were sent before it."""
    before = queue.tail
    while before != queue.end and before.ready == flit.ready and before.order > flit.order:
        before = before.previous
    insert_behind(before, queue, flit)


@inline
def insert_behind(before: Flit, queue: Queue, flit: Flit) -> None:
    """Put a flit behind one that is in a queue, or at its head."""
    after = before.next
    flit.previous = before
    flit.next = after
    before.next = flit
    follower = after if after else queue.end
    follower.previous = flit


@inline
def remove(queue: Queue, flit: Flit, cycle: int) -> None:
    """Let a flit leave such a queue; its slot is free from the next cycle on."""
    before, after = flit.previous, flit.next
    before.next = after
    follower = after if after else queue.end
    follower.previous = before
    queue.free += 1
    queue.left_at = cycle
