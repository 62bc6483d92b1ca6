"""The networks of one cluster as crossbars and wires: sizes, slices, area, latency."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from simulator.cost.flit_widths import flit_bits, index_bits, reply_layout, request_layout, scatters
from simulator.cost.network_layout import NetworkLayout
from simulator.cost.router import Combiner, Crossbar, Scheduler
from simulator.cost.sram import PORTS_RW, SramBank
from simulator.cost.technology import Technology
from simulator.cost.wires import cut_area_mm2
from simulator.machine.model import Machine


@dataclass(frozen=True)
class NetworkPlan:
    """One network: its layout, and the crossbar (and scheduler) of each kind of router."""

    name: str
    """Component of reports."""
    layout: NetworkLayout
    crossbars: tuple[Crossbar, ...]
    schedulers: tuple[Scheduler, ...] = ()
    """None where one arbiter an output decides."""
    combiners: tuple[Combiner, ...] = ()
    """One where requests for a word go together."""

    @property
    def routers_mm2(self) -> float:
        """Placed area of all routers of one cluster."""
        return sum(kind.count * crossbar.area().placed_mm2 for kind, crossbar in zip(self.layout.routers, self.crossbars, strict=True))

    @property
    def placed_mm2(self) -> float:
        """The larger of routers and the wires of the bisection; a single router's own formula knows its wires."""
        first = self.crossbars[0]
        cut_mm2 = cut_area_mm2(first.technology, self.layout.cut_links, first.width_bits, first.slices) if self.layout.links else 0.0
        return max(self.routers_mm2, cut_mm2)

    @property
    def schedulers_mm2(self) -> float:
        """Placed area of all schedulers and combiners of one cluster: blocks of their own beside the data path."""
        blocks = (zip(self.layout.routers, beside, strict=False) for beside in (self.schedulers, self.combiners))
        return sum(kind.count * block.area().placed_mm2 for pairs in blocks for kind, block in pairs)

    def slice_side_mm(self, queues_mm2: float) -> float:
        """Side of one slice of the network, a square of its own with its routers, their queues and schedulers."""
        return math.sqrt(self._block_mm2(queues_mm2) / self.crossbars[0].slices)

    def stages(self, clock_ghz: float, queues_mm2: float) -> int:
        """Pipeline stages of a router and its longest link, over all slices: the most of all routers."""
        side_mm = math.sqrt(self._block_mm2(queues_mm2))
        sized = zip(self.layout.routers, self.crossbars, strict=True)
        return max(crossbar.stages(clock_ghz, kind.reach * side_mm) for kind, crossbar in sized)

    def _block_mm2(self, queues_mm2: float) -> float:
        return self.placed_mm2 + queues_mm2 + self.schedulers_mm2


def networks(machine: Machine, technology: Technology, slices: int) -> tuple[NetworkPlan, ...]:
    """The networks of a cluster; the one that carries words is laid out in slices.

    Gather: requests, narrow, and replies. Scatter: requests that carry the sums, and nothing but wires back.
    """
    if scatters(machine):
        sums = _word_network(machine, technology, "request_network", request_layout(machine), slices, arbitrated=True)
        return (replace(sums, schedulers=_schedulers(machine, technology, sums.layout)),)
    layout, bits = request_layout(machine), flit_bits(machine)
    width = bits.routed_request if layout.links else bits.request
    crossbars = tuple(Crossbar(technology, kind.inputs, kind.outputs, width, True) for kind in layout.routers)
    schedulers, combiners = _schedulers(machine, technology, layout), _combiners(machine, technology, layout)
    requests = NetworkPlan("request_network", layout, crossbars, schedulers, combiners)
    return requests, reply_network(machine, technology, slices)


def _schedulers(machine: Machine, technology: Technology, layout: NetworkLayout) -> tuple[Scheduler, ...]:
    """One a kind of router, where inputs keep a queue an output; replies wait in FIFOs and need none."""
    network = machine.gather.network
    if network.queues == "fifo":
        return ()
    return tuple(Scheduler(technology, kind.inputs, kind.outputs, network.iterations) for kind in layout.routers)


def _combiners(machine: Machine, technology: Technology, layout: NetworkLayout) -> tuple[Combiner, ...]:
    if not machine.gather.combines:
        return ()
    address_bits, queued = index_bits(machine.bank_words), machine.gather.network.queues == "voq"
    return tuple(Combiner(technology, kind.inputs, kind.outputs, address_bits, queued) for kind in layout.routers)


def reply_network(machine: Machine, technology: Technology, slices: int) -> NetworkPlan:
    """Bank ports to units.

    With a single router, one port a bank and whole words, every grant of a request is the grant of its reply, a fixed
    time later, so that replies cannot collide and the crossbar needs no arbiter of its own; nor where requests combine,
    and several outputs select the same input.
    """
    fabric, layout = machine.gather, reply_layout(machine)
    collides = bool(layout.links) or fabric.bank_ports > 1 or machine.reply_flits > 1
    return _word_network(machine, technology, "reply_network", layout, slices, arbitrated=collides)


def _word_network(
    machine: Machine, technology: Technology, name: str, layout: NetworkLayout, slices: int, *, arbitrated: bool
) -> NetworkPlan:
    """In slices: past all of them run each router's grant, and, at routers with banks, the address for the split banks."""
    bits, scatter = flit_bits(machine), scatters(machine)
    whole, routed = (bits.request, bits.routed_request) if scatter else (bits.reply, bits.routed_reply)
    crossbars = []
    for kind in layout.routers:
        address_bits = bits.address if scatter or kind.fed else 0
        control_bits = address_bits + index_bits(max(kind.inputs, kind.outputs))
        width = routed if layout.links else whole
        crossbars.append(Crossbar(technology, kind.inputs, kind.outputs, width, arbitrated, slices, control_bits))
    return NetworkPlan(name, layout, tuple(crossbars))


def x_bank(machine: Machine, technology: Technology, slices: int) -> SramBank:
    """One bank of a copy: ping and pong, each split over the slices of the network that carries words.

    In scatter its words are sums, and each port reads one and writes one back every cycle.
    """
    fabric = machine.gather
    if not scatters(machine):
        return SramBank(technology, fabric.bank_kib, machine.word_bits, PORTS_RW[fabric.bank_ports - 1], slices=slices)
    ports = "1r1w" if fabric.bank_ports == 1 else PORTS_RW[2 * fabric.bank_ports - 1]
    return SramBank(technology, fabric.bank_kib, machine.sum_words * machine.word_bits, ports, slices=slices)


def slices_of_least_area(machine: Machine, technology: Technology) -> int:
    """Slices for which the network of words and the split banks are smallest; the fewest of equals. Lanes are not split."""
    fabric = machine.gather

    def placed_mm2(slices: int) -> float:
        banks = fabric.banks_per_copy * x_bank(machine, technology, slices).area().placed_mm2
        return banks + networks(machine, technology, slices)[-1].placed_mm2

    return min((count for count in range(1, fabric.lanes + 1) if fabric.lanes % count == 0), key=placed_mm2)
