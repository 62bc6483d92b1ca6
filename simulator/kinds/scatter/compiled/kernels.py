"""The cycle loop of the scatter dataflow: units, routers, banks that accumulate, as in the reference engine's phases."""

from __future__ import annotations

from simulator.engine.compiled.bits import part
from simulator.engine.compiled.fabric import leave, route, show_arrivals, skip, waiting, waits
from simulator.engine.compiled.intrinsics import first_record, lowest, number
from simulator.engine.compiled.queues import insert_by_order
from simulator.engine.compiled.records import Numbers
from simulator.engine.compiled.units import Milestones
from simulator.kinds.scatter.compiled.engine import ScatterFabric
from simulator.kinds.scatter.compiled.units import Lists, step_units

scatter_fabric = first_record(ScatterFabric)


@part
def step_banks(fabric: ScatterFabric, cycle: int) -> bool:
    """One cycle of all ports that hold a product: each accumulates one and tells its unit; whether any did."""
    moved = False
    for word in range(fabric.port_words):
        rest = waiting(fabric, word)
        while rest:
            flit = fabric.banks[(word << 6) + lowest(rest)].head
            rest &= rest - 1
            leave(fabric, flit, cycle)
            unit = flit.unit
            flit.ready = cycle
            unit.landed.free -= 1
            insert_by_order(unit.landed, flit)
            unit.last_write = max(unit.last_write, cycle + fabric.read_latency + fabric.accumulate_latency)
            fabric.counts.bank_additions += 1
            moved = True
    return moved


def run_scatter(
    memory: Numbers,
    words: Numbers,
    operands: Numbers,
    present: Numbers,
    banks: Numbers,
    readers: Numbers,
    wanted: Numbers,
    taken: Numbers,
    written: Numbers,
    until: int,
) -> None:
    """Run a scatter tile from its clock's cycle on, to its end or at least to cycle `until`."""
    fabric = scatter_fabric(memory)
    lists = Lists(words, operands, present, banks)
    milestones = Milestones(readers, wanted, taken, written)
    cycle = fabric.cycle
    while fabric.active and cycle < until:
        show_arrivals(fabric, cycle)
        moved = step_units(fabric, lists, milestones, cycle)
        requests = route(fabric.request_network, cycle)
        moved |= step_banks(fabric, cycle)
        fabric.counts.request_hops += requests
        if moved or requests:
            fabric.moved_at = cycle
            cycle += 1
        elif waits(fabric):
            cycle += 1
        else:
            cycle = skip(fabric, number(0), cycle)
    fabric.cycle = cycle
