"""Units of the gather dataflow: walk a list, request words, multiply what lands, merge finished rows."""

from __future__ import annotations

from simulator.engine.compiled.bits import Registers, Words, inline, part
from simulator.engine.compiled.causes import stall_cause
from simulator.engine.compiled.layout import (
    ABSENT,
    ACCUMULATE_LATENCY,
    ACCUMULATOR_UPDATES,
    ACCUMULATORS,
    ACCUMULATORS_FULL,
    ACTIVE,
    ACTIVE_UNITS,
    ALL_PRESENT,
    AT_BANK,
    COMPUTING,
    ENDED,
    ENTRIES_DROPPED,
    ENTRY,
    EXAMINE_WIDTH,
    FIRST_RELEASE,
    FREE_ROWS,
    FREE_TAGS,
    HEAD,
    ISSUE,
    ISSUE_WIDTH,
    LANDED,
    LAST_SCAN,
    LAST_WRITE,
    LIST_ENTRIES,
    MERGE_CYCLES,
    MERGED_AT,
    NONE,
    NOT_LOOKED,
    OLDEST,
    OPEN_ROW,
    OPEN_ROWS,
    OUTPUT_BANK_WRITES,
    OUTSTANDING,
    RANKED,
    RELEASE_RING,
    RELEASES,
    REPLIES_CONSUMED,
    ROW,
    ROWS_MERGED,
    TOKEN,
    WORDS,
)
from simulator.engine.compiled.queues import pop, remove
from simulator.engine.compiled.requests import advance, delist, done, finish, look, request, return_tag, scanned

Lists = tuple[Registers, Registers, Registers]
"""Of every entry its word and its end-of-row flag; of every word its bank, or ABSENT."""


@inline
def merge(m: Registers, w: Words, u: int, row: int, cycle: int) -> None:
    """Send a row whose words have all been multiplied to the merge tree, which takes one a cycle."""
    merged_at = max(cycle, m[u + MERGED_AT] + 1)
    m[u + MERGED_AT] = merged_at
    place = m[u + FIRST_RELEASE] + m[u + RELEASES]
    if place >= m[ACCUMULATORS]:
        place -= m[ACCUMULATORS]
    m[m[u + RELEASE_RING] + place] = merged_at + m[ACCUMULATE_LATENCY]
    m[u + RELEASES] += 1
    m[u + OPEN_ROWS] -= 1
    m[m[u + FREE_ROWS] + m[u + OPEN_ROWS]] = row
    m[u + LAST_WRITE] = merged_at + m[MERGE_CYCLES]
    w[ROWS_MERGED] += 1
    w[OUTPUT_BANK_WRITES] += 1


@inline
def consume(m: Registers, w: Words, u: int, cycle: int) -> bool:
    """Multiply the word that landed first; whether there was one."""
    q = u + LANDED
    f = m[q + HEAD]
    if f == NONE:
        return False
    if m[RANKED]:
        remove(m, q, f, cycle)
    else:
        pop(m, q, cycle)
    delist(m, f)
    return_tag(m, u, f)
    w[REPLIES_CONSUMED] += 1
    w[ACCUMULATOR_UPDATES] += 1
    row = m[f + ROW]
    m[row + OUTSTANDING] -= 1
    if m[row + OUTSTANDING] == 0 and m[row + ENDED]:
        merge(m, w, u, row, cycle)
    return True


@inline
def has_accumulator(m: Registers, u: int, cycle: int) -> bool:
    """Whether a new row would find an accumulator."""
    while m[u + RELEASES] and m[m[u + RELEASE_RING] + m[u + FIRST_RELEASE]] <= cycle:
        first = m[u + FIRST_RELEASE] + 1
        m[u + FIRST_RELEASE] = first if first < m[ACCUMULATORS] else 0
        m[u + RELEASES] -= 1
    return m[u + OPEN_ROWS] + m[u + RELEASES] < m[ACCUMULATORS]


@inline
def issue(m: Registers, w: Words, u: int, cycle: int) -> bool:
    """Request the word at hand for the row at hand; whether that was possible."""
    row = m[u + OPEN_ROW]
    if row == NONE and not has_accumulator(m, u, cycle):
        return False
    f = request(m, w, u, cycle)
    if f == NONE:
        return False
    if row == NONE:
        row = m[m[u + FREE_ROWS] + m[u + OPEN_ROWS]]
        m[u + OPEN_ROWS] += 1
        m[u + OPEN_ROW] = row
        m[row + OUTSTANDING] = 0
        m[row + ENDED] = 0
    m[row + OUTSTANDING] += 1
    m[f + ROW] = row
    return True


@inline
def end_row(m: Registers, w: Words, u: int, cycle: int) -> None:
    """The row at hand has no further entries."""
    row = m[u + OPEN_ROW]
    if row == NONE:
        return
    m[u + OPEN_ROW] = NONE
    m[row + ENDED] = 1
    if m[row + OUTSTANDING] == 0:
        merge(m, w, u, row, cycle)


@inline
def look_up(m: Registers, lists: Lists, u: int) -> None:
    """Look up the entry at hand."""
    words, _, banks = lists
    word = m[u + TOKEN] * m[WORDS] + words[m[u + ENTRY]]
    look(m, u, word, banks[word])


@inline
def scan(m: Registers, w: Words, lists: Lists, u: int, cycle: int, most: int) -> None:
    """Examine entries in order, drop those of zero words, issue up to `most`, stop at the first that can do neither."""
    _, ends, _ = lists
    issued = 0
    # a scan that can issue no more goes on only to drop
    for _ in range(most if m[ALL_PRESENT] else m[EXAMINE_WIDTH]):
        if scanned(m, u):
            return
        if m[u + AT_BANK] == NOT_LOOKED:
            look_up(m, lists, u)
        if m[u + AT_BANK] == ABSENT:
            w[ENTRIES_DROPPED] += 1
        elif issued < most and issue(m, w, u, cycle):
            issued += 1
        else:
            return
        w[LIST_ENTRIES] += 1
        if ends[m[u + ENTRY]]:
            end_row(m, w, u, cycle)
        if advance(m, u, cycle):
            look_up(m, lists, u)


@inline
def step_unit(m: Registers, w: Words, lists: Lists, u: int, cycle: int) -> bool:
    """One cycle of one unit; whether it did anything."""
    most = min(m[ISSUE_WIDTH], m[u + FREE_TAGS])
    oldest = m[u + OLDEST]
    computing = consume(m, w, u, cycle)
    scan(m, w, lists, u, cycle, most)
    moved = m[u + LAST_SCAN] == cycle
    if computing:
        w[COMPUTING] += 1
    elif oldest != u:
        w[stall_cause(m, oldest, cycle)] += 1
    else:
        w[ISSUE if moved else ACCUMULATORS_FULL] += 1
    return moved or computing


@part
def step_gather_units(m: Registers, w: Words, lists: Lists, cycle: int) -> bool:
    """One cycle of all units that are not done; whether any did anything."""
    moved = False
    index = 0
    while index < w[ACTIVE]:
        u = m[m[ACTIVE_UNITS] + index]
        if done(m, u):
            finish(m, w, u, cycle)
            w[ACTIVE] -= 1
            m[m[ACTIVE_UNITS] + index] = m[m[ACTIVE_UNITS] + w[ACTIVE]]
        else:
            moved |= step_unit(m, w, lists, u, cycle)
            index += 1
    return moved


@part
def next_release(m: Registers, w: Words, cycle: int) -> int:
    """First cycle after `cycle` in which an accumulator that a unit may wait for is free; 0 if there is none."""
    first = 0
    for index in range(w[ACTIVE]):
        u = m[m[ACTIVE_UNITS] + index]
        if m[u + RELEASES]:
            at = m[m[u + RELEASE_RING] + m[u + FIRST_RELEASE]]
            if at > cycle and (first == 0 or at < first):
                first = at
    return first
