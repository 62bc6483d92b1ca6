"""What units of every dataflow do: walk a list, send requests under tags, and tell the cause of a stalled cycle."""

from __future__ import annotations

from typing import NamedTuple

from simulator.engine.cluster import CAUSE
from simulator.engine.compiled.bits import inline
from simulator.engine.compiled.layout import ABSENT, AT_SINK, IN_BANK, IN_REQUESTS, Fabric, Flit, Unit, UnitKind
from simulator.engine.compiled.queues import enter
from simulator.engine.compiled.records import Numbers
from simulator.engine.compiled.routers import next_channel, queue_for, send, take_sink_slot

COMPUTING = CAUSE["computing"]
DRAIN = CAUSE["drain"]
BANK_CONFLICT = CAUSE["bank_conflict"]
NETWORK_CONTENTION = CAUSE["network_contention"]
LATENCY = CAUSE["latency"]
ACCUMULATORS_FULL = CAUSE["accumulators_full"]
ISSUE = CAUSE["issue"]


class Milestones(NamedTuple):
    """When all units together take the pieces of their lists, and write row words."""

    readers: Numbers
    """[pieces] units that have not taken theirs yet."""
    wanted: Numbers
    """[pieces] cycle in which the first unit took an entry of it."""
    taken: Numbers
    """[pieces] cycle in which the last unit took the last entry of it, and of all before."""
    written: Numbers
    """[row words] cycle × units + unit of each write into an output bank."""


@inline
def stall_cause(flit: Flit, cycle: int) -> int:
    """Why a unit that waits for this flit in `cycle` is stalled: what held the flit in the cycle before, or latency."""
    queue, channel = flit.queue, flit.channel
    place = queue.place
    headed = (queue.head == flit) & (queue.left_at != cycle - 1)
    lost = (channel.link.taken_at == cycle - 1) | (channel.full_at == cycle - 1)
    at_port = (place == IN_REQUESTS) & headed & lost & (not channel.goes_to)
    conflict = at_port | (place == IN_BANK) & (not headed)
    moves = (place == AT_SINK) | (flit.ready >= cycle)
    # all of this is computed without branches, which would be mispredicted
    stalled = BANK_CONFLICT if conflict else NETWORK_CONTENTION
    return LATENCY if moves else stalled


@inline
def scanned(unit: Unit) -> bool:
    """Whether a unit has examined its whole list for all token words."""
    return unit.entry == unit.end_entry


@inline
def ahead(fabric: Fabric[UnitKind], unit: Unit) -> bool:
    """Whether the entry at hand is in a piece that cannot be here, since a slower unit still has one in its place."""
    return unit.entry == unit.readable and unit.piece >= fabric.pieces_taken + fabric.fifo_pieces


@inline
def advance(fabric: Fabric[UnitKind], milestones: Milestones, unit: Unit, cycle: int) -> bool:
    """Step to the next token word, or to the next list entry; whether there is one."""
    unit.last_scan = cycle
    if unit.entry == unit.readable:
        milestones.wanted[unit.piece] = min(milestones.wanted[unit.piece], cycle)
        unit.piece += 1
        unit.readable = min(unit.end_entry, unit.entry + fabric.piece_entries)
    token = unit.token + 1
    if token < fabric.token_words:
        unit.token = token
        return True
    unit.token = 0
    unit.entry += 1
    if unit.entry == unit.readable:
        milestones.readers[unit.piece - 1] -= 1
    return not scanned(unit)


@inline
def take_pieces(fabric: Fabric[UnitKind], milestones: Milestones, cycle: int) -> None:
    """Show units which pieces all of them have taken by the end of a cycle."""
    taken = fabric.pieces_taken
    while taken < fabric.pieces and milestones.readers[taken] == 0:
        milestones.taken[taken] = cycle
        taken += 1
    fabric.pieces_taken = taken


@inline
def look(fabric: Fabric[UnitKind], unit: Unit, word: int, bank: int) -> None:
    """Note the word and the bank of the entry at hand, and what a request for it has to find free."""
    unit.at_word = word
    unit.at_bank = bank
    if bank != ABSENT and fabric.bank_ports == 1:
        aim(fabric, unit, bank)


@inline
def aim(fabric: Fabric[UnitKind], unit: Unit, port: int) -> None:
    """Note the queue that a request to a port joins first."""
    unit.at_port = port
    if fabric.routed:
        buffer = unit.entry_buffer
        channel = next_channel(buffer, unit.number, port)
        unit.at_channel = channel
        unit.at_queue = queue_for(buffer, channel)
    else:
        unit.at_queue = fabric.banks[port]


@inline
def request(fabric: Fabric[UnitKind], unit: Unit, cycle: int) -> Flit:
    """Send the first free flit of a unit for the entry at hand, if there is a slot for it; the flit, or none."""
    flit = first_free(fabric, unit)
    if fabric.bank_ports > 1:
        aim(fabric, unit, unit.at_bank * fabric.bank_ports + flit.tag % fabric.bank_ports)
    queue = unit.at_queue
    if queue.free <= 0:
        return unit.nobody.flit
    port = unit.at_port
    if fabric.routed:
        send(fabric.request_network, fabric.request_network.entry_pipe, flit, queue, unit.at_channel, unit.number, port, cycle)
    else:
        take_sink_slot(fabric.request_network, queue)
        flit.queue = queue
        enter(fabric.request_wires[unit.number * fabric.ports + port], flit, cycle)
    flit.word = unit.at_word
    take_tag(fabric, unit)
    enlist(unit, flit)
    fabric.counts.requests += 1
    return flit


@inline
def first_free(fabric: Fabric[UnitKind], unit: Unit) -> Flit:
    """The flit that the next request of a unit takes: the one that has been free for longest, for its tag names the port.

    Where a bank has one port tags do not matter, and the flit freed last is the one that is still in the processor's cache.
    """
    return unit.tags[unit.free_tags - 1 if fabric.bank_ports == 1 else unit.first_tag]


@inline
def take_tag(fabric: Fabric[UnitKind], unit: Unit) -> None:
    """That flit is in use."""
    unit.free_tags -= 1
    fabric.spare_tags = min(fabric.spare_tags, unit.free_tags)
    if fabric.bank_ports > 1:
        first = unit.first_tag + 1
        unit.first_tag = first if first < fabric.window else 0


@inline
def return_tag(fabric: Fabric[UnitKind], unit: Unit, flit: Flit) -> None:
    """A flit is free again."""
    place = unit.free_tags
    if fabric.bank_ports > 1:
        place += unit.first_tag
        place -= fabric.window if place >= fabric.window else 0
    unit.tags[place] = flit
    unit.free_tags += 1


@inline
def enlist(unit: Unit, flit: Flit) -> None:
    """A flit is the newest outstanding one of its unit."""
    newest = unit.newest
    flit.order = unit.issued
    flit.older = newest
    flit.newer = unit.end
    newest.newer = flit
    unit.newest = flit
    unit.issued += 1


@inline
def delist(flit: Flit) -> None:
    """A flit is no longer outstanding."""
    flit.older.newer = flit.newer
    flit.newer.older = flit.older


@inline
def done(unit: Unit) -> bool:
    """Whether a unit has examined all of its list and nothing is outstanding."""
    return scanned(unit) and unit.oldest == unit.end


@inline
def finish(fabric: Fabric[UnitKind], unit: Unit, cycle: int) -> None:
    """A unit has nothing left to do but wait for its last writes."""
    end = max(unit.last_write, unit.last_scan) + 1
    if end > cycle:
        fabric.causes[DRAIN] += end - cycle
    if end > fabric.cycles:
        fabric.cycles = end


@inline
def retire(fabric: Fabric[UnitKind], index: int) -> None:
    """Take a unit that is done off the list of those at work."""
    fabric.active -= 1
    fabric.active_units[index] = fabric.active_units[fabric.active]
