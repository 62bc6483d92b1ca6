"""What a gather machine's numbers make of its networks: flit widths, crossbars, queue slots, slices."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.cost.crossbar import Crossbar
from simulator.cost.sram_bank import SramBank
from simulator.cost.sram_macro import PORTS_RW
from simulator.cost.technology import Technology
from simulator.machine.model import Machine


def index_bits(count: int) -> int:
    """Bits that tell `count` things apart."""
    return (count - 1).bit_length()


@dataclass(frozen=True)
class FlitBits:
    """Widths in bits of what the networks carry and their queues hold."""

    request: int
    """On the request network: word within the bank, bank, tag (landing register), valid."""
    reply: int
    """On the reply network: the word, tag, valid."""
    bank_queue: int
    """A request at its bank: the bank is known, the unit must be remembered."""
    reply_queue: int
    """A reply at its bank: with the unit that it goes to."""


def flit_bits(machine: Machine) -> FlitBits:
    """Flit and queue widths of a gather machine."""
    fabric = machine.gather
    tag_bits, bank_bits = index_bits(fabric.window), index_bits(fabric.banks_per_copy)
    unit_bits = index_bits(fabric.units_per_cluster)
    request = index_bits(machine.bank_words) + bank_bits + tag_bits + 1
    reply = machine.word_bits + tag_bits + 1
    return FlitBits(request, reply, request - bank_bits + unit_bits, reply + unit_bits)


def x_bank(machine: Machine, technology: Technology, slices: int) -> SramBank:
    """One activation bank: ping and pong, each split over the slices of the reply network."""
    fabric = machine.gather
    return SramBank(technology, fabric.bank_kib, machine.word_bits, PORTS_RW[fabric.bank_ports - 1], slices=slices)


def request_crossbar(machine: Machine, technology: Technology) -> Crossbar:
    """Units to bank ports, in one slice: requests are narrow. It arbitrates for both directions."""
    fabric = machine.gather
    return Crossbar(technology, fabric.units_per_cluster, fabric.banks_per_copy * fabric.bank_ports, flit_bits(machine).request, True)


def reply_crossbar(machine: Machine, technology: Technology, slices: int) -> Crossbar:
    """Bank ports to units.

    With one port and no multicast every grant of a request is the grant of its reply, a fixed time later, so that
    replies cannot collide and the crossbar needs no arbiter of its own.
    """
    fabric, bits = machine.gather, flit_bits(machine)
    ports = fabric.banks_per_copy * fabric.bank_ports
    collides = not (fabric.network.topology == "full" and fabric.bank_ports == 1 and not fabric.multicast)
    control_bits = bits.request + index_bits(max(ports, fabric.units_per_cluster))
    return Crossbar(technology, ports, fabric.units_per_cluster, bits.reply, collides, slices, control_bits)


def slices_of_least_area(machine: Machine, technology: Technology) -> int:
    """Slices for which reply crossbar and split banks together are smallest; the fewest of equals. Lanes are not split."""
    fabric = machine.gather

    def placed_mm2(slices: int) -> float:
        banks = fabric.banks_per_copy * x_bank(machine, technology, slices).area().placed_mm2
        return banks + reply_crossbar(machine, technology, slices).area().placed_mm2

    return min((count for count in range(1, fabric.lanes + 1) if fabric.lanes % count == 0), key=placed_mm2)


def request_queue_slots(machine: Machine) -> int:
    """Request slots of a unit: what its queues could hold, but never more than can be outstanding."""
    fabric = machine.gather
    queues = fabric.banks_per_copy * fabric.bank_ports if fabric.network.queues == "voq" else 1
    return min(queues * fabric.network.depth, fabric.window)
