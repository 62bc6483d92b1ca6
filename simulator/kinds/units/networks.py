"""The networks of a cluster as routers, queues and wires: how wide, how deep, and what of them stands on the die."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from simulator.cost.hardware import Instance
from simulator.cost.network import NetworkLayout, NetworkPlan, RouterKind, network_layout
from simulator.cost.registers import Fifo
from simulator.cost.router import Combiner, Crossbar, Scheduler
from simulator.cost.technology import Technology
from simulator.cost.wires import RouterLink, WiringRoom
from simulator.kinds.units.machine import UnitsMachine
from simulator.machine.model import Stages
from simulator.network import NetworkSpec


def index_bits(count: int) -> int:
    """Bits that tell `count` things apart."""
    return (count - 1).bit_length()


def scatters(machine: UnitsMachine) -> bool:
    """Whether partial sums travel to the banks, instead of activations from them."""
    return machine.mapping.dataflow == "scatter"


def request_layout(machine: UnitsMachine) -> NetworkLayout:
    """The network from units to bank ports."""
    return _layout(machine.networks(Stages())[0])


def reply_layout(machine: UnitsMachine) -> NetworkLayout:
    """The network from bank ports to units."""
    return _layout(machine.networks(Stages())[1])


def _layout(network: NetworkSpec) -> NetworkLayout:
    """Networks that differ in queues or latency only share a layout."""
    return network_layout(network.topology, network.sources, network.sinks, network.radix)


class FlitBits(Struct, frozen=True):
    """Widths in bits of what the networks carry and their queues hold; a longer packet takes several such flits."""

    address: int
    """Word within the bank, bank, tag (landing register; with combined requests it waits at the unit), valid."""
    request: int
    """As a unit issues it: the address; in scatter, with as much of the sums as a link takes at once."""
    reply: int
    """As a bank sends it: the word, or as much of it as a link takes at once; tag, valid."""
    bank_queue: int
    """A request at its bank: the bank is known, the unit must be remembered, or a bit a unit of combined requests."""
    reply_queue: int
    """A reply at its bank: with the unit, or the units, that it goes to."""
    routed_request: int
    """Between routers a request also carries its unit, which a single crossbar knows by its input."""
    routed_reply: int
    """Between routers a reply also carries its unit, and its port where routers behind the first choose paths."""


def flit_bits(machine: UnitsMachine) -> FlitBits:
    """Flit and queue widths of a gather machine."""
    fabric = machine.fabric
    tag_bits, bank_bits = 0 if fabric.combines else index_bits(fabric.window), index_bits(fabric.banks_per_copy)
    unit_bits = fabric.units_per_cluster if fabric.combines else index_bits(fabric.units_per_cluster)
    address = index_bits(machine.bank_words) + bank_bits + tag_bits + 1
    request = address + (_payload_bits(machine, machine.fabric.lanes * machine.datatypes.accumulate_bits) if scatters(machine) else 0)
    reply = _payload_bits(machine, machine.word_bits) + tag_bits + 1
    folds_inside = fabric.has_network and reply_layout(machine).folds_inside
    return FlitBits(
        address=address,
        request=request,
        reply=reply,
        bank_queue=request - bank_bits + unit_bits,
        reply_queue=reply + unit_bits,
        routed_request=request + unit_bits,
        routed_reply=reply + unit_bits + (index_bits(fabric.banks_per_copy * fabric.bank_ports) if folds_inside else 0),
    )


def _payload_bits(machine: UnitsMachine, packet_bits: int) -> int:
    """Bits of a packet that a flit carries: no wider link is built than what it carries, and wires to a unit take all."""
    fabric = machine.fabric
    if not fabric.has_network:
        return packet_bits
    return min(packet_bits, machine.word_bits if fabric.network.link_bits == "auto" else fabric.network.link_bits)


def request_flits(machine: UnitsMachine) -> int:
    """Flits of a request, 1 without a network."""
    return machine.request_flits if machine.fabric.has_network else 1


def reply_flits(machine: UnitsMachine) -> int:
    """Flits of a reply, 1 without a network."""
    return machine.reply_flits if machine.fabric.has_network else 1


def word_network(
    technology: Technology,
    name: str,
    layout: NetworkLayout,
    slices: int,
    *,
    bits: tuple[int, int],
    address_bits: Callable[[RouterKind], int],
    arbitrated: bool,
) -> NetworkPlan:
    """A network that carries words, in slices; past all of them run each router's grant, and the address for the split banks.

    `bits`: of a flit of a single router, and of one between routers. `address_bits`: at a router of a kind.
    """
    whole, routed = bits
    crossbars = []
    for kind in layout.routers:
        control_bits = address_bits(kind) + index_bits(max(kind.inputs, kind.outputs))
        width = routed if layout.links else whole
        crossbars.append(Crossbar(technology, kind.inputs, kind.outputs, width, arbitrated, slices, control_bits))
    return NetworkPlan(name, layout, tuple(crossbars))


def schedulers(machine: UnitsMachine, technology: Technology, layout: NetworkLayout, allocation: int) -> tuple[Scheduler, ...]:
    """One a kind of router, where inputs keep a queue an output; replies wait in FIFOs and need none.

    `allocation`: cycles of a matching.
    """
    network = machine.fabric.network
    if network.queues == "fifo":
        return ()
    return tuple(Scheduler(technology, kind.inputs, kind.outputs, network.iterations, allocation) for kind in layout.routers)


def combiners(machine: UnitsMachine, technology: Technology, layout: NetworkLayout) -> tuple[Combiner, ...]:
    """One a kind of router, where requests for a word go together."""
    if not machine.fabric.combines:
        return ()
    network, address_bits = machine.fabric.network, index_bits(machine.bank_words)
    sizes = (address_bits, network.queues == "voq", network.iterations)
    return tuple(Combiner(technology, kind.inputs, kind.outputs, *sizes) for kind in layout.routers)


class RouterQueue(Struct, frozen=True):
    """Buffers of one size, in one cluster."""

    fifo: Fifo
    """A slot is a flit; a packet finds room as a whole."""
    count: int
    share: float
    """Of all hops of uniform traffic."""


def request_queues(machine: UnitsMachine, technology: Technology, stages: Stages) -> tuple[RouterQueue, ...]:
    """Request slots of every buffer: what its queues could hold, but never more than can be outstanding.

    Behind a link of L stages a queue has L slots more, so that latency alone never throttles; and every queue as many more
    as flits wait in it for an allocation that has begun. A queue that no route uses is not built.
    """
    (network, _), bits, sized = machine.networks(stages), flit_bits(machine), []
    for buffer in request_layout(machine).buffers:
        queues = buffer.channels if network.queues == "voq" else 1
        waiting = queues * network.slots(fed=buffer.fed) + stages.allocation - 1
        slots = min(waiting, buffer.sources * machine.fabric.window)
        width = bits.request if buffer.fed else bits.routed_request
        sized.append((slots * request_flits(machine), width, buffer.count, buffer.share))
    return _alike(technology, sized)


def reply_queues(machine: UnitsMachine, technology: Technology, stages: Stages) -> tuple[RouterQueue, ...]:
    """Reply slots of every buffer, one queue each: behind a bank as many more as its read takes, behind a link L more."""
    (_, network), bits, sized = machine.networks(stages), flit_bits(machine), []
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


def network_blocks(plans: Sequence[NetworkPlan], machine: UnitsMachine, technology: Technology, stages: Stages) -> Iterator[Instance]:
    """What stands in the clusters: routers and the links between them, their queues, and the queues of the banks."""
    clusters = machine.fabric.clusters
    queues = {plan.name: ROUTER_QUEUES[plan.name](machine, technology, stages) for plan in plans}
    for plan in plans:
        yield from _routers(plan, clusters)
        yield from _links(plan, plan.slice_side_mm(queues_mm2(queues[plan.name])), clusters)
    for queue in queues["request_network"]:
        yield Instance("queues", "request queue", queue.fifo, clusters * queue.count, queue.share)
    yield _bank_queues(machine, technology, stages)
    if machine.fabric.combines:
        yield _tag_lines(machine, technology, stages)
    for queue in queues.get("reply_network", ()):
        yield Instance("queues", "reply queue", queue.fifo, clusters * queue.count, queue.share)


def direct_queues(machine: UnitsMachine, technology: Technology) -> Iterator[Instance]:
    """Between a copy and its only unit: with one request a cycle, a bank's own address register is queue enough."""
    fabric = machine.fabric
    ports = fabric.clusters * fabric.banks_per_copy * fabric.bank_ports
    if fabric.issue_width > 1:
        yield Instance("queues", "bank queue", Fifo(technology, fabric.bank_queue, flit_bits(machine).bank_queue), ports)


def _bank_queues(machine: UnitsMachine, technology: Technology, stages: Stages) -> Instance:
    """A queue behind a pipeline of L stages has L slots more, so that latency alone never throttles."""
    fabric, flits = machine.fabric, request_flits(machine)
    queue = Fifo(technology, flits * (fabric.bank_queue + machine.networks(stages)[0].latency), flit_bits(machine).bank_queue)
    return Instance("queues", "bank queue", queue, fabric.clusters * fabric.banks_per_copy * fabric.bank_ports, float(flits))


def _tag_lines(machine: UnitsMachine, technology: Technology, stages: Stages) -> Instance:
    """Combined requests leave their tags at their units, which take them up in order: a word is back a fixed time after its grant."""
    fabric = machine.fabric
    requests, replies = machine.networks(stages)
    line = Fifo(technology, requests.latency + stages.read + replies.latency, max(1, index_bits(fabric.window)))
    return Instance("queues", "tag line", line, fabric.units)


def _routers(plan: NetworkPlan, clusters: int) -> Iterator[Instance]:
    for kind, crossbar in zip(plan.layout.routers, plan.crossbars, strict=True):
        yield Instance(plan.name, "crossbar", crossbar, clusters * kind.count, kind.share)
    for kind, scheduler in zip(plan.layout.routers, plan.schedulers, strict=False):
        yield Instance(plan.name, "scheduler", scheduler, clusters * kind.count, kind.share)
    for kind, combiner in zip(plan.layout.routers, plan.combiners, strict=False):
        yield Instance(plan.name, "combiner", combiner, clusters * kind.count, kind.share)
    missing_mm2 = plan.placed_mm2 - plan.routers_mm2
    if missing_mm2 > 0:
        yield Instance(plan.name, "room for wires", WiringRoom(plan.crossbars[0].technology, missing_mm2), clusters)


def _links(plan: NetworkPlan, side_mm: float, clusters: int) -> Iterator[Instance]:
    layout, first = plan.layout, plan.crossbars[0]
    if layout.links:
        link = RouterLink(first.technology, first.width_bits, layout.mean_link * side_mm, layout.link_per_hop * side_mm)
        yield Instance(plan.name, "links", link, clusters * layout.links)
