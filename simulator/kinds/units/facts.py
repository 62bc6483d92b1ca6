"""What follows from the file of a machine of units: derived sizes, the graphs of its networks, what banks and networks can move."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from simulator.activity import Counts
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.networks import reply_layout, request_layout
from simulator.machine.model import Elaborated, Stages
from simulator.network import Graph, NetworkSpec


def derived(machine: UnitsMachine, elaborated: Elaborated, *, replies: bool) -> dict[str, float]:
    """Sizes by name. `replies`: whether there is a network that carries words to the units."""
    fabric = machine.fabric
    copies_kib = 2 * fabric.clusters * fabric.banks_per_copy * fabric.bank_kib
    return {
        "clusters": fabric.clusters,
        "units_per_cluster": fabric.units_per_cluster,
        "banks_per_copy": fabric.banks_per_copy,
        "word_bytes": machine.word_bytes,
        "words_per_copy": machine.copy_words,
        "weight_entry_bits": machine.weight_entry_bits(dense=False),
        "row_words_per_output_bank": machine.output_words,
        "allocation_cycles": elaborated.allocation_latency if fabric.has_network else 0,
        "network_latency_cycles": elaborated.network_latency if fabric.has_network else 0,
        "read_latency_cycles": elaborated.read_latency,
        "accumulate_latency_cycles": elaborated.accumulate_latency,
        "reply_slices": elaborated.slices if fabric.has_network else 0,
        **_network(machine, replies=replies),
        "activation_copies_kib": copies_kib,
        "operand_sram_kib": copies_kib + 2 * fabric.units * (fabric.weight_bank_kib + fabric.output_bank_kib),
    }


def _network(machine: UnitsMachine, *, replies: bool) -> dict[str, float]:
    """Size of the networks of one cluster, and the way of a request through them under uniform traffic."""
    if not machine.fabric.has_network:
        return {"routers_per_cluster": 0, "links_between_routers": 0, "routers_passed_by_a_request": 0}
    requests = request_layout(machine)
    built = [requests, reply_layout(machine)] if replies else [requests]
    return {
        "routers_per_cluster": sum(layout.router_count for layout in built),
        "links_between_routers": sum(layout.links for layout in built),
        "routers_passed_by_a_request": requests.mean_hops,
    }


def graphs(machine: UnitsMachine, *, replies: bool) -> dict[str, Graph]:
    """`request_network` from units to bank ports, and `reply_network` back where words travel; none where each unit has its copy."""
    fabric = machine.fabric
    if not fabric.has_network:
        return {}
    request_network, reply_network = machine.networks(Stages())
    drawn = {"request_network": request_network.graph()}
    if replies:
        drawn["reply_network"] = reply_network.graph()
    return drawn


def levels(machine: UnitsMachine, counts: Counts, *, words: bool, sums: bool) -> Mapping[str, tuple[float, float]]:
    """Bytes moved, and bytes a cycle that can be moved, by banks and by networks.

    A bank port gives a word a cycle, or adds to a word of sums; what fills a bank and what drains it meets its other half. A
    network moves words to the units, one a reply, or sums to the banks, one a request that no reply answers. A machine that does
    both has a network for each, of which an operation uses one, so that the rate is that of the quicker.
    """
    fabric = machine.fabric
    word_bytes, sum_bytes = words * machine.word_bytes, sums * machine.output_word_bytes
    # where sums are moved, requests are not combined: an access a reply; reads of banks count drained sums too
    accesses = counts.replies if sums else counts.x_bank_reads
    ports = fabric.clusters * fabric.banks_per_copy * fabric.bank_ports
    found = {"banks": (accesses * word_bytes + counts.bank_additions * sum_bytes, float(ports * max(word_bytes, sum_bytes)))}
    if fabric.has_network:
        narrower = fabric.clusters * min(fabric.units_per_cluster, fabric.banks_per_copy * fabric.bank_ports)
        # a combined word leaves its port once, and reaches all of its units in one cycle
        links = fabric.units if fabric.combines else narrower
        sum_rate = sum_bytes / machine.in_dataflow("scatter").request_flits if sums else 0.0
        moved = counts.replies * word_bytes + (counts.requests - counts.replies) * sum_bytes
        found["network"] = (moved, links * max(word_bytes / machine.reply_flits, sum_rate))
    return found


def switch(machine: UnitsMachine, elaborated: Elaborated) -> NetworkSpec | None:
    """The request network of one cluster by itself."""
    if not machine.fabric.has_network:
        return None
    requests, _ = machine.networks(elaborated.stages)
    # each flit alone, and none combined: what is measured is how the network shares its links
    return replace(requests, flits=1, combines=False)
