"""The cycle loop of the gather dataflow: units, request routers, banks, reply routers, as in the reference engine's phases."""

from __future__ import annotations

from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.fabric import leave, route, show_arrivals, skip, waiting, waits
from simulator.engine.compiled.intrinsics import first_record, lowest, onward
from simulator.engine.compiled.layout import UNLIMITED, Flit
from simulator.engine.compiled.queues import enter
from simulator.engine.compiled.records import Numbers
from simulator.engine.compiled.routers import next_channel, send
from simulator.engine.compiled.turns import batch_of, begin, end, milestones_of
from simulator.engine.compiled.units import Milestones
from simulator.kinds.gather.compiled.engine import GatherFabric
from simulator.kinds.gather.compiled.units import Lists, next_release, step_units

gather_fabric = first_record(GatherFabric)


@inline
def reply_room(fabric: GatherFabric, port: int) -> int:
    """Reply slots of a port; a word that comes by wires finds its landing register free."""
    if not fabric.reply_network.channel_count:
        return UNLIMITED
    return fabric.reply_network.entries[port].queues[0].free


@inline
def reply(fabric: GatherFabric, port: int, flit: Flit, cycle: int) -> None:
    """Send a word that an access in `cycle` reads to its unit."""
    unit = flit.unit
    if fabric.reply_network.channel_count:
        buffer = fabric.reply_network.entries[port]
        channel = next_channel(buffer, port, unit.number)
        send(fabric.reply_network, fabric.reply_network.entry_pipe, flit, buffer.queues[0], channel, port, unit.number, cycle)
    else:
        flit.queue = unit.landed
        unit.landed.free -= 1
        enter(fabric.reply_wires[port * fabric.units + unit.number], flit, cycle)


@inline
def serve_alike(fabric: GatherFabric, head: Flit, room: int, cycle: int) -> int:
    """Multicast: serve the head and the oldest queued requests for its word, as many as there is room for; how many."""
    fabric.served[0] = head
    count = 1
    flit = head.next
    while flit and count < room:
        following = flit.next
        if flit.word == head.word:
            leave(fabric, flit, cycle)
            fabric.served[count] = flit
            count += 1
        flit = following
    leave(fabric, head, cycle)
    return count


@inline
def access(fabric: GatherFabric, port: int, room: int, cycle: int) -> None:
    """Read the word of the head."""
    head = fabric.banks[port].head
    fabric.counts.x_bank_reads += 1
    if not fabric.multicast:
        leave(fabric, head, cycle)
        reply(fabric, port, head, cycle)
        return
    count = serve_alike(fabric, head, room, cycle)
    if fabric.routed:
        fabric.counts.reply_hops += count
    for index in range(count):
        reply(fabric, port, fabric.served[index], cycle)


@part
def step_banks(fabric: GatherFabric, cycle: int) -> bool:
    """One cycle of all ports that hold a request: each reads a word, if its reply has room; whether any did."""
    moved = False
    for word in range(fabric.port_words):
        rest = waiting(fabric, word)
        while rest:
            port = (word << 6) + lowest(rest)
            rest &= rest - 1
            room = reply_room(fabric, port)
            if room >= 1:
                access(fabric, port, room, cycle)
                moved = True
    return moved


@part
def run_tile(fabric: GatherFabric, lists: Lists, milestones: Milestones, until: int) -> None:
    """Run a tile from its clock's cycle on, to its end or at least to cycle `until`."""
    cycle = fabric.cycle
    while fabric.active and cycle < until:
        show_arrivals(fabric, cycle)
        moved = step_units(fabric, lists, milestones, cycle)
        requests = route(fabric.request_network, cycle)
        moved |= step_banks(fabric, cycle)
        replies = route(fabric.reply_network, cycle)
        fabric.counts.request_hops += requests
        fabric.counts.reply_hops += replies
        if moved or requests or replies:
            fabric.moved_at = cycle
            cycle += 1
        elif waits(fabric):
            cycle += 1
        else:
            cycle = skip(fabric, next_release(fabric, cycle), cycle)
    fabric.cycle = cycle


def run_gather(
    tiles: Numbers,
    at_rest: Numbers,
    memory: Numbers,
    unit_ptr: Numbers,
    counted: Numbers,
    words: Numbers,
    ends: Numbers,
    banks: Numbers,
    readers: Numbers,
    wanted: Numbers,
    taken: Numbers,
    written: Numbers,
    cycles: int,
) -> None:
    """Run gather tiles from where they are, to the end of the last one or for about so many cycles."""
    batch, fabric = batch_of(tiles), gather_fabric(memory)
    while batch.at < batch.count and cycles > 0:
        tile = begin(batch, fabric, memory, at_rest, unit_ptr)
        fabric.all_present = tile.all_present
        started = fabric.cycle
        lists = Lists(words, ends, onward(banks, tile.first_bank))
        run_tile(fabric, lists, milestones_of(tile, readers, wanted, taken, written), started + cycles)
        cycles -= fabric.cycle - started
        end(batch, fabric, memory, counted)
