"""The memory that the kernels work on: records of int32 at addresses, and int64 words for masks and counters.

`m` is one int32 array. A flit, a queue, a channel, … is known by the address of its record in `m`, and `m[f + READY]`
is a field of it; address 0 means none. `w` is one int64 array, of bit masks and of sums that may outgrow 32 bits.
"""

from __future__ import annotations

from simulator.activity import CAUSES
from simulator.engine.cluster import CAUSE

NONE = 0
NEVER = -2
"""A cycle that is not the one before any other."""
UNLIMITED = 2**30
"""Free slots of a queue that never fills."""
MOST_CYCLES = 2**31 - 2**24
"""Cycles of a tile that a register can count."""

# A flit: 64 bytes. A request of a unit, and the word that comes back, are the same flit; its tag is its index.
# The flit at address 0 is none: what is written to it is never read, so that lists need no check for their ends.
NEXT, PREVIOUS, READY, ORDER, WORD, UNIT, QUEUE, CHANNEL, TARGET, SOURCE, SINK, ROW, _, _, NEWER, OLDER = range(16)
FLIT = 16
# A channel that no flit takes, and its link: what the flit at address 0 wants.
NO_CHANNEL, NO_LINK = 16, 32

# The cluster.
(
    ROUTED,
    WINDOW,
    ISSUE_WIDTH,
    EXAMINE_WIDTH,
    ACCUMULATORS,
    ACCUMULATE_LATENCY,
    MERGE_CYCLES,
    BANK_PORTS,
    READ_LATENCY,
    MULTICAST,
    RANKED,
    TOKEN_WORDS,
    WORDS,
    OPERANDS,
    ALL_PRESENT,
    ROUTER_PIPES,
    BANK_PIPES,
    UNIT_PIPES,
    PIPES_END,
    FIRST_BANK,
    PORT_WORDS,
    SERVED,
    REQUEST_WIRES,
    REPLY_WIRES,
    PORTS,
    UNITS,
    ACTIVE_UNITS,
) = range(48, 75)
"""RANKED: flits may arrive together or leave from the middle of the queues of banks and units.

Sizes, and addresses of tables. The pipelines follow each other: those that end in routers, in banks, in units.
REQUEST_WIRES and REPLY_WIRES: the pipeline of every pair of a unit and a port, where there are no routers."""

# A network alone: sources, the cycle whose flit each has to send next, and flits that are not in use.
SOURCES, CYCLES, WARMUP, NEXT_CREATED, FREED_FLIT, FRESH_FLIT = range(75, 81)

# A network: its header is at REQUESTS or REPLIES.
REQUESTS, REPLIES, HEADERS_END = 96, 128, 160
(
    NET_CHANNELS,
    NET_CHANNEL_COUNT,
    NET_CHANNEL_WORDS,
    NET_WORDS,
    NET_OFFER_WORDS,
    NET_OPEN,
    NET_WINNERS,
    NET_PAIRS,
    NET_ENTRIES,
    NET_ENTRY_PIPE,
    NET_INNER_PIPE,
    NET_SINK_PIPE,
    NET_FLITS,
    NET_ITERATIONS,
    NET_REGISTERED,
    NET_SINGLE,
    NET_COMBINES,
) = range(17)
"""NET_COMBINES: heads that want the same word go to a sink together.

NET_SINGLE: a buffer has one queue and a link one virtual channel, so that every head asks for one link of its own."""

# Where a flit is, or is on its way to.
IN_REQUESTS, IN_BANK, IN_REPLIES, AT_SINK = range(4)

# A pipeline: a ring of flits, all of the same delay.
DELAY, RING, RING_MASK, FIRST_IN, LAST_IN = range(5)
PIPE_SIZE = 5

# A queue of flits that have arrived: a list with its ends in HEAD and TAIL, which are where NEXT and PREVIOUS of a flit
# are, so that the record stands for the flit before the first and after the last. FREE counts the slots that are
# neither held nor reserved; BUFFER is the buffer that a router's queue is of, PLACE what the queue is of.
HEAD, TAIL, FREE, LEFT_AT, PLACE, BUFFER = range(6)
QUEUE_SIZE = 6

# An output channel, an output link, an input buffer of a router.
LINK, GOES_TO, SINK_QUEUE, FIRST_BUFFER, QUEUE_OFFSET, WANTS, ASKS, WANTED, ASKED_AT, FULL_AT = range(10)
CHANNEL_SIZE = 10
FIRST_INPUT, INPUTS, FIRST_CHANNEL, CHANNELS, LINK_PLACE, UNMATCHED, GRANT, NEXT_GRANT, TAKEN_AT, LINK_BUSY, MATCHED_AT = range(11)
LINK_SIZE = 11
BUFFER_PLACE, FIRST_LINK, LINKS, ACCEPT, FIRST_QUEUE, ROUTE, SPREAD_FIRST, SPREAD_COUNT, SPREAD_SHIFT, OFFERS, OFFER_MASK, BUFFER_BUSY = (
    range(12)
)
BUFFER_SIZE = 12

# A unit, with rings of its free flits (tags) and of the cycles in which accumulators become free. LANDED is its queue of
# words. OLDEST and NEWEST are the ends of the list of outstanding flits, where NEWER and OLDER of a flit are; the unit
# itself where there is none. The AT_ fields are about the entry at hand, looked up when it comes to hand.
(
    NUMBER,
    ENTRY,
    FIRST_ENTRY,
    END_ENTRY,
    TOKEN,
    FREE_TAGS,
    FIRST_TAG,
    TAGS,
    LANDED,
    _LANDED_TAIL,
    _LANDED_FREE,
    _LANDED_LEFT,
    _LANDED_PLACE,
    _LANDED_BUFFER,
    OLDEST,
    NEWEST,
    OPEN_ROW,
    OPEN_ROWS,
    ENTRY_BUFFER,
    AT_WORD,
    AT_BANK,
    AT_PORT,
    AT_CHANNEL,
    AT_QUEUE,
    ISSUED,
    LAST_SCAN,
    FIRST_FLIT,
    FREE_ROWS,
    FIRST_RELEASE,
    RELEASES,
    RELEASE_RING,
    MERGED_AT,
    LAST_WRITE,
    HELD,
) = range(34)
UNIT_SIZE = 34
ABSENT, NOT_LOOKED = -1, -2
"""Banks of a word that is all zero, and of an entry that has not been looked up."""

# A row that has an accumulator.
OUTSTANDING, ENDED = range(2)
ROW_SIZE = 2

# The words of `w`: the cycle that comes next, units not done, the last cycle in which anything moved, the end of the tile;
# then what is counted, then unit-cycles by cause, then masks.
CYCLE, ACTIVE, MOVED_AT, END = range(4)
COUNTED: tuple[str, ...] = (
    "list_entries",
    "entries_dropped",
    "requests",
    "x_bank_reads",
    "replies",
    "request_hops",
    "reply_hops",
    "accumulator_updates",
    "rows_merged",
    "output_bank_writes",
    "operand_reads",
    "bank_accumulates",
)
"""What the kernels count, by the names of the outcomes' fields."""
FIRST_COUNT = 4
(
    LIST_ENTRIES,
    ENTRIES_DROPPED,
    REQUESTS_SENT,
    X_BANK_READS,
    REPLIES_CONSUMED,
    REQUEST_HOPS,
    REPLY_HOPS,
    ACCUMULATOR_UPDATES,
    ROWS_MERGED,
    OUTPUT_BANK_WRITES,
    OPERAND_READS,
    BANK_ACCUMULATES,
) = range(FIRST_COUNT, FIRST_COUNT + len(COUNTED))
OUTSTANDING_NOW, DELIVERED, LATENCY_SUM, OUTSTANDING_SUM = range(FIRST_COUNT, FIRST_COUNT + 4)
"""What is counted of a network alone, in the same words."""
FIRST_CAUSE = FIRST_COUNT + len(COUNTED)
FIRST_MASK = FIRST_CAUSE + len(CAUSES)

COMPUTING = FIRST_CAUSE + CAUSE["computing"]
DRAIN = FIRST_CAUSE + CAUSE["drain"]
BANK_CONFLICT = FIRST_CAUSE + CAUSE["bank_conflict"]
NETWORK_CONTENTION = FIRST_CAUSE + CAUSE["network_contention"]
LATENCY = FIRST_CAUSE + CAUSE["latency"]
ACCUMULATORS_FULL = FIRST_CAUSE + CAUSE["accumulators_full"]
ISSUE = FIRST_CAUSE + CAUSE["issue"]
