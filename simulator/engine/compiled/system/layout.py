"""The records of the system level: what an event, a process, a resource, a stream, … knows."""

from __future__ import annotations

from simulator.engine.compiled.records import Array, Here, Inside, Nowhere, Record, Table, Wide

LOADS_X, LOADS_W, RUNS_TILES, UNLOADS, CHUNK_IN, CHUNK_OUT, X_HERE, W_HERE, WRITTEN_BACK, LET_GO, SIGNAL, DONE = range(12)
"""What an event is of: a process, by what it does; or a resource that was let go, something that was waited for, an operation."""
CHIP, BUFFER, DRAM = range(3)
WANT, WRITE, WRITTEN, TAKEN = range(4)
"""What happens to a part while a tile runs."""


class Event(Record):
    """What waits for its turn."""

    next: Event
    """In its line."""
    role: int
    due: Wide
    """Cycle; and the place among events of that cycle."""
    order: Wide

    event: Here[Event]
    process: Here[Process]
    signal: Here[Signal]
    meter: Here[Meter]
    chunk: Here[Chunk]
    transfer: Here[Transfer]
    operation: Here[Operation]
    none: Nowhere[Event]


class Line(Record):
    """Events in order."""

    first: Event
    last: Event

    none: Nowhere[Event]


class Process(Event):
    """What goes on step by step, and waits in between."""

    step: int
    taken: int
    """How many resources of its route it holds."""
    route: Route
    cycles: Wide
    """For which it will hold them all."""
    wants: Wide
    """Bytes of staging, or parts that something must have happened to, that it waits for."""
    awaits: Operation
    """That its fill is made for, whose operands' outputs must be back."""


class Signal(Event):
    """Something that happens once."""

    given: int
    waiter: Process


class Meter(Event):
    """A resource that serves one at a time, first come first served, and knows how long it was held."""

    held: int
    waiting: Inside[Line]
    busy: Wide


class Route(Record):
    """Resources that are taken in this order, and then held together."""

    meters: Table[Meter]
    count: int


class Staging(Record):
    """Bytes of staging that are free, and who waits for some."""

    free: Wide
    waiter: Process


class Tally(Record):
    """How many parts of a sequence something has happened to, and to all before them; and who waits for one of them."""

    count: int
    ahead: Array[int]
    """[parts] ends of runs of parts that come later, by their first; 0: none."""
    waiting: Inside[Line]


class Pace(Record):
    """A transfer, chunk after chunk."""

    size: Wide
    bus_bytes: Wide
    rate: Wide
    bank_cycles: Wide
    done: Wide
    passed: Wide
    """Cycles of the chunks so far."""
    chunk: Wide
    """Bytes of the one at hand, and its cycles on the bus."""
    cycles: Wide


class Transfer(Process):
    """A fill of X, a part of W or a drain, until its last chunk is through; and when it was where (`Way`)."""

    pending: int
    """Chunks of it that have begun and not ended."""
    begun: int
    """Whether all have."""
    number: int
    free: Wide
    asked: Wide
    left_dram: Wide
    here: Wide
    arrived: Inside[Signal]
    """That X is here; that the sums of a drain are where they live."""
    released: Inside[Signal]
    """Of X: that its half can be filled again."""


class Chunk(Process):
    """What is on its way through DRAM at once."""

    size: Wide
    """Bytes of staging that it takes; those that it reads and writes there."""
    read: Wide
    written: Wide
    staging: Staging
    of: Transfer


class Part(Record):
    """A part of a fill or a drain; from and to DRAM in whole bursts."""

    bytes: Wide
    bank_cycles: Wide
    bus_bytes: Wide
    """Of a drain: what the bus carries."""
    behind: int
    sums_cycles: Wide
    """Of a drain with sums in the buffer, for which they hold bus and ports; and those bytes."""
    sums_out: Wide
    sums_back: Wide
    sums_bus: Wide
    written: Wide
    """Of a drain to DRAM, of sums too."""
    read: Wide


class Fill(Record):
    """Content of half of a memory."""

    operation: Operation
    home: int
    waits: int
    kept: int
    source: int
    """Parts of drains that must have left, the last of which brings it; −1: none."""
    first: int
    end: int
    """Its parts."""


class Drain(Record):
    """Rows that leave."""

    operation: Operation
    home: int
    sums_in_dram: int
    delay: Wide
    computed: Wide
    after: int
    first: int
    end: int
    w_first: int
    """Parts of W that lie where the rows did; none: first and end are equal."""
    w_end: int


class Stream(Record):
    """How X, or W, comes in."""

    loader: Inside[Process]
    fills: Array[Fill]
    fill_count: int
    parts: Array[Part]
    transfers: Array[Transfer]
    fill: int
    """The one at hand, its part and where that one stands."""
    part: int
    stage: int
    pace: Inside[Pace]
    staging: Inside[Staging]
    rate: Wide
    from_dram: Inside[Route]
    from_dram_kept: Inside[Route]
    from_buffer: Inside[Route]
    trunk_bytes: Wide
    passed: int
    """Transfers that have been waited for."""


class Operation(Signal):
    """An operation of the workload; as a signal, that its outputs are back."""

    undrained: int
    depends_on: Table[Operation]
    depends_count: int
    fetch: Wide
    start: Wide
    end: Wide


class Moment(Record):
    """What happens while a tile runs."""

    cycle: Wide
    what: int
    part: int


class Tile(Record):
    """One round of tiles on the fabric."""

    operation: Operation
    cycles: Wide
    x: int
    y: int
    awaits: int
    """Parts of drains that must have left before it begins."""
    w_needed: int
    """Parts of W that must be here before it begins; 0 if it streams."""
    y_needed: int
    """Parts of drains that must have left before it begins; 0 if its rows do so one by one."""
    w_first: int
    y_first: int
    """Parts that those of its flows are counted from."""
    first_moment: int
    end_moment: int
    last_of_x: int
    last_of_w: int
    """Whether the parts of W that it streams are done with."""
    last_of_y: int
    w_taken: int
    """End of the parts of W that are done with at its end; 0: none."""
    y_written: int
    """End of the parts of its drain that are written at its end; 0: none."""


class System(Record):
    """A run of a program."""

    now: Wide
    over: int
    """Whether there are no more events."""
    made: Wide
    """Events that were made for a later cycle."""
    heap: Table[Event]
    later: int
    beginning: Inside[Line]
    following: Inside[Line]
    x: Inside[Stream]
    w: Inside[Stream]
    y_staging: Inside[Staging]
    fabric: Inside[Process]
    unloader: Inside[Process]
    buffer_read: Inside[Meter]
    buffer_write: Inside[Meter]
    drain_bus: Inside[Meter]
    x_trunk: Inside[Meter]
    w_trunk: Inside[Meter]
    on_bus: Inside[Route]
    to_buffer: Inside[Route]
    to_sums: Inside[Route]
    to_copies: Inside[Route]
    rate_bytes: Wide
    """DRAM moves so many bytes in so many cycles; a byte takes whole cycles and a rest, in parts of `rate_bytes`."""
    byte_cycles: Wide
    byte_rest: Wide
    served: Wide
    """When DRAM is done with all that was asked for: whole cycles and a rest."""
    served_rest: Wide
    latency: Wide
    awaiting: Inside[Line]
    """Who waits for operations."""
    w_here: Inside[Tally]
    w_taken: Inside[Tally]
    y_written: Inside[Tally]
    y_gone: Inside[Tally]
    w_room: Array[int]
    """[parts of W] parts that must have been taken before each can come."""
    chunks: Array[Chunk]
    used_chunks: int
    freed_chunk: Event
    tiles: Array[Tile]
    tile_count: int
    moments: Array[Moment]
    drains: Array[Drain]
    drain_count: int
    y_parts: Array[Part]
    y_transfers: Array[Transfer]
    tile: int
    moment: int
    at: Wide
    """The tile's own cycle."""
    waits_since: Wide
    through: Wide
    drain: int
    part: int
    leaving: Inside[Pace]
    leaving_read: Wide
    """Bytes that the transfer that leaves reads of DRAM, and writes, over all its chunks."""
    leaving_written: Wide
    buffer_rate: Wide
    drain_rate: Wide
    read_bytes: Wide
    written_bytes: Wide
    buffer_read_bytes: Wide
    buffer_write_bytes: Wide
    drain_bytes: Wide
    waited_dram: Wide
    waited_trunk: Wide
    waited_write_back: Wide
    waited_dependence: Wide
