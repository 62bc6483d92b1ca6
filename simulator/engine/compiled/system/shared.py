"""What processes share: resources that serve one at a time, staging, and DRAM; and transfers, chunk after chunk."""

from __future__ import annotations

from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.exact_rate import later
from simulator.engine.compiled.system.events import after, append, follow, pop
from simulator.engine.compiled.system.layout import Chunk, Meter, Pace, Process, Route, Staging, System, Transfer
from simulator.machine.model import DMA_CHUNK_BYTES

OUT_OF_STAGING, ENDS = 3, 4
"""Last steps of every chunk, after the three of its direction."""


@inline
def grant(system: System, meter: Meter) -> None:
    """A resource that is free serves who has waited longest."""
    if not meter.held and meter.waiting.first:
        meter.held = 1
        follow(system, pop(meter.waiting))


@inline
def request(system: System, process: Process) -> None:
    """A process waits for the next resource of its route."""
    meter = process.route.meters[process.taken]
    append(meter.waiting, process.event)
    grant(system, meter)


@inline
def pass_over(system: System, process: Process, route: Route, cycles: int) -> None:
    """A process begins to take all resources of a route, to hold them together for so many cycles."""
    process.route = route
    process.cycles = cycles
    process.taken = 0
    request(system, process)


@part
def passed(system: System, process: Process) -> bool:
    """Go on with that: whether it has held them all, and let them go, the last one first."""
    route = process.route
    if process.taken == route.count:
        for place in range(route.count - 1, -1, -1):
            meter = route.meters[place]
            meter.held = 0
            follow(system, meter.event)
        return True
    route.meters[process.taken].busy += process.cycles
    process.taken += 1
    if process.taken < route.count:
        request(system, process)
    else:
        after(system, process.cycles, process.event)
    return False


@inline
def take(system: System, staging: Staging, size: int, process: Process) -> None:
    """A process waits until it has so many bytes of staging."""
    process.wants = size
    staging.waiter = process
    give(system, staging)


@inline
def give(system: System, staging: Staging) -> None:
    """Who waits for staging has it, if it is enough."""
    process = staging.waiter
    if process and process.wants <= staging.free:
        staging.free -= process.wants
        staging.waiter = process.none.process
        follow(system, process.event)


@part
def serve(system: System, size: int) -> int:
    """Cycles until DRAM is done with so many bytes that are asked for now (`ExactRate`)."""
    if system.now > system.served:
        system.served, system.served_rest = system.now, 0
    system.served, system.served_rest = later(
        system.served, system.served_rest, size, system.rate_bytes, system.byte_cycles, system.byte_rest
    )
    return system.served + (system.served_rest > 0) - system.now


@inline
def begin_transfer(pace: Pace, size: int, bus_bytes: int, rate: int, bank_cycles: int) -> None:
    """A transfer of so many bytes begins (`paced_chunks`). A bus that is wider than all of it takes a cycle, however wide it is."""
    pace.size = size
    pace.bus_bytes = bus_bytes
    pace.rate = max(1, min(rate, bus_bytes))
    pace.bank_cycles = bank_cycles
    pace.done = 0
    pace.passed = 0


@part
def next_chunk(pace: Pace) -> None:
    """Turn to the next chunk of a transfer."""
    stop = min(pace.done + DMA_CHUNK_BYTES, pace.size)
    on_bus = -(-pace.bus_bytes * stop // (pace.size * pace.rate))
    passed_then = max(on_bus, -(-pace.bank_cycles * stop // pace.size))
    pace.chunk = stop - pace.done
    pace.cycles = passed_then - pace.passed
    pace.done = stop
    pace.passed = passed_then


@inline
def new_chunk(system: System, role: int, of: Transfer, staging: Staging) -> Chunk:
    """A chunk of a transfer, in a record that is not in use."""
    event = system.freed_chunk
    if event:
        system.freed_chunk = event.next
    else:
        event = system.chunks[system.used_chunks].event
        system.used_chunks += 1
    chunk = event.chunk
    chunk.role = role
    chunk.step = 0
    chunk.of = of
    chunk.staging = staging
    of.pending += 1
    return chunk


@inline
def free_staging(system: System, chunk: Chunk) -> None:
    """A chunk is through: its staging is free."""
    chunk.step = OUT_OF_STAGING
    chunk.staging.free += chunk.size
    follow(system, chunk.event)


@part
def end_chunk(system: System, chunk: Chunk) -> None:
    """Who waits for the staging of a chunk has it; then that has ended, and the last one of a transfer that has begun all ends it."""
    if chunk.step == OUT_OF_STAGING:
        chunk.step = ENDS
        give(system, chunk.staging)
        follow(system, chunk.event)
        return
    of = chunk.of
    of.pending -= 1
    if of.begun and of.pending == 0:
        follow(system, of.event)
    chunk.event.next = system.freed_chunk
    system.freed_chunk = chunk.event


@inline
def all_begun(system: System, of: Transfer) -> None:
    """All chunks of a transfer have begun."""
    of.begun = 1
    if of.pending == 0:
        follow(system, of.event)
