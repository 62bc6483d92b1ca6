"""One tile after another on one fabric: reset, lists, and what was counted."""

from __future__ import annotations

from simulator.engine.compiled.bits import part
from simulator.engine.compiled.intrinsics import first_record, onward
from simulator.engine.compiled.layout import Fabric, UnitKind
from simulator.engine.compiled.records import Numbers
from simulator.engine.compiled.turn_layout import Turn, Turns
from simulator.engine.compiled.units import Milestones

batch_of = first_record(Turns)


@part
def begin(batch: Turns, fabric: Fabric[UnitKind], memory: Numbers, at_rest: Numbers, unit_ptr: Numbers) -> Turn:
    """The tile at hand, which the fabric has from reset, if it has not begun it."""
    tile = batch.tiles[batch.at]
    if batch.begun:
        return tile
    for place in range(batch.places):
        memory[place] = at_rest[place]
    fabric.words = tile.words
    fabric.token_words = tile.token_words
    fabric.piece_entries = tile.piece_entries
    fabric.fifo_pieces = tile.fifo_pieces
    fabric.pieces = tile.pieces
    first = batch.at * fabric.units
    for number in range(fabric.units):
        unit = fabric.every_unit[number]
        unit.entry = unit_ptr[first + number]
        unit.readable = unit.entry
        unit.end_entry = unit_ptr[first + number + 1]
        if unit.entry != unit.end_entry and tile.token_words:
            fabric.active_units[fabric.active] = unit
            fabric.active += 1
    batch.begun = 1
    return tile


@part
def milestones_of(tile: Turn, readers: Numbers, wanted: Numbers, taken: Numbers, written: Numbers) -> Milestones:
    """Those of a tile, among those of all."""
    first = tile.first_piece
    return Milestones(onward(readers, first), onward(wanted, first), onward(taken, first), onward(written, tile.first_row))


@part
def end(batch: Turns, fabric: Fabric[UnitKind], memory: Numbers, counted: Numbers) -> None:
    """Note what was counted in the tile at hand, and go on to the next one, if it is done."""
    if fabric.active:
        return
    first = batch.at * (1 + batch.clocked + batch.causes + 5)
    counted[first] = fabric.cycles
    for index in range(batch.clocked):
        counted[first + 1 + index] = memory[batch.clocked_at + index]
    first += 1 + batch.clocked
    for index in range(batch.causes):
        counted[first + index] = memory[batch.causes_at + index]
    first += batch.causes
    # in the order of CAPACITIES
    counted[first] = fabric.spare_tags
    counted[first + 1] = fabric.spare_accumulators
    counted[first + 2] = fabric.request_network.spare_sinks
    counted[first + 3] = fabric.request_network.spare_slots
    counted[first + 4] = fabric.reply_network.spare_slots
    batch.begun = 0
    batch.at += 1
