"""X and W come in: fill after fill, part after part, chunk after chunk."""

from __future__ import annotations

from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.system.events import after, await_outputs, begin, follow, happened, mark, reached
from simulator.engine.compiled.system.layout import BUFFER, CHUNK_IN, Chunk, Fill, Stream, System, Transfer
from simulator.engine.compiled.system.shared import (
    all_begun,
    begin_transfer,
    end_chunk,
    free_staging,
    new_chunk,
    next_chunk,
    pass_over,
    passed,
    serve,
    take,
)

NEXT_FILL, OUTPUTS_BACK, NEXT_PART, ROOM, LEFT, IN_ORDER, MOVES = range(7)
"""Steps of a loader."""
BEGINS, BETWEEN, STAGED, PASSES = range(4)
"""Where the part that a loader moves stands."""
ASKS_DRAM, LEAVES_DRAM, ON_TRUNK = range(3)
"""Steps of a chunk, before its last ones."""


@part
def part_moved(system: System, stream: Stream, fill: Fill, of: Transfer) -> bool:
    """Go on with the part at hand: whether it is on its way, from the buffer: here."""
    loader, moved, pace = stream.loader, stream.parts[stream.part], stream.pace
    if stream.stage == BEGINS:
        if fill.home == BUFFER:
            system.buffer_read_bytes += moved.bytes
            stream.trunk_bytes += moved.bytes
            stream.stage = PASSES
            cycles = -(-moved.bytes // min(stream.rate, system.buffer_rate))
            pass_over(system, loader, stream.from_buffer, max(cycles, moved.bank_cycles))
            return False
        begin_transfer(pace, moved.bytes, moved.bytes, stream.rate, moved.bank_cycles)
    elif stream.stage == PASSES:
        if not passed(system, loader):
            return False
        stream.stage = BEGINS
        return True
    else:
        chunk = new_chunk(system, CHUNK_IN, of, stream.staging)
        chunk.size = pace.chunk
        chunk.cycles = pace.cycles
        chunk.route = stream.from_dram
        if fill.kept:
            system.buffer_write_bytes += pace.chunk
            chunk.route = stream.from_dram_kept
            chunk.cycles = max(pace.cycles, -(-pace.chunk // system.buffer_rate))
        stream.trunk_bytes += pace.chunk
        begin(system, chunk.event)
    if pace.done < pace.size:
        next_chunk(pace)
        stream.stage = STAGED
        take(system, stream.staging, pace.chunk, loader)
        return False
    stream.stage = BEGINS
    return True


@inline
def asked(system: System, fill: Fill, way: Transfer) -> None:
    """There is room."""
    way.asked = system.now
    if fill.operation.fetch < 0:
        fill.operation.fetch = system.now


@part
def load_x(system: System) -> None:
    """Fill after fill, into the half that was let go."""
    stream = system.x
    loader = stream.loader
    while stream.fill < stream.fill_count:
        index = stream.fill
        fill, way = stream.fills[index], stream.transfers[index]
        if loader.step == NEXT_FILL:
            loader.step = OUTPUTS_BACK
            if fill.waits:
                await_outputs(system, loader, fill.operation)
                return
        if loader.step == OUTPUTS_BACK:
            way.free = system.now
            loader.step = ROOM
            if index >= 2 and not happened(stream.transfers[index - 2].released, loader):
                return
        if loader.step == ROOM:
            loader.step = LEFT
            if fill.source >= 0 and not reached(system, system.y_gone, fill.source, loader):
                return
        if loader.step == LEFT:
            if fill.source >= 0:
                way.free = way.asked = way.here = system.now
                follow(system, way.arrived.event)
                stream.fill += 1
                loader.step = NEXT_FILL
                continue
            asked(system, fill, way)
            stream.part = fill.first
            loader.step = MOVES
        while stream.part < fill.end:
            if not part_moved(system, stream, fill, way):
                return
            stream.part += 1
        begin(system, way.event)
        stream.fill += 1
        loader.step = NEXT_FILL


@part
def load_w(system: System) -> None:
    """Part after part, each as soon as those have been taken whose room it needs."""
    stream = system.w
    loader = stream.loader
    while stream.fill < stream.fill_count:
        fill = stream.fills[stream.fill]
        if loader.step == NEXT_FILL:
            stream.part = fill.first
            loader.step = NEXT_PART
            if fill.waits:
                await_outputs(system, loader, fill.operation)
                return
        while stream.part < fill.end:
            way = stream.transfers[stream.part]
            if loader.step == NEXT_PART:
                way.free = system.now
                loader.step = ROOM
                if not reached(system, system.w_taken, system.w_room[stream.part], loader):
                    return
            if loader.step == ROOM:
                loader.step = IN_ORDER
                if fill.home == BUFFER and not reached(system, system.w_here, stream.part, loader):
                    return
            if loader.step == IN_ORDER:
                asked(system, fill, way)
                loader.step = MOVES
            if not part_moved(system, stream, fill, way):
                return
            begin(system, way.event)
            stream.part += 1
            loader.step = NEXT_PART
        stream.fill += 1
        loader.step = NEXT_FILL


@part
def chunk_in(system: System, chunk: Chunk) -> None:
    """Out of DRAM and over the trunk; then its staging is free."""
    process = chunk.process
    if chunk.step == ASKS_DRAM:
        chunk.step = LEAVES_DRAM
        after(system, serve(system, chunk.size) + system.latency, chunk.event)
    elif chunk.step == LEAVES_DRAM:
        chunk.of.left_dram = system.now
        chunk.step = ON_TRUNK
        pass_over(system, process, chunk.route, chunk.cycles)
    elif chunk.step == ON_TRUNK:
        if passed(system, process):
            system.read_bytes += chunk.size
            free_staging(system, chunk)
    else:
        end_chunk(system, chunk)


@inline
def x_here(system: System, way: Transfer) -> None:
    """A fill of X: first all its chunks have begun, then all have ended."""
    if not way.begun:
        all_begun(system, way)
        return
    way.here = system.now
    follow(system, way.arrived.event)


@inline
def w_here(system: System, way: Transfer) -> None:
    """The same for a part of W."""
    if not way.begun:
        all_begun(system, way)
        return
    way.here = system.now
    mark(system, system.w_here, way.number, way.number + 1)
