"""What the cycle loops of every dataflow share: arrivals, bank ports, routers, and cycles in which nothing can move."""

from __future__ import annotations

from simulator.engine.compiled.allocator import step_network
from simulator.engine.compiled.bits import inline, part
from simulator.engine.compiled.layout import Fabric, Flit, Network, UnitKind
from simulator.engine.compiled.queues import append, arrivals, first_arrival, insert_by_order, insert_by_unit, leave_pipe, pop, remove
from simulator.engine.compiled.routers import arrive, wanted_of
from simulator.engine.compiled.units import ACCUMULATORS_FULL, LATENCY, ahead


@inline
def queue_request(fabric: Fabric[UnitKind], flit: Flit) -> None:
    """A request is at the end of its pipeline."""
    if fabric.ranked:
        insert_by_unit(flit.queue, flit)
    else:
        append(flit.queue, flit)


@inline
def leave(fabric: Fabric[UnitKind], flit: Flit, cycle: int) -> None:
    """Take a request out of its port's queue."""
    if fabric.ranked:
        remove(flit.queue, flit, cycle)
    else:
        pop(flit.queue, cycle)


@inline
def waiting(fabric: Fabric[UnitKind], word: int) -> int:
    """Mask of the bank ports, of 64, whose queue holds a request."""
    first = word << 6
    mask = 0
    for place in range(min(64, fabric.ports - first)):
        mask |= bool(fabric.banks[first + place].head) << place
    return mask


@inline
def land(fabric: Fabric[UnitKind], flit: Flit) -> None:
    """A word is at its unit."""
    if fabric.ranked:
        insert_by_order(flit.queue, flit)
    else:
        append(flit.queue, flit)


@part
def show_arrivals(fabric: Fabric[UnitKind], cycle: int) -> None:
    """Put the flits that are at the end of a pipeline into the queues that they go to."""
    for index in range(fabric.router_pipes):
        pipe = fabric.to_routers[index]
        for _ in range(arrivals(pipe, cycle)):
            arrive(leave_pipe(pipe))
    for index in range(fabric.bank_pipes):
        pipe = fabric.to_banks[index]
        for _ in range(arrivals(pipe, cycle)):
            queue_request(fabric, leave_pipe(pipe))
    for index in range(fabric.unit_pipes):
        pipe = fabric.to_units[index]
        for _ in range(arrivals(pipe, cycle)):
            land(fabric, leave_pipe(pipe))


@inline
def any_wanted(network: Network) -> bool:
    """Whether a flit waits anywhere in a network."""
    found = 0
    for word in range(network.channel_words):
        found |= wanted_of(network, word)
    return found != 0


@inline
def any_request(fabric: Fabric[UnitKind]) -> bool:
    """Whether a request waits at any bank."""
    found = 0
    for word in range(fabric.port_words):
        found |= waiting(fabric, word)
    return found != 0


@inline
def next_arrival(fabric: Fabric[UnitKind]) -> int:
    """First cycle in which a flit arrives anywhere, where nothing waits in a queue; 0 if none is on its way."""
    first = 0
    for index in range(fabric.router_pipes + fabric.bank_pipes + fabric.unit_pipes):
        arrival = first_arrival(fabric.to_routers[index])  # the pipelines follow each other
        if arrival >= 0 and (first == 0 or arrival < first):
            first = arrival
    return first


@part
def waits(fabric: Fabric[UnitKind]) -> bool:
    """Whether a flit waits in any queue of a router or a bank."""
    return any_request(fabric) or any_wanted(fabric.request_network) or any_wanted(fabric.reply_network)


@part
def skip(fabric: Fabric[UnitKind], release: int, cycle: int) -> int:
    """The next cycle worth a look after one in which nothing moved or waited; those between have the causes that they would have had.

    `release` is the first cycle after `cycle` in which units get back what they may wait for, 0 if there is none.
    """
    arrival = next_arrival(fabric)
    following = arrival if release == 0 or 0 < arrival < release else release
    if following == 0:
        return cycle + 1
    for index in range(fabric.active):
        unit = fabric.active_units[index]
        if unit.oldest != unit.end:
            fabric.causes[LATENCY] += following - cycle - 1
        elif not ahead(fabric, unit):
            fabric.causes[ACCUMULATORS_FULL] += following - cycle - 1
    return following


@inline
def route(network: Network, cycle: int) -> int:
    """One cycle of a network's routers, if there are any; how many flits moved."""
    return step_network(network, cycle) * network.flits if network.channel_count else 0
