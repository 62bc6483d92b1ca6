"""Units of the scatter dataflow: multiply own words by weights and send the products to the banks."""

from __future__ import annotations

from simulator.engine.compiled.bits import Registers, Words, inline, part
from simulator.engine.compiled.causes import stall_cause
from simulator.engine.compiled.layout import (
    ABSENT,
    ACTIVE,
    ACTIVE_UNITS,
    AT_BANK,
    COMPUTING,
    ENTRIES_DROPPED,
    ENTRY,
    EXAMINE_WIDTH,
    FREE_TAGS,
    HEAD,
    HELD,
    ISSUE,
    LANDED,
    LAST_SCAN,
    LIST_ENTRIES,
    NONE,
    NOT_LOOKED,
    OLDEST,
    OPERAND_READS,
    OPERANDS,
    TOKEN,
    WORDS,
)
from simulator.engine.compiled.queues import remove
from simulator.engine.compiled.requests import advance, delist, done, finish, look, request, return_tag, scanned

Lists = tuple[Registers, Registers, Registers, Registers]
"""Of every entry its word and its operand; of every operand whether it is present; of every word its bank."""


@inline
def free_slots(m: Registers, u: int, cycle: int) -> None:
    """Take back the tags of products that the banks accumulated in the cycle before, in order of issue."""
    q = u + LANDED
    f = m[q + HEAD]
    while f:
        remove(m, q, f, cycle)
        delist(m, f)
        return_tag(m, u, f)
        f = m[q + HEAD]


@inline
def look_up(m: Registers, lists: Lists, u: int) -> None:
    """Look up the entry at hand."""
    words, operands, present, banks = lists
    word = m[u + TOKEN] * m[WORDS] + words[m[u + ENTRY]]
    look(m, u, word, banks[word] if present[operand_of(m, operands, u)] else ABSENT)


@inline
def operand_of(m: Registers, operands: Registers, u: int) -> int:
    """Activation word of the entry at hand."""
    return m[u + TOKEN] * m[OPERANDS] + operands[m[u + ENTRY]]


@inline
def send_product(m: Registers, w: Words, lists: Lists, u: int, cycle: int) -> bool:
    """Multiply and send the product; whether that was possible."""
    if m[u + FREE_TAGS] == 0 or request(m, w, u, cycle) == NONE:
        return False
    _, operands, _, _ = lists
    operand = operand_of(m, operands, u)
    if operand != m[u + HELD]:
        m[u + HELD] = operand
        w[OPERAND_READS] += 1
    return True


@inline
def scan(m: Registers, w: Words, lists: Lists, u: int, cycle: int) -> bool:
    """Examine entries in order, drop those of zero words, send at most one product; whether one was sent."""
    sent = False
    for _ in range(m[EXAMINE_WIDTH]):
        if scanned(m, u):
            return sent
        if m[u + AT_BANK] == NOT_LOOKED:
            look_up(m, lists, u)
        if m[u + AT_BANK] == ABSENT:
            w[ENTRIES_DROPPED] += 1
        elif not sent and send_product(m, w, lists, u, cycle):
            sent = True
        else:
            return sent
        w[LIST_ENTRIES] += 1
        if advance(m, u, cycle):
            look_up(m, lists, u)
    return sent


@inline
def step_unit(m: Registers, w: Words, lists: Lists, u: int, cycle: int) -> bool:
    """One cycle of one unit; whether it did anything."""
    oldest = m[u + OLDEST]
    if scan(m, w, lists, u, cycle):
        w[COMPUTING] += 1
    elif oldest != u:
        w[stall_cause(m, oldest, cycle)] += 1
    else:
        w[ISSUE] += 1
    return m[u + LAST_SCAN] == cycle


@part
def step_scatter_units(m: Registers, w: Words, lists: Lists, cycle: int) -> bool:
    """One cycle of all units that are not done; whether any did anything."""
    moved = False
    index = 0
    while index < w[ACTIVE]:
        u = m[m[ACTIVE_UNITS] + index]
        free_slots(m, u, cycle)
        if done(m, u):
            finish(m, w, u, cycle)
            w[ACTIVE] -= 1
            m[m[ACTIVE_UNITS] + index] = m[m[ACTIVE_UNITS] + w[ACTIVE]]
        else:
            moved |= step_unit(m, w, lists, u, cycle)
            index += 1
    return moved
