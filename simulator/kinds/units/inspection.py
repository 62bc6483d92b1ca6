"""What a fabric of units looks like before it runs: the sizes that follow from its file, and its networks as graphs."""

from __future__ import annotations

from simulator.cost.flit_widths import reply_layout, request_layout
from simulator.errors import ConfigError
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine
from simulator.network import Graph, draw


def derived_sizes(elaborated: Elaborated, *, replies: bool) -> dict[str, float]:
    """Sizes of clusters, copies, words and networks; `replies` says whether banks answer by a network of their own."""
    machine, fabric = elaborated.machine, elaborated.machine.gather
    copies_kib = 2 * fabric.clusters * fabric.banks_per_copy * fabric.bank_kib
    return {
        "clusters": fabric.clusters,
        "units_per_cluster": fabric.units_per_cluster,
        "banks_per_copy": fabric.banks_per_copy,
        "word_bytes": machine.word_bytes,
        "words_per_copy": machine.copy_words,
        "weight_entry_bits": machine.weight_entry_bits(dense=False),
        "row_words_per_output_bank": machine.output_words,
        "network_latency_cycles": elaborated.network_latency if fabric.has_network else 0,
        "reply_slices": elaborated.slices if fabric.has_network else 0,
        **_networks(machine, replies=replies),
        "activation_copies_kib": copies_kib,
        "operand_sram_kib": copies_kib + 2 * fabric.units * (fabric.weight_bank_kib + fabric.output_bank_kib),
    }


def _networks(machine: Machine, *, replies: bool) -> dict[str, float]:
    """Size of the networks of one cluster, and the way of a request through them under uniform traffic."""
    if not machine.gather.has_network:
        return {"routers_per_cluster": 0, "links_between_routers": 0, "routers_passed_by_a_request": 0}
    requests = request_layout(machine)
    built = [requests, reply_layout(machine)] if replies else [requests]
    return {
        "routers_per_cluster": sum(layout.router_count for layout in built),
        "links_between_routers": sum(layout.links for layout in built),
        "routers_passed_by_a_request": requests.mean_hops,
    }


def graphs(machine: Machine, *, replies: bool) -> dict[str, Graph]:
    """`request_network` from units to bank ports, `reply_network` back. Raises ConfigError where units and banks stand in pairs."""
    fabric = machine.gather
    if not fabric.has_network:
        raise ConfigError(f"{machine.name} has a copy for every unit and no network to draw; fewer fabric.replicas give it one")
    units, ports = fabric.units_per_cluster, fabric.banks_per_copy * fabric.bank_ports
    topology, radix = fabric.network.topology, fabric.network.radix
    requests = {"request_network": draw(topology, units, ports, radix)}
    return requests | ({"reply_network": draw(topology, ports, units, radix)} if replies else {})
