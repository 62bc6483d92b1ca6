"""Units of the gather dataflow: walk a list, request words, multiply what lands, merge finished rows."""

from __future__ import annotations

from typing import NamedTuple

from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.layout import ABSENT, NOT_LOOKED, Row
from simulator.engine.compiled.queues import pop, remove
from simulator.engine.compiled.records import Numbers
from simulator.engine.compiled.units import (
    ACCUMULATORS_FULL,
    COMPUTING,
    ISSUE,
    Milestones,
    advance,
    ahead,
    delist,
    done,
    finish,
    look,
    request,
    retire,
    return_tag,
    scanned,
    stall_cause,
    take_pieces,
)
from simulator.kinds.gather.compiled.engine import GatherFabric, GatherUnit


class Lists(NamedTuple):
    """The lists of all units, and where the words are that they ask for."""

    words: Numbers
    """[entries]"""
    ends: Numbers
    """[entries] whether the entry is the last of its row."""
    banks: Numbers
    """[words] or ABSENT."""


@inline
def merge(fabric: GatherFabric, milestones: Milestones, unit: GatherUnit, row: Row, cycle: int) -> None:
    """Send a row whose words have all been multiplied to the merge tree, which takes one a cycle."""
    merged_at = max(cycle, unit.merged_at + 1)
    unit.merged_at = merged_at
    place = unit.first_release + unit.releases
    if place >= fabric.accumulators:
        place -= fabric.accumulators
    unit.release_ring[place] = merged_at + fabric.release_cycles
    unit.releases += 1
    unit.open_rows -= 1
    unit.free_rows[unit.open_rows] = row
    unit.last_write = merged_at + fabric.merge_cycles
    milestones.written[fabric.counts.rows_merged] = unit.last_write * fabric.units + unit.number
    fabric.counts.rows_merged += 1
    fabric.counts.output_bank_writes += 1


@inline
def consume(fabric: GatherFabric, milestones: Milestones, unit: GatherUnit, cycle: int) -> bool:
    """Multiply the word that landed first; whether there was one."""
    flit = unit.landed.head
    if not flit:
        return False
    if fabric.ranked:
        remove(unit.landed, flit, cycle)
    else:
        pop(unit.landed, cycle)
    delist(flit)
    return_tag(fabric, unit, flit)
    fabric.counts.replies += 1
    fabric.counts.accumulator_updates += 1
    row = flit.row
    row.outstanding -= 1
    if row.outstanding == 0 and row.ended:
        merge(fabric, milestones, unit, row, cycle)
    return True


@inline
def has_accumulator(fabric: GatherFabric, unit: GatherUnit, cycle: int) -> bool:
    """Whether a new row would find an accumulator."""
    while unit.releases and unit.release_ring[unit.first_release] <= cycle:
        first = unit.first_release + 1
        unit.first_release = first if first < fabric.accumulators else 0
        unit.releases -= 1
    return unit.open_rows + unit.releases < fabric.accumulators


@inline
def issue(fabric: GatherFabric, unit: GatherUnit, cycle: int) -> bool:
    """Request the word at hand for the row at hand; whether that was possible."""
    row = unit.rows[unit.token]
    if not row and not has_accumulator(fabric, unit, cycle):
        return False
    flit = request(fabric, unit, cycle)
    if not flit:
        return False
    if not row:
        row = unit.free_rows[unit.open_rows]
        unit.open_rows += 1
        fabric.spare_accumulators = min(fabric.spare_accumulators, fabric.accumulators - unit.open_rows - unit.releases)
        unit.rows[unit.token] = row
        row.outstanding = 0
        row.ended = 0
    row.outstanding += 1
    flit.row = row
    return True


@inline
def end_row(fabric: GatherFabric, milestones: Milestones, unit: GatherUnit, cycle: int) -> None:
    """The row at hand has no further entries for the token word at hand."""
    row = unit.rows[unit.token]
    if not row:
        return
    unit.rows[unit.token] = unit.no_row
    row.ended = 1
    if row.outstanding == 0:
        merge(fabric, milestones, unit, row, cycle)


@inline
def look_up(fabric: GatherFabric, lists: Lists, unit: GatherUnit) -> None:
    """Look up the entry at hand."""
    word = unit.token * fabric.words + lists.words[unit.entry]
    look(fabric, unit, word, lists.banks[word])


@inline
def scan(fabric: GatherFabric, lists: Lists, milestones: Milestones, unit: GatherUnit, cycle: int, most: int) -> None:
    """Examine entries in order, drop those of zero words, issue up to `most`, stop at the first that can do neither."""
    issued = 0
    # a scan that can issue no more goes on only to drop
    for _ in range(most if fabric.all_present else fabric.examine_width):
        if scanned(unit) or ahead(fabric, unit):
            return
        if unit.at_bank == NOT_LOOKED:
            look_up(fabric, lists, unit)
        if unit.at_bank == ABSENT:
            fabric.counts.entries_dropped += 1
        elif issued < most and issue(fabric, unit, cycle):
            issued += 1
        else:
            return
        fabric.counts.list_entries += 1
        if lists.ends[unit.entry]:
            end_row(fabric, milestones, unit, cycle)
        if advance(fabric, milestones, unit, cycle):
            look_up(fabric, lists, unit)


@inline
def step_unit(fabric: GatherFabric, lists: Lists, milestones: Milestones, unit: GatherUnit, cycle: int) -> bool:
    """One cycle of one unit; whether it did anything."""
    most = min(fabric.issue_width, unit.free_tags)
    oldest = unit.oldest
    computing = consume(fabric, milestones, unit, cycle)
    scan(fabric, lists, milestones, unit, cycle, most)
    moved = unit.last_scan == cycle
    if computing:
        fabric.causes[COMPUTING] += 1
    elif oldest != unit.end:
        fabric.causes[stall_cause(oldest, cycle)] += 1
    elif moved:
        fabric.causes[ISSUE] += 1
    elif not ahead(fabric, unit):
        fabric.causes[ACCUMULATORS_FULL] += 1
    return moved or computing


@part
def step_units(fabric: GatherFabric, lists: Lists, milestones: Milestones, cycle: int) -> bool:
    """One cycle of all units that are not done; whether any did anything."""
    moved = False
    index = 0
    while index < fabric.active:
        unit = fabric.active_units[index]
        if done(unit):
            finish(fabric, unit, cycle)
            retire(fabric, index)
        else:
            moved |= step_unit(fabric, lists, milestones, unit, cycle)
            index += 1
    take_pieces(fabric, milestones, cycle)
    return moved


@part
def next_release(fabric: GatherFabric, cycle: int) -> int:
    """First cycle after `cycle` in which an accumulator that a unit may wait for is free; 0 if there is none."""
    first = 0
    for index in range(fabric.active):
        unit = fabric.active_units[index]
        if unit.releases:
            at = unit.release_ring[unit.first_release]
            if at > cycle and (first == 0 or at < first):
                first = at
    return first
