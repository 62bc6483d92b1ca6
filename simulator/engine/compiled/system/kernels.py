"""The loop over events."""

from __future__ import annotations

from simulator.engine.compiled.bits import part
from simulator.engine.compiled.intrinsics import first_record
from simulator.engine.compiled.records import Numbers
from simulator.engine.compiled.system.drains import chunk_out, unload, written_back
from simulator.engine.compiled.system.events import next_event, tell_outputs_back
from simulator.engine.compiled.system.layout import (
    CHUNK_IN,
    CHUNK_OUT,
    DONE,
    LET_GO,
    LOADS_W,
    LOADS_X,
    RUNS_TILES,
    SIGNAL,
    UNLOADS,
    W_HERE,
    WRITTEN_BACK,
    X_HERE,
    Event,
    Process,
    System,
)
from simulator.engine.compiled.system.loads import chunk_in, load_w, load_x, w_here, x_here
from simulator.engine.compiled.system.shared import grant
from simulator.engine.compiled.system.tiles import run_tiles

system_of = first_record(System)


@part
def go_on(system: System, process: Process) -> None:
    """A process goes on that waits for things that happen once."""
    if process.role == LOADS_X:
        load_x(system)
    elif process.role == LOADS_W:
        load_w(system)
    elif process.role == RUNS_TILES:
        run_tiles(system)
    elif process.role == UNLOADS:
        unload(system)


@part
def run_event(system: System, event: Event) -> None:
    """What an event brings about."""
    role = event.role
    if role == CHUNK_IN:
        chunk_in(system, event.chunk)
    elif role == CHUNK_OUT:
        chunk_out(system, event.chunk)
    elif role == LET_GO:
        grant(system, event.meter)
    elif role == X_HERE:
        x_here(system, event.transfer)
    elif role == W_HERE:
        w_here(system, event.transfer)
    elif role == WRITTEN_BACK:
        written_back(system, event.transfer)
    elif role >= SIGNAL:
        event.signal.given = 1
        if role == DONE:
            tell_outputs_back(system)
        elif event.signal.waiter:
            go_on(system, event.signal.waiter)
    else:
        go_on(system, event.process)


def run_system(memory: Numbers, most: int) -> None:
    """Run so many events, or all that there are."""
    system = system_of(memory)
    for _ in range(most):
        event = next_event(system)
        if not event:
            system.over = 1
            return
        run_event(system, event)
