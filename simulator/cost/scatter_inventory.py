"""What stands in the clusters of a scatter machine instead of a gather machine's banks and units."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.cost.arithmetic import WordAdder
from simulator.cost.instance import Instance
from simulator.cost.mac import MacLane
from simulator.cost.network_plan import x_bank
from simulator.cost.presence import PresenceBits
from simulator.cost.sram import SramBank
from simulator.cost.technology import Technology
from simulator.machine.model import Machine


def scatter_banks(machine: Machine, technology: Technology, slices: int) -> Iterator[Instance]:
    """Banks of partial sums with an adder a port; each unit's own banks of activations, presence bits and weights."""
    fabric, kinds = machine.gather, machine.datatypes
    # the counters count activation words, of which a sum is several
    bank = x_bank(machine, technology, slices)
    yield Instance("x_banks", "banks", bank, fabric.clusters * fabric.banks_per_copy, 1 / machine.sum_words)
    adders = WordAdder(technology, fabric.lanes, kinds.accumulate, fabric.accumulate_latency)
    yield Instance("x_banks", "adders", adders, fabric.clusters * fabric.banks_per_copy * fabric.bank_ports)
    if fabric.zero_skip:
        tables = PresenceBits(technology, machine.own_words, 1, machine.weight_port_entries)
        yield Instance("presence_bits", "tables", tables, fabric.units)
    weight_bits = machine.weight_port_entries * machine.weight_entry_bits(dense=False)
    yield Instance("weight_banks", "banks", SramBank(technology, fabric.weight_bank_kib, weight_bits), fabric.units)
    yield Instance("output_banks", "banks", SramBank(technology, fabric.output_bank_kib, machine.word_bits), fabric.units)


def scatter_units(machine: Machine, technology: Technology) -> Iterator[Instance]:
    """Lanes only: products leave at once, so that there are neither landing registers nor accumulators."""
    fabric, kinds = machine.gather, machine.datatypes
    lane = MacLane(technology, kinds.weight, kinds.activation, kinds.accumulate, fabric.gate_zeros)
    yield Instance("mac_lanes", "lanes", lane, fabric.units * fabric.lanes)
