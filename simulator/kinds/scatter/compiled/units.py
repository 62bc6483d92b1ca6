"""Units of the scatter dataflow: multiply own words by weights and send the products to the banks."""

from __future__ import annotations

from typing import NamedTuple

from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.layout import ABSENT, IN_BANK, NOT_LOOKED, Flit
from simulator.engine.compiled.queues import remove
from simulator.engine.compiled.records import Numbers
from simulator.engine.compiled.units import (
    BANK_CONFLICT,
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
from simulator.kinds.scatter.compiled.engine import ScatterFabric, ScatterUnit


class Lists(NamedTuple):
    """The lists of all units, and where the words are that their products go to."""

    words: Numbers
    """[entries]"""
    operands: Numbers
    """[entries]"""
    present: Numbers
    """[operands] whether the activation word is not all zero."""
    banks: Numbers
    """[words]"""


@inline
def free_slots(fabric: ScatterFabric, unit: ScatterUnit, cycle: int) -> None:
    """Take back the tags of products that the banks accumulated in the cycle before, in order of issue."""
    flit = unit.landed.head
    while flit:
        remove(unit.landed, flit, cycle)
        delist(flit)
        return_tag(fabric, unit, flit)
        flit = unit.landed.head


@inline
def look_up(fabric: ScatterFabric, lists: Lists, unit: ScatterUnit) -> None:
    """Look up the entry at hand."""
    word = unit.token * fabric.words + lists.words[unit.entry]
    look(fabric, unit, word, lists.banks[word] if lists.present[operand_of(fabric, lists, unit)] else ABSENT)


@inline
def operand_of(fabric: ScatterFabric, lists: Lists, unit: ScatterUnit) -> int:
    """Activation word of the entry at hand."""
    return unit.token * fabric.operands + lists.operands[unit.entry]


@inline
def send_product(fabric: ScatterFabric, lists: Lists, unit: ScatterUnit, cycle: int) -> bool:
    """Multiply and send the product; whether that was possible."""
    if unit.free_tags == 0 or not request(fabric, unit, cycle):
        return False
    operand = operand_of(fabric, lists, unit)
    if operand != unit.held:
        unit.held = operand
        fabric.counts.output_bank_reads += 1
    return True


@inline
def scan(fabric: ScatterFabric, lists: Lists, milestones: Milestones, unit: ScatterUnit, cycle: int) -> bool:
    """Examine entries in order, drop those of zero words, send at most one product; whether one was sent."""
    sent = False
    for _ in range(fabric.examine_width):
        if scanned(unit) or ahead(fabric, unit):
            return sent
        if unit.at_bank == NOT_LOOKED:
            look_up(fabric, lists, unit)
        if unit.at_bank == ABSENT:
            fabric.counts.entries_dropped += 1
        elif not sent and send_product(fabric, lists, unit, cycle):
            sent = True
        else:
            return sent
        fabric.counts.list_entries += 1
        if advance(fabric, milestones, unit, cycle):
            look_up(fabric, lists, unit)
    return sent


@inline
def held_by(flit: Flit, cycle: int) -> int:
    """Why a unit that waits for this product is stalled: at a bank, since its word, or what is before it, is being added to."""
    at_bank = (flit.queue.place == IN_BANK) & (flit.ready < cycle)
    return BANK_CONFLICT if at_bank else stall_cause(flit, cycle)


@inline
def step_unit(fabric: ScatterFabric, lists: Lists, milestones: Milestones, unit: ScatterUnit, cycle: int) -> bool:
    """One cycle of one unit; whether it did anything."""
    oldest = unit.oldest
    if scan(fabric, lists, milestones, unit, cycle):
        fabric.causes[COMPUTING] += 1
    elif oldest != unit.end:
        fabric.causes[held_by(oldest, cycle)] += 1
    elif unit.last_scan == cycle or not ahead(fabric, unit):
        fabric.causes[ISSUE] += 1
    return unit.last_scan == cycle


@part
def step_units(fabric: ScatterFabric, lists: Lists, milestones: Milestones, cycle: int) -> bool:
    """One cycle of all units that are not done; whether any did anything."""
    moved = False
    index = 0
    while index < fabric.active:
        unit = fabric.active_units[index]
        free_slots(fabric, unit, cycle)
        if done(unit):
            finish(fabric, unit, cycle)
            retire(fabric, index)
        else:
            moved |= step_unit(fabric, lists, milestones, unit, cycle)
            index += 1
    take_pieces(fabric, milestones, cycle)
    return moved
