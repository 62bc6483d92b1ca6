"""The records of a fabric: what a flit, a queue, a channel, … knows, and where that is.

The first record of a memory, at address 0, is the fabric (or the network alone, `switch/engine.py`). It begins with a flit, a
channel and a link that stand for none: what is written to them is never read, so that lists need no check for their ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from simulator.activity import CAUSES, CLOCKED
from simulator.engine.compiled.records import Array, Here, Inside, Nowhere, Record, Table, Wide

NEVER = -2
"""A cycle that is not the one before any other."""
UNLIMITED = 2**30
"""Free slots of a queue that never fills, and what is spare of what was never taken."""
MOST_CYCLES = 2**31 - 2**24
"""Cycles of a tile that a register can count."""
ABSENT, NOT_LOOKED = -1, -2
"""Banks of a word that is all zero, and of an entry that has not been looked up."""

IN_REQUESTS, IN_BANK, IN_REPLIES, AT_SINK = range(4)
"""Where a flit is, or is on its way to."""


class Flit(Record):
    """A flit: 64 bytes. A request of a unit, and the word that comes back, are the same flit."""

    next: Flit
    """In its queue."""
    previous: Flit
    ready: int
    """Cycle at whose start it is at the end of its pipeline."""
    order: int
    """Number among the requests of its unit; the cycle of its creation, in a network alone."""
    word: int
    unit: Unit
    queue: Queue
    """The one that it is in, or has a slot of."""
    channel: Channel
    """The one that it takes out of that queue's buffer."""
    target: Queue
    """The one behind that channel."""
    source: int
    sink: int
    row: Row
    tag: int
    """Number among the flits of its unit."""
    spare: int
    newer: Flit
    """Among the outstanding ones of its unit; the unit itself after the newest and before the oldest."""
    older: Flit

    nobody: Nowhere[Nobody]


class Pipe(Record):
    """A pipeline: a ring of flits, all of the same delay."""

    delay: int
    ring: Table[Flit]
    ring_mask: int
    first_in: int
    last_in: int


class Queue(Record):
    """A queue of flits that have arrived: a list whose ends are where `next` and `previous` of a flit are."""

    head: Flit
    tail: Flit
    free: int
    """Slots that are neither held nor reserved."""
    left_at: int
    """Cycle in which a flit left last."""
    place: int
    """What the queue is of: IN_REQUESTS, …"""
    buffer: Buffer
    """The one of a router that the queue is of."""

    end: Here[Flit]
    """The queue as the flit before the first and after the last."""


class Channel(Record):
    """A virtual channel of a router's output link."""

    link: Link
    goes_to: Buffer
    """None: to a sink."""
    sink_queue: Queue
    buffers: Array[Buffer]
    """Of its router."""
    queue_index: int
    """Queue of each of those buffers in which flits for the channel wait."""
    wants: Array[Wide]
    """Mask of the buffers whose head wants the channel."""
    asks: Array[Wide]
    """Mask of those that may go to it in `asked_at`."""
    wanted: Array[int]
    """How many want it: its place among those of all channels."""
    asked_at: int
    full_at: int
    """Cycle in which the sink last had no room."""


class Link(Record):
    """An output link of a router."""

    inputs: Array[Buffer]
    """Of its router."""
    input_count: int
    channels: Array[Channel]
    channel_count: int
    place: int
    """Among the links of its router."""
    unmatched: Array[Wide]
    """Mask of the buffers of its router that are not matched in this cycle."""
    grant: int
    """Grant pointer."""
    next_grant: int
    taken_at: int
    busy: int
    """First cycle in which it is not sending."""
    matched_at: int


class Buffer(Record):
    """An input buffer of a router."""

    place: int
    """Among the buffers of its router."""
    links: Array[Link]
    """Of its router."""
    link_count: int
    accept: int
    """Accept pointer."""
    queues: Array[Queue]
    channels: Array[Channel]
    """Of its router."""
    route: Array[int]
    """[sinks] which of those channels; negative: any of the `spread_count` from `spread` on, by source and sink."""
    spread: Array[Channel]
    spread_count: int
    spread_shift: int
    offers: int
    offered: Array[Wide]
    """Mask of the links that offer."""
    busy: int
    """First cycle in which it is not sending."""


class Pair(Record):
    """A buffer and the link that it has won."""

    buffer: Buffer
    link: Link


class Network(Record):
    """The routers of one network."""

    channels: Array[Channel]
    wanted: Array[int]
    """[channels] how many buffers want each: side by side, since all are looked at in every cycle."""
    channel_count: int
    channel_words: int
    """Words of a mask of channels."""
    buffer_words: int
    """Words of a mask of a router's buffers."""
    link_words: int
    """Words of a mask of a router's links."""
    open_links: Table[Link]
    """Links that someone asks for in this cycle."""
    winners: Table[Buffer]
    """Buffers that have an offer in this iteration."""
    pairs: Array[Pair]
    """Who goes where in this cycle."""
    entries: Table[Buffer]
    """[sources] the buffer that each fills."""
    entry_pipe: Pipe
    """To the buffers behind sources."""
    inner_pipe: Pipe
    """To the buffers behind links."""
    sink_pipe: Pipe
    flits: int
    """Of a packet."""
    iterations: int
    registered: int
    """Whether grant pointers move only when the grant is accepted (iSLIP)."""
    single: int
    """Whether a buffer has one queue and a link one virtual channel, so that every head asks for one link of its own."""
    combines: int
    """Whether heads that want the same word go to a sink together."""
    spare_slots: int
    """The fewest free slots that a flit left in a queue of a router when it took one."""
    spare_sinks: int
    """The same of queues behind the network."""


class Row(Record):
    """A row that has an accumulator."""

    outstanding: int
    ended: int
    """Whether the list has no further entries for it."""


class Unit(Record):
    """A unit of a fabric, whatever it does with what it reads; its list, its tags and its requests."""

    number: int
    entry: int
    """The list entry at hand."""
    end_entry: int
    readable: int
    """End of these entries that are in the pieces that it has begun to read."""
    token: int
    """The token word at hand."""
    free_tags: int
    first_tag: int
    tags: Table[Flit]
    """Ring of the flits that are free."""
    landed: Inside[Queue]
    """Words that have come back."""
    oldest: Flit
    """Outstanding flit; the unit itself if there is none."""
    newest: Flit
    entry_buffer: Buffer
    at_word: int
    """The word of the entry at hand, looked up when it comes to hand; then its bank, and what a request for it has to find free."""
    at_bank: int
    at_port: int
    at_channel: Channel
    at_queue: Queue
    issued: int
    last_scan: int
    """Cycle in which an entry was last taken off the list."""
    last_write: int
    piece: int
    """Pieces of its list that it has begun to read."""

    end: Here[Flit]
    """The unit as the flit before the oldest and after the newest."""
    nobody: Nowhere[Nobody]


class Nobody(Record):
    """What stands for no flit, for the channel that it wants and for the link of that channel."""

    flit: Inside[Flit]
    channel: Inside[Channel]
    link: Inside[Link]


class Clocked(Record):
    """What is counted: a number of 64 bits for every clocked counter, by its name."""

    __annotations__ = dict.fromkeys(CLOCKED, Wide)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> int: ...

        def __setattr__(self, name: str, value: int) -> None: ...


UnitKind = TypeVar("UnitKind", bound=Unit)


class Fabric(Record, Generic[UnitKind]):
    """A fabric: the hardware that all units share, the tile at hand and what is counted."""

    nobody: Inside[Nobody]
    routed: int
    """Whether requests pass routers."""
    window: int
    examine_width: int
    bank_ports: int
    read_latency: int
    accumulate_latency: int
    ranked: int
    """Whether flits may arrive together or leave from the middle of the queues of banks and units."""
    ports: int
    port_words: int
    """Words of a mask of ports."""
    units: int
    token_words: int
    """Of the tile at hand."""
    words: int
    """Of a token, in the tile at hand."""
    piece_entries: int
    """Of a piece of a list."""
    fifo_pieces: int
    pieces: int
    """Of the longest list."""
    pieces_taken: int
    """Pieces that all units have taken that have them, at the start of the cycle."""
    banks: Array[Queue]
    """[ports] requests that wait."""
    active_units: Table[UnitKind]
    every_unit: Array[UnitKind]
    to_routers: Array[Pipe]
    """The pipelines that end in routers, in banks and in units."""
    to_banks: Array[Pipe]
    to_units: Array[Pipe]
    router_pipes: int
    bank_pipes: int
    unit_pipes: int
    request_wires: Table[Pipe]
    """[units × ports] where there are no routers."""
    reply_wires: Table[Pipe]
    """[ports × units]"""
    causes: Array[Wide]
    """[causes] unit-cycles by cause."""
    spare_tags: int
    """The fewest free flits that a request left a unit when it took one."""
    spare_accumulators: int
    """The same of accumulators, which a new row takes (gather)."""
    request_network: Inside[Network]
    reply_network: Inside[Network]
    cycle: Wide
    """The one that comes next."""
    active: Wide
    """Units not done."""
    moved_at: Wide
    """Last cycle in which anything moved."""
    cycles: Wide
    """End of the tile."""
    counts: Inside[Clocked]


CAUSE_COUNT = len(CAUSES)
