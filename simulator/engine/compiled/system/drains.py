"""Rows leave, with sums that come back: drain after drain, part after part, chunk after chunk."""

from __future__ import annotations

from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.system.events import after, begin, follow, happened, mark, reached
from simulator.engine.compiled.system.layout import CHIP, CHUNK_OUT, DRAM, Chunk, Drain, Part, System, Transfer
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

NEXT_DRAIN, SUMS_THERE, NEXT_PART, WRITTEN, SKEWED, SUMMED, ROWS, PASSES, BETWEEN, STAGED, ON_BUS = range(11)
"""Steps of what unloads."""
READS, HAS_READ, HAS_WRITTEN = range(3)
"""Steps of a chunk, before its last ones."""


@part
def unload(system: System) -> None:
    """Drains in order: the bus serves the rows of one half before those of the next."""
    unloader = system.unloader
    while system.drain < system.drain_count:
        drain, of = system.drains[system.drain], system.y_transfers[system.drain]
        if unloader.step == NEXT_DRAIN:
            unloader.step = SUMS_THERE
            if drain.after >= 0 and not happened(system.y_transfers[drain.after].arrived, unloader):
                return
        if unloader.step == SUMS_THERE:
            system.part = drain.first
            unloader.step = NEXT_PART
        while system.part < drain.end:
            if not part_gone(system, drain, of):
                return
            mark(system, system.y_gone, system.part, system.part + 1)
            system.part += 1
            unloader.step = NEXT_PART
        if drain.w_first < drain.w_end:
            mark(system, system.w_taken, drain.w_first, drain.w_end)
        begin(system, of.event)
        system.drain += 1
        unloader.step = NEXT_DRAIN


@part
def part_gone(system: System, drain: Drain, of: Transfer) -> bool:
    """Go on with a part of a drain: whether it has left."""
    unloader, gone = system.unloader, system.y_parts[system.part]
    if unloader.step == NEXT_PART:
        unloader.step = WRITTEN
        if not reached(system, system.y_written, system.part + 1, unloader):
            return False
    if unloader.step == WRITTEN:
        unloader.step = SKEWED
        if drain.delay and system.part == drain.first:
            after(system, max(0, drain.computed + drain.delay - system.now), unloader.event)
            return False
    if unloader.step == SKEWED:
        unloader.step = ROWS
        if not drain.sums_in_dram and (gone.sums_bus or gone.sums_back):
            system.buffer_read_bytes += gone.sums_back
            system.buffer_write_bytes += gone.sums_out
            system.drain_bytes += gone.sums_bus
            unloader.step = SUMMED
            pass_over(system, unloader, system.to_sums, gone.sums_cycles)
            return False
    if unloader.step == SUMMED:
        if not passed(system, unloader):
            return False
        unloader.step = ROWS
    if unloader.step == ROWS:
        begin_rows(system, drain, gone)
        if unloader.step == PASSES:
            return False
    elif unloader.step == PASSES:
        return passed(system, unloader)
    return chunks_gone(system, of)


@inline
def begin_rows(system: System, drain: Drain, gone: Part) -> None:
    """Finished rows begin to leave."""
    unloader = system.unloader
    system.drain_bytes += gone.bus_bytes
    unloader.step = PASSES
    if drain.home == DRAM:
        staged = max(gone.read, gone.written)
        alone = 0 if staged else max(-(-gone.bus_bytes // system.drain_rate), gone.bank_cycles)
        if alone:  # of a part of which DRAM moves nothing, what the bus carries takes its time all the same
            pass_over(system, unloader, system.on_bus, alone)
            return
        system.leaving_read, system.leaving_written = gone.read, gone.written
        begin_transfer(system.leaving, staged, gone.bus_bytes, system.drain_rate, gone.bank_cycles)
        unloader.step = BETWEEN
        return
    on_bus = -(-gone.bus_bytes // system.drain_rate)
    port = -(-gone.bytes // system.buffer_rate)
    cycles = max(on_bus, port, gone.bank_cycles)
    if drain.home == CHIP:
        system.x.trunk_bytes += gone.bytes
        pass_over(system, unloader, system.to_copies, cycles)
    else:
        system.buffer_write_bytes += gone.bytes
        pass_over(system, unloader, system.to_buffer, cycles)


@part
def chunks_gone(system: System, of: Transfer) -> bool:
    """Go on with rows and sums that go to DRAM: whether all chunks have left."""
    unloader, pace = system.unloader, system.leaving
    if unloader.step == STAGED:
        unloader.step = ON_BUS
        pass_over(system, unloader, system.on_bus, pace.cycles)
        return False
    if unloader.step == ON_BUS:
        if not passed(system, unloader):
            return False
        chunk = new_chunk(system, CHUNK_OUT, of, system.y_staging)
        chunk.size = pace.chunk
        before = pace.done - pace.chunk
        chunk.read = system.leaving_read * pace.done // pace.size - system.leaving_read * before // pace.size
        chunk.written = system.leaving_written * pace.done // pace.size - system.leaving_written * before // pace.size
        begin(system, chunk.event)
    if pace.done == pace.size:
        return True
    next_chunk(pace)
    unloader.step = STAGED
    take(system, system.y_staging, pace.chunk, unloader)
    return False


@part
def chunk_out(system: System, chunk: Chunk) -> None:
    """Sums are read and added to, where there are any; then all is written, and its staging is free."""
    if chunk.step == READS:
        chunk.step = HAS_READ
        if chunk.read:
            system.read_bytes += chunk.read
            after(system, serve(system, chunk.read) + system.latency, chunk.event)
            return
    if chunk.step == HAS_READ:
        chunk.step = HAS_WRITTEN
        if chunk.written:
            system.written_bytes += chunk.written
            after(system, serve(system, chunk.written), chunk.event)
            return
    if chunk.step == HAS_WRITTEN:
        free_staging(system, chunk)
    else:
        end_chunk(system, chunk)


@inline
def written_back(system: System, of: Transfer) -> None:
    """A drain: first all its chunks have begun, then all have ended."""
    if not of.begun:
        all_begun(system, of)
        return
    operation = system.drains[of.number].operation
    follow(system, of.arrived.event)
    operation.undrained -= 1
    operation.end = system.now
    if not operation.undrained:
        follow(system, operation.event)
