"""What travels over a gather machine's networks: widths of flits, of links and of the slots that hold them."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.cost.network import NetworkLayout, network_layout
from simulator.kinds.units.machine import UnitsMachine
from simulator.network import NetworkSpec


def index_bits(count: int) -> int:
    """Bits that tell `count` things apart."""
    return (count - 1).bit_length()


def scatters(machine: UnitsMachine) -> bool:
    """Whether partial sums travel to the banks, instead of activations from them."""
    return machine.mapping.dataflow == "scatter"


def request_layout(machine: UnitsMachine) -> NetworkLayout:
    """The network from units to bank ports."""
    return _layout(machine.networks(latency=1)[0])


def reply_layout(machine: UnitsMachine) -> NetworkLayout:
    """The network from bank ports to units."""
    return _layout(machine.networks(latency=1)[1])


def _layout(network: NetworkSpec) -> NetworkLayout:
    """Networks that differ in queues or latency only share a layout."""
    return network_layout(network.topology, network.sources, network.sinks, network.radix)


@dataclass(frozen=True)
class FlitBits:
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
