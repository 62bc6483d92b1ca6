"""The hardware of the networks of all clusters: routers, links, room for wires, queues."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.cost.flit_widths import flit_bits, index_bits, request_flits, scatters
from simulator.cost.instance import Instance
from simulator.cost.network_plan import NetworkPlan, networks
from simulator.cost.network_queues import ROUTER_QUEUES, queues_mm2
from simulator.cost.registers import Fifo
from simulator.cost.router import Crossbar
from simulator.cost.technology import Technology
from simulator.cost.wires import RouterLink, WiringRoom
from simulator.machine.model import Machine


def network_blocks(machine: Machine, technology: Technology, slices: int, latency: int) -> Iterator[Instance]:
    """What stands in the clusters: routers and the links between them, their queues, and the queues of the banks."""
    clusters = machine.gather.clusters
    plans = networks(machine, technology, slices)
    queues = {plan.name: ROUTER_QUEUES[plan.name](machine, technology, latency) for plan in plans}
    for plan in plans:
        yield from _routers(plan, clusters)
        yield from _links(plan, plan.slice_side_mm(queues_mm2(queues[plan.name])), clusters)
    if scatters(machine):
        yield acknowledgements(machine, technology)
    for queue in queues["request_network"]:
        yield Instance("queues", "request queue", queue.fifo, clusters * queue.count, queue.share)
    yield _bank_queues(machine, technology, latency)
    if machine.gather.combines:
        yield _tag_lines(machine, technology, latency)
    for queue in queues.get("reply_network", ()):
        yield Instance("queues", "reply queue", queue.fifo, clusters * queue.count, queue.share)


def network_stages(machine: Machine, technology: Technology, slices: int, latency: int) -> int:
    """Pipeline stages of a router and its longest link, the most of all, if queues are as deep as `latency` asks."""
    return max(
        plan.stages(machine.clock_ghz, queues_mm2(ROUTER_QUEUES[plan.name](machine, technology, latency)))
        for plan in networks(machine, technology, slices)
    )


def acknowledgements(machine: Machine, technology: Technology) -> Instance:
    """Scatter: from every bank port to every unit one wire a slot of its window, ORed at the unit, so that none collides."""
    fabric = machine.gather
    wires = Crossbar(technology, fabric.banks_per_copy * fabric.bank_ports, fabric.units_per_cluster, fabric.window, False)
    return Instance("reply_network", "acknowledgements", wires, fabric.clusters, 1 / fabric.window)


def _bank_queues(machine: Machine, technology: Technology, latency: int) -> Instance:
    """A queue behind a pipeline of L stages has L slots more, so that latency alone never throttles."""
    fabric, flits = machine.gather, request_flits(machine)
    queue = Fifo(technology, flits * (fabric.bank_queue + latency), flit_bits(machine).bank_queue)
    return Instance("queues", "bank queue", queue, fabric.clusters * fabric.banks_per_copy * fabric.bank_ports, float(flits))


def _tag_lines(machine: Machine, technology: Technology, latency: int) -> Instance:
    """Combined requests leave their tags at their units, which take them up in order: a word is back a fixed time after its grant."""
    fabric = machine.gather
    line = Fifo(technology, 2 * latency + fabric.read_latency, max(1, index_bits(fabric.window)))
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
