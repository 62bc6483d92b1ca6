"""The cycle loop of the scatter dataflow: units, routers, banks that accumulate, as in the reference engine's phases."""

from __future__ import annotations

from typing import NamedTuple

from simulator.engine.compiled.bits import part
from simulator.engine.compiled.fabric import leave, route, show_arrivals, skip, waiting, waits
from simulator.engine.compiled.intrinsics import first_record, lowest, number, onward
from simulator.engine.compiled.queues import insert_by_order
from simulator.engine.compiled.records import Numbers
from simulator.engine.compiled.turns import batch_of, begin, end, milestones_of
from simulator.engine.compiled.units import Milestones
from simulator.kinds.scatter.compiled.engine import ScatterFabric
from simulator.kinds.scatter.compiled.units import Lists, step_units

scatter_fabric = first_record(ScatterFabric)


class Sums(NamedTuple):
    """The sums in the banks of a tile, on a clock that all tiles of a batch share, so that none finds what another did."""

    began: Numbers
    """[words] cycle in which the last addition to each began."""
    first_cycle: int
    """Of the tile."""


@part
def step_banks(fabric: ScatterFabric, sums: Sums, cycle: int) -> bool:
    """One cycle of all ports that hold a product: each accumulates one whose word can be added to, and tells its unit; whether any did."""
    moved = False
    for word in range(fabric.port_words):
        rest = waiting(fabric, word)
        while rest:
            flit = fabric.banks[(word << 6) + lowest(rest)].head
            rest &= rest - 1
            # ports come in order, so that a word of this cycle is one that a port before this has taken
            if sums.first_cycle + cycle - sums.began[flit.word] < fabric.accumulate_latency:
                continue
            sums.began[flit.word] = sums.first_cycle + cycle
            leave(fabric, flit, cycle)
            unit = flit.unit
            flit.ready = cycle
            unit.landed.free -= 1
            insert_by_order(unit.landed, flit)
            unit.last_write = max(unit.last_write, cycle + fabric.read_latency + fabric.accumulate_latency)
            fabric.counts.bank_additions += 1
            moved = True
    return moved


@part
def run_tile(fabric: ScatterFabric, lists: Lists, sums: Sums, milestones: Milestones, until: int) -> None:
    """Run a tile from its clock's cycle on, to its end or at least to cycle `until`."""
    cycle = fabric.cycle
    while fabric.active and cycle < until:
        show_arrivals(fabric, cycle)
        moved = step_units(fabric, lists, milestones, cycle)
        requests = route(fabric.request_network, cycle)
        moved |= step_banks(fabric, sums, cycle)
        fabric.counts.request_hops += requests
        if moved or requests:
            fabric.moved_at = cycle
            cycle += 1
        elif waits(fabric):
            cycle += 1
        else:
            cycle = skip(fabric, number(0), cycle)
    fabric.cycle = cycle


def run_scatter(
    tiles: Numbers,
    at_rest: Numbers,
    memory: Numbers,
    unit_ptr: Numbers,
    counted: Numbers,
    words: Numbers,
    operands: Numbers,
    present: Numbers,
    banks: Numbers,
    began: Numbers,
    readers: Numbers,
    wanted: Numbers,
    taken: Numbers,
    written: Numbers,
    cycles: int,
) -> None:
    """Run scatter tiles from where they are, to the end of the last one or for about so many cycles."""
    batch, fabric = batch_of(tiles), scatter_fabric(memory)
    while batch.at < batch.count and cycles > 0:
        tile = begin(batch, fabric, memory, at_rest, unit_ptr)
        fabric.operands = tile.operands
        started = fabric.cycle
        lists = Lists(words, operands, onward(present, tile.first_present), onward(banks, tile.first_bank))
        sums = Sums(onward(began, tile.first_bank), batch.at << 32)
        run_tile(fabric, lists, sums, milestones_of(tile, readers, wanted, taken, written), started + cycles)
        cycles -= fabric.cycle - started
        end(batch, fabric, memory, counted)
