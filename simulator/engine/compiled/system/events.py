"""The queue of events in SimPy's order, and who waits for what."""

from __future__ import annotations

from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.system.layout import Event, Line, Operation, Process, Signal, System, Tally


@inline
def append(line: Line, event: Event) -> None:
    """Put an event at the end of a line."""
    event.next = line.none
    if line.first:
        line.last.next = event
    else:
        line.first = event
    line.last = event


@inline
def pop(line: Line) -> Event:
    """Take the first event out of a line that has one."""
    event = line.first
    line.first = event.next
    return event


@inline
def begin(system: System, event: Event) -> None:
    """A process begins in this cycle, before anything that has happened is shown."""
    append(system.beginning, event)


@inline
def follow(system: System, event: Event) -> None:
    """An event comes in this cycle, after all that were made before it."""
    append(system.following, event)


@inline
def before(event: Event, other: Event) -> bool:
    """Whether an event of the heap comes before another one."""
    return event.due < other.due or (event.due == other.due and event.order < other.order)


@part
def after(system: System, cycles: int, event: Event) -> None:
    """An event comes so many cycles later."""
    if cycles == 0:
        follow(system, event)
        return
    event.due = system.now + cycles
    event.order = system.made
    system.made += 1
    place = system.later
    system.later = place + 1
    while place:
        parent = (place - 1) >> 1
        if before(system.heap[parent], event):
            break
        system.heap[place] = system.heap[parent]
        place = parent
    system.heap[place] = event


@part
def earliest(system: System) -> Event:
    """Take the first event out of the heap."""
    event = system.heap[0]
    system.later -= 1
    last, count = system.heap[system.later], system.later
    place = 0
    while 2 * place + 1 < count:
        child = 2 * place + 1
        if child + 1 < count and before(system.heap[child + 1], system.heap[child]):
            child += 1
        if before(last, system.heap[child]):
            break
        system.heap[place] = system.heap[child]
        place = child
    system.heap[place] = last
    return event


@inline
def next_event(system: System) -> Event:
    """The one that comes next, if any: of this cycle, what begins, then what was made in earlier cycles, then all else."""
    if system.beginning.first:
        return pop(system.beginning)
    if system.later and system.heap[0].due == system.now:
        return earliest(system)
    if system.following.first:
        return pop(system.following)
    if not system.later:
        return system.following.none
    system.now = system.heap[0].due
    return earliest(system)


@inline
def happened(signal: Signal, process: Process) -> bool:
    """Whether something has happened; else the process is told when it does."""
    if not signal.given:
        signal.waiter = process
    return signal.given != 0


@inline
def all_back(operation: Operation) -> bool:
    """Whether the outputs are back of all operations that one is made from."""
    back = 1
    for place in range(operation.depends_count):
        back &= operation.depends_on[place].given
    return back != 0


@inline
def reached(system: System, tally: Tally, count: int, process: Process) -> bool:
    """Whether it has happened to the first so many; else the process is told when it has."""
    if tally.count < count:
        process.wants = count
        append(tally.waiting, process.event)
        return False
    return True


@part
def mark(system: System, tally: Tally, first: int, end: int) -> None:
    """It happens to a run of parts."""
    tally.ahead[first] = end
    while tally.ahead[tally.count]:
        tally.count = tally.ahead[tally.count]
    event = tally.waiting.first
    tally.waiting.first = event.none
    while event:
        following = event.next
        if event.process.wants <= tally.count:
            follow(system, event)
        else:
            append(tally.waiting, event)
        event = following


@inline
def await_outputs(system: System, process: Process, operation: Operation) -> None:
    """A process goes on when the outputs are back of all operations that one is made from; even if they are, others come first."""
    process.awaits = operation
    if all_back(operation):
        follow(system, process.event)
    else:
        append(system.awaiting, process.event)


@part
def tell_outputs_back(system: System) -> None:
    """The outputs of an operation are back: those go on that have waited for it last."""
    event = system.awaiting.first
    system.awaiting.first = event.none
    while event:
        following = event.next
        if all_back(event.process.awaits):
            follow(system, event)
        else:
            append(system.awaiting, event)
        event = following
