"""The queues in the routers: slots and widths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.cost.fifo import Fifo
from simulator.cost.flit_widths import flit_bits, reply_flits, reply_layout, request_flits, request_layout
from simulator.cost.technology import Technology
from simulator.machine.model import Machine


@dataclass(frozen=True)
class RouterQueue:
    """Buffers of one size, in one cluster."""

    fifo: Fifo
    """A slot is a flit; a packet finds room as a whole."""
    count: int
    share: float
    """Of all hops of uniform traffic."""


def request_queues(machine: Machine, technology: Technology, latency: int) -> tuple[RouterQueue, ...]:
    """Request slots of every buffer: what its queues could hold, but never more than can be outstanding.

    Behind a link of L stages a queue has L slots more, so that latency alone never throttles. A queue that no route
    uses is not built.
    """
    fabric, bits, sized = machine.gather, flit_bits(machine), []
    network, _ = machine.networks(latency)
    for buffer in request_layout(machine).buffers:
        queues = buffer.channels if network.queues == "voq" else 1
        slots = min(queues * network.slots(fed=buffer.fed), buffer.sources * fabric.window)
        width = bits.request if buffer.fed else bits.routed_request
        sized.append((slots * request_flits(machine), width, buffer.count, buffer.share))
    return _alike(technology, sized)


def reply_queues(machine: Machine, technology: Technology, latency: int) -> tuple[RouterQueue, ...]:
    """Reply slots of every buffer, one queue each: behind a bank as many more as its read takes, behind a link L more."""
    (_, network), bits, sized = machine.networks(latency), flit_bits(machine), []
    for buffer in reply_layout(machine).buffers:
        slots = network.slots(fed=buffer.fed)
        width = bits.reply_queue if buffer.fed else bits.routed_reply
        sized.append((slots * reply_flits(machine), width, buffer.count, buffer.share))
    return _alike(technology, sized)


ROUTER_QUEUES = {"request_network": request_queues, "reply_network": reply_queues}
"""By network."""


def queues_mm2(queues: Iterable[RouterQueue]) -> float:
    """Placed area of the queues of one cluster."""
    return sum(queue.count * queue.fifo.area().placed_mm2 for queue in queues)


def _alike(technology: Technology, sized: Iterable[tuple[int, int, int, float]]) -> tuple[RouterQueue, ...]:
    kinds: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
    for slots, width, count, share in sized:
        kinds[slots, width].append((count, share))
    return tuple(
        RouterQueue(Fifo(technology, *size), sum(count for count, _ in members), sum(share for _, share in members))
        for size, members in sorted(kinds.items())
    )
