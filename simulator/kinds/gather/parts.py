"""What a gather fabric is made of, and which counter pays for what: banks of activations, units with accumulators, two networks."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.cost.hardware import Charge, Instance
from simulator.cost.mac import Accumulators
from simulator.cost.network import NetworkPlan
from simulator.cost.presence import PresenceBits
from simulator.cost.registers import RegisterFile
from simulator.cost.router import Crossbar, WordMultiplexer
from simulator.cost.sram import PORTS_RW, SramBank
from simulator.cost.technology import Technology
from simulator.kinds.sampled import parts as sampled
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.networks import (
    combiners,
    direct_queues,
    flit_bits,
    network_blocks,
    reply_layout,
    request_layout,
    schedulers,
    word_network,
)
from simulator.kinds.units.parts import BANK_QUEUES, LANES, REQUESTS, WEIGHTS, UnitParts, list_banks, mac_lanes
from simulator.machine.model import Elaborated, Stages

_UNITS_AND_BANKS: tuple[Charge, ...] = (
    Charge("x_banks", "banks", "read", "read", ("x_bank_reads",)),
    Charge("x_banks", "banks", "fill", "write", ("x_words_filled",)),
    Charge("x_banks", "multiplexer", "select", "select", ("replies",)),
    Charge("presence_bits", "tables", "lookup", "lookup", ("list_entries",)),
    Charge("presence_bits", "tables", "fill", "fill", ("x_words_filled",)),
    *WEIGHTS,
    Charge("output_banks", "banks", "write", "write", ("output_bank_writes",)),
    Charge("output_banks", "banks", "read", "read", ("output_bank_reads",)),
    Charge("output_banks", "banks", "drain", "read", ("output_bank_drains",)),
    Charge("landing_registers", "window", "write", "write", ("replies",)),
    Charge("landing_registers", "window", "read", "read", ("replies",)),
    *LANES,
    Charge("accumulators", "rows", "update", "update", ("accumulator_updates",)),
    Charge("accumulators", "rows", "merge", "merge", ("rows_merged",)),
    *sampled.CHARGES,
)
"""What units and banks do."""

CHARGES: tuple[Charge, ...] = (
    *_UNITS_AND_BANKS,
    *REQUESTS,
    *BANK_QUEUES,
    Charge("reply_network", "crossbar", "hop", "hop", ("reply_hops",)),
    Charge("reply_network", "links", "link", "hop", ("reply_hops",)),
    Charge("queues", "reply queue", "push", "push", ("reply_hops",)),
    Charge("queues", "reply queue", "pop", "pop", ("reply_hops",)),
    Charge("cluster_wires", "wires", "word", "word", ("replies",)),
)
"""What the fabric does."""

COMBINED: tuple[Charge, ...] = (
    *_UNITS_AND_BANKS,
    *REQUESTS,
    Charge("request_network", "combiner", "compare", "compare", ("x_bank_reads",)),
    Charge("queues", "bank queue", "push", "push", ("x_bank_reads",)),
    Charge("queues", "bank queue", "pop", "pop", ("x_bank_reads",)),
    Charge("queues", "tag line", "push", "push", ("requests",)),
    Charge("queues", "tag line", "pop", "pop", ("requests",)),
    Charge("queues", "reply queue", "push", "push", ("x_bank_reads",)),
    Charge("queues", "reply queue", "pop", "pop", ("x_bank_reads",)),
    Charge("reply_network", "crossbar", "send", "hop", ("x_bank_reads",), times=0.5),
    Charge("reply_network", "crossbar", "deliver", "hop", ("reply_hops",), times=0.5),
    Charge("cluster_wires", "wires", "word_sent", "word_sent", ("x_bank_reads",)),
    Charge("cluster_wires", "wires", "word_delivered", "word_delivered", ("replies",)),
)
"""The same where requests for a word go together: the word comes to the crossbar once, and leaves it to each unit."""


class GatherParts(UnitParts):
    """Activations travel from banks to units: requests, narrow, one way, and replies the other."""

    def bank(self, machine: UnitsMachine, technology: Technology, slices: int) -> SramBank:
        """A bank of activation words."""
        fabric = machine.fabric
        return SramBank(technology, fabric.bank_kib, machine.word_bits, PORTS_RW[fabric.bank_ports - 1], slices=slices)

    def networks(self, machine: UnitsMachine, technology: Technology, slices: int, allocation: int = 1) -> tuple[NetworkPlan, ...]:
        """Requests, and replies."""
        layout, bits = request_layout(machine), flit_bits(machine)
        width = bits.routed_request if layout.links else bits.request
        crossbars = tuple(Crossbar(technology, kind.inputs, kind.outputs, width, True) for kind in layout.routers)
        beside = schedulers(machine, technology, layout, allocation), combiners(machine, technology, layout)
        return NetworkPlan("request_network", layout, crossbars, *beside), reply_network(machine, technology, slices)

    def blocks(self, elaborated: Elaborated, technology: Technology) -> Iterator[Instance]:
        """Banks, units, networks."""
        machine, slices = UnitsMachine.of(elaborated.machine), elaborated.slices
        yield from _banks(machine, technology, self.bank(machine, technology, slices))
        yield from _units(machine, technology, elaborated.stages)
        if machine.fabric.has_network:
            plans = self.networks(machine, technology, slices, elaborated.allocation_latency)
            yield from network_blocks(plans, machine, technology, elaborated.stages)
        else:
            yield from direct_queues(machine, technology)

    def charges(self, machine: UnitsMachine) -> tuple[Charge, ...]:
        """Of requests alone, or combined."""
        return COMBINED if machine.fabric.combines else CHARGES


def reply_network(machine: UnitsMachine, technology: Technology, slices: int) -> NetworkPlan:
    """Bank ports to units.

    With a single router, one port a bank and whole words, every grant of a request is the grant of its reply, a fixed
    time later, so that replies cannot collide and the crossbar needs no arbiter of its own; nor where requests combine,
    and several outputs select the same input.
    """
    layout, bits = reply_layout(machine), flit_bits(machine)
    return word_network(
        technology,
        "reply_network",
        layout,
        slices,
        bits=(bits.reply, bits.routed_reply),
        address_bits=lambda router: bits.address if router.fed else 0,
        arbitrated=bool(layout.links) or machine.fabric.bank_ports > 1 or machine.reply_flits > 1,
    )


def _banks(machine: UnitsMachine, technology: Technology, bank: SramBank) -> Iterator[Instance]:
    fabric = machine.fabric
    yield Instance("x_banks", "banks", bank, fabric.clusters * fabric.banks_per_copy)
    if not fabric.has_network:
        ports = fabric.banks_per_copy * fabric.bank_ports
        yield Instance("x_banks", "multiplexer", WordMultiplexer(technology, ports, fabric.issue_width, machine.word_bits), fabric.clusters)
    if fabric.zero_skip:
        tables = PresenceBits(technology, machine.copy_words, fabric.units_per_cluster, machine.weight_port_entries)
        yield Instance("presence_bits", "tables", tables, fabric.clusters)
    yield list_banks(machine, technology)
    output_bits = fabric.lanes * machine.datatypes.accumulate_bits
    yield Instance(
        "output_banks", "banks", SramBank(technology, fabric.output_bank_kib, output_bits, "1r1w", lanes=fabric.lanes), fabric.units
    )


def _units(machine: UnitsMachine, technology: Technology, stages: Stages) -> Iterator[Instance]:
    fabric = machine.fabric
    yield Instance("landing_registers", "window", RegisterFile(technology, fabric.window, machine.word_bits, fabric.lanes), fabric.units)
    yield mac_lanes(machine, technology, stages)
    rows = Accumulators(technology, fabric.accumulators, stages.accumulate, fabric.lanes, machine.datatypes.accumulate)
    yield Instance("accumulators", "rows", rows, fabric.units)
    yield from sampled.lane_trees(machine, technology, stages)
