"""What a scatter fabric is made of, and which counter pays for what: banks that add up sums, units of lanes only, one network."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from simulator.cost.arithmetic import WordAdder
from simulator.cost.hardware import Charge, Instance
from simulator.cost.network import NetworkPlan
from simulator.cost.presence import PresenceBits
from simulator.cost.router import Crossbar
from simulator.cost.sram import PORTS_RW, SramBank
from simulator.cost.technology import Technology
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.networks import direct_queues, flit_bits, network_blocks, request_layout, schedulers, word_network
from simulator.kinds.units.parts import BANK_QUEUES, LANES, REQUESTS, WEIGHTS, UnitParts, list_banks, mac_lanes
from simulator.machine.model import Elaborated, Stages

CHARGES: tuple[Charge, ...] = (
    Charge("x_banks", "banks", "read", "read", ("x_bank_reads",)),
    Charge("x_banks", "banks", "write", "write", ("x_words_filled",)),
    Charge("x_banks", "adders", "add", "add", ("bank_additions",)),
    Charge("presence_bits", "tables", "lookup", "lookup", ("list_entries",)),
    Charge("presence_bits", "tables", "fill", "fill", ("output_bank_writes",)),
    *WEIGHTS,
    Charge("output_banks", "banks", "fill", "write", ("output_bank_writes",)),
    Charge("output_banks", "banks", "read", "read", ("output_bank_reads",)),
    *LANES,
    *REQUESTS,
    *BANK_QUEUES,
    Charge("reply_network", "acknowledgements", "acknowledge", "hop", ("requests",)),
)
"""What the fabric does: units own activations, banks own sums."""


class ScatterParts(UnitParts):
    """Partial sums travel from units to banks: requests that carry them, and nothing but wires back."""

    def bank(self, machine: UnitsMachine, technology: Technology, slices: int) -> SramBank:
        """A bank of sums, of which each port reads one and writes one back every cycle."""
        fabric = machine.fabric
        ports = "1r1w" if fabric.bank_ports == 1 else PORTS_RW[2 * fabric.bank_ports - 1]
        return SramBank(technology, fabric.bank_kib, machine.sum_words * machine.word_bits, ports, slices=slices)

    def networks(self, machine: UnitsMachine, technology: Technology, slices: int, allocation: int = 1) -> tuple[NetworkPlan, ...]:
        """That of the sums."""
        layout, bits = request_layout(machine), flit_bits(machine)
        sums = word_network(
            technology,
            "request_network",
            layout,
            slices,
            bits=(bits.request, bits.routed_request),
            address_bits=lambda router: bits.address,
            arbitrated=True,
        )
        return (replace(sums, schedulers=schedulers(machine, technology, layout, allocation)),)

    def blocks(self, elaborated: Elaborated, technology: Technology) -> Iterator[Instance]:
        """Banks, units, network."""
        machine, slices = UnitsMachine.of(elaborated.machine), elaborated.slices
        yield from _banks(machine, technology, self.bank(machine, technology, slices), elaborated.stages)
        # products leave at once, so that there are neither landing registers nor accumulators
        yield mac_lanes(machine, technology, elaborated.stages)
        if machine.fabric.has_network:
            plans = self.networks(machine, technology, slices, elaborated.allocation_latency)
            yield from network_blocks(plans, machine, technology, elaborated.stages)
        else:
            yield from direct_queues(machine, technology)
        yield _acknowledgements(machine, technology)

    def charges(self, machine: UnitsMachine) -> tuple[Charge, ...]:
        """The same for all."""
        return CHARGES


def _banks(machine: UnitsMachine, technology: Technology, bank: SramBank, stages: Stages) -> Iterator[Instance]:
    """Banks of partial sums with an adder a port; each unit's own banks of activations, presence bits and weights."""
    fabric = machine.fabric
    # the counters count activation words, of which a sum is several
    yield Instance("x_banks", "banks", bank, fabric.clusters * fabric.banks_per_copy, 1 / machine.sum_words)
    adders = WordAdder(technology, fabric.lanes, machine.datatypes.accumulate, stages.accumulate)
    yield Instance("x_banks", "adders", adders, fabric.clusters * fabric.banks_per_copy * fabric.bank_ports)
    if fabric.zero_skip:
        tables = PresenceBits(technology, machine.own_words, 1, machine.weight_port_entries)
        yield Instance("presence_bits", "tables", tables, fabric.units)
    yield list_banks(machine, technology)
    yield Instance(
        "output_banks", "banks", SramBank(technology, fabric.output_bank_kib, machine.word_bits, lanes=fabric.lanes), fabric.units
    )


def _acknowledgements(machine: UnitsMachine, technology: Technology) -> Instance:
    """From every bank port to every unit one wire a slot of its window, ORed at the unit, so that none collides."""
    fabric = machine.fabric
    wires = Crossbar(technology, fabric.banks_per_copy * fabric.bank_ports, fabric.units_per_cluster, fabric.window, False)
    return Instance("reply_network", "acknowledgements", wires, fabric.clusters, 1 / fabric.window)
