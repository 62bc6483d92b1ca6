"""What fabrics of vector units are made of, whichever way words travel: units, networks, trunks, the wires between them.

Start at `UnitParts`, which a dataflow answers; `fabric_parts` works with any of them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from simulator.cost.arithmetic import WordAdder
from simulator.cost.floorplan import ClusterBlocks, Floorplan, floorplan
from simulator.cost.hardware import Charge, Instance, Parts, Work, total_die_mm2
from simulator.cost.mac import MacLane
from simulator.cost.network import NetworkPlan
from simulator.cost.sram import SramBank
from simulator.cost.technology import Technology
from simulator.cost.wires import Bus, ClusterWires
from simulator.cost.words import COMPUTE, DISTRIBUTION, DRAIN_BUS, FILL_BROADCAST, MEMORIES, NETWORKS, PRESENCE_BITS
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.networks import flit_bits, reply_flits, request_flits, scatters
from simulator.machine.model import Elaborated, Stages
from simulator.terms import ComponentWords, component

WORDS: tuple[ComponentWords, ...] = (
    component(
        "x_banks",
        "activation banks",
        "SRAM banks that hold the copies of the activation tile, both halves",
        branch=MEMORIES,
        rank=20,
        colour="#08488a",
    ),
    PRESENCE_BITS,
    component("weight_banks", "weight banks", "each unit's own list of weights, both halves", branch=MEMORIES, rank=22, colour="#2f83c4"),
    component(
        "output_banks",
        "output banks",
        "each unit's own partial sums and finished rows, both halves",
        branch=MEMORIES,
        rank=23,
        colour="#7fb8e2",
    ),
    component(
        "landing_registers",
        "landing registers",
        "where replies land: one word for each slot of a unit's window",
        branch=MEMORIES,
        rank=25,
        colour="#cc79a7",
    ),
    component("mac_lanes", "multipliers", "multiply-add lanes of the vector units", branch=COMPUTE, rank=10, colour="#00714f"),
    component(
        "accumulators",
        "accumulators",
        "open rows of the units and the tree that merges their partial sums",
        branch=COMPUTE,
        rank=11,
        colour="#5cc2a0",
    ),
    component(
        "request_network",
        "request network",
        "crossbars that carry requests from units to banks, with their arbiters",
        branch=NETWORKS,
        rank=31,
        colour="#f29b30",
    ),
    component(
        "reply_network", "reply network", "crossbars that carry words from banks to units", branch=NETWORKS, rank=30, colour="#c84f00"
    ),
    component("queues", "queues", "input buffers of the networks and of the banks", branch=NETWORKS, rank=32, colour="#f5d76e"),
    FILL_BROADCAST,
    component(
        "cluster_wires",
        "cluster wires",
        "wires between a bank, the network and a unit, outside the crossbar",
        branch=DISTRIBUTION,
        rank=41,
        colour="#9a80bd",
    ),
    DRAIN_BUS,
)
"""Components of the fabric, in the order of reports."""


COMPONENTS: tuple[str, ...] = tuple(entry.name for entry in WORDS)
"""Components of a fabric of units, in the order of reports."""

WEIGHTS: tuple[Charge, ...] = (
    Charge("weight_banks", "banks", "read", "read", ("weight_bank_reads",)),
    Charge("weight_banks", "banks", "fill", "write_bit", ("weight_bits_filled",)),
)
"""What the banks of lists do."""

LANES: tuple[Charge, ...] = (
    Charge("mac_lanes", "lanes", "mac", "mac", ("macs_useful",)),
    Charge("mac_lanes", "lanes", "mac_gated", "mac_gated", ("mac_slots",), ("macs_useful",)),
    Charge("mac_lanes", "lanes", "weight", "weight", ("mac_slots",)),
)
"""What multipliers do."""

REQUESTS: tuple[Charge, ...] = (
    Charge("request_network", "crossbar", "hop", "hop", ("request_hops",)),
    Charge("request_network", "scheduler", "grant", "grant", ("request_hops",)),
    Charge("request_network", "links", "link", "hop", ("request_hops",)),
    Charge("queues", "request queue", "push", "push", ("request_hops",)),
    Charge("queues", "request queue", "pop", "pop", ("request_hops",)),
    Charge("cluster_wires", "wires", "request", "request", ("requests",)),
)
"""What a request does on its way, combined with others or not."""

BANK_QUEUES: tuple[Charge, ...] = (
    Charge("queues", "bank queue", "push", "push", ("requests",)),
    Charge("queues", "bank queue", "pop", "pop", ("requests",)),
)
"""What a request that comes alone does at its bank."""


class UnitParts(ABC):
    """The hardware of one dataflow of vector units; a machine is given with `mapping.dataflow` of that dataflow."""

    @abstractmethod
    def bank(self, machine: UnitsMachine, technology: Technology, slices: int) -> SramBank:
        """One bank of a copy: ping and pong, each split over the slices of the network that carries words."""

    @abstractmethod
    def networks(self, machine: UnitsMachine, technology: Technology, slices: int, allocation: int = 1) -> tuple[NetworkPlan, ...]:
        """The networks of a cluster, that of words, which is laid out in slices, last. `allocation`: cycles of a matching."""

    @abstractmethod
    def blocks(self, elaborated: Elaborated, technology: Technology) -> Iterator[Instance]:
        """What stands in the clusters: banks, units, networks."""

    @abstractmethod
    def charges(self, machine: UnitsMachine) -> tuple[Charge, ...]:
        """Which counter pays for which of its actions."""


def slices_of_least_area(parts: UnitParts, machine: UnitsMachine, technology: Technology) -> int:
    """Slices for which the network of words and the split banks are smallest; the fewest of equals. Lanes are not split."""
    fabric = machine.fabric

    def placed_mm2(slices: int) -> float:
        banks = fabric.banks_per_copy * parts.bank(machine, technology, slices).area().placed_mm2
        return banks + parts.networks(machine, technology, slices)[-1].placed_mm2

    return min((count for count in range(1, fabric.lanes + 1) if fabric.lanes % count == 0), key=placed_mm2)


def fabric_parts(hardware: UnitParts, elaborated: Elaborated, technology: Technology) -> Parts:
    """All that a fabric of one dataflow is made of: what stands in clusters first, since its area sets the length of the wires."""
    machine = UnitsMachine.of(elaborated.machine)
    blocks = tuple(hardware.blocks(elaborated, technology))
    plan = floorplan(cluster_blocks(machine, blocks))
    instances = (*blocks, *wires(machine, technology, total_die_mm2(blocks), plan))
    work = Work(None, hardware.charges(machine), instances)
    return Parts(COMPONENTS, instances, (work,), machine.weight_entry_bits(dense=False), plan)


def list_banks(machine: UnitsMachine, technology: Technology) -> Instance:
    """The banks of lists, one a unit."""
    fabric = machine.fabric
    weight_bits = machine.weight_port_entries * machine.weight_entry_bits(dense=False)
    return Instance("weight_banks", "banks", SramBank(technology, fabric.weight_bank_kib, weight_bits), fabric.units)


def mac_lanes(machine: UnitsMachine, technology: Technology, stages: Stages) -> Instance:
    """The multiplying lanes of all units."""
    fabric, kinds = machine.fabric, machine.datatypes
    lane = MacLane(technology, kinds.weight, kinds.activation, kinds.accumulate, fabric.gate_zeros, stages.multiply)
    return Instance("mac_lanes", "lanes", lane, fabric.units * fabric.lanes)


def cluster_blocks(machine: UnitsMachine, built: Sequence[Instance]) -> ClusterBlocks:
    """What stands in one of the clusters, of all that is built in them: banks, units, and the networks with their queues."""
    fabric = machine.fabric
    joining = tuple(entry.name for entry in WORDS if entry.branch == NETWORKS) if fabric.has_network else ()
    banks_mm2 = total_die_mm2(entry for entry in built if entry.name == "x_banks") / fabric.clusters
    network_mm2 = total_die_mm2(entry for entry in built if entry.name in joining) / fabric.clusters
    units_mm2 = total_die_mm2(built) / fabric.clusters - banks_mm2 - network_mm2
    banks, units = fabric.banks_per_copy, fabric.units_per_cluster
    return ClusterBlocks(banks_mm2 / banks, banks, units_mm2 / units, units, network_mm2)


def wires(machine: UnitsMachine, technology: Technology, fabric_mm2: float, plan: Floorplan) -> Iterator[Instance]:
    """Trunks, drain bus, and the wires within the clusters, of a fabric whose blocks have that die area; each cluster by its plan."""
    fabric, bits = machine.fabric, flit_bits(machine)
    yield from _trunks(machine, technology, math.sqrt(fabric_mm2))
    reply_bits = 0 if scatters(machine) else bits.reply  # acknowledgements are priced with their own wires
    ports = fabric.banks_per_copy * fabric.bank_ports
    way = ClusterWires(
        technology,
        bits.request,
        reply_bits,
        plan.bank_way_mm,
        # banks of a copy share the ways to their unit, along which the multiplexer is spread
        ports if fabric.has_network else min(ports, fabric.issue_width),
        plan.unit_way_mm,
        fabric.units_per_cluster,
        request_flits(machine),
        reply_flits(machine),
    )
    yield Instance("cluster_wires", "wires", way, fabric.clusters)


def _trunks(machine: UnitsMachine, technology: Technology, fabric_mm: float) -> Iterator[Instance]:
    """The shared buses. `fabric_mm` is the side of the fabric, on which all lengths stand."""
    fabric, trunks = machine.fabric, machine.trunks
    cluster_mm = fabric_mm / math.sqrt(fabric.clusters)
    to_all_groups_mm = fabric.token_groups * fabric_mm / math.sqrt(fabric.token_groups)
    to_all_units_mm = fabric.units * fabric_mm / math.sqrt(fabric.units)
    # a word for one group first travels to it, past (1 - 1/groups) of the fabric's side on average
    x_driven_mm = fabric.replicas * cluster_mm + (1 - 1 / fabric.token_groups) * fabric_mm
    x_built = 8 * trunks.x_bytes_per_cycle * fabric.clusters * cluster_mm
    yield Instance("fill_broadcast", "x", Bus(technology, x_built, x_driven_mm), 1)
    # at full width to every group; from there to a unit only as wide as the port of its bank
    w_bits, weight_port = 8 * trunks.w_bytes_per_cycle, machine.weight_port_entries * machine.weight_entry_bits(dense=False)
    w_built = w_bits * to_all_groups_mm + min(w_bits, weight_port) * to_all_units_mm
    yield Instance("fill_broadcast", "w", Bus(technology, w_built, to_all_groups_mm), 1)
    drain_bits, output_port = 8 * trunks.drain_bytes_per_cycle, fabric.lanes * machine.datatypes.accumulate_bits
    drain_built = drain_bits * fabric_mm + min(drain_bits, output_port) * to_all_units_mm
    yield Instance("drain_bus", "bus", Bus(technology, drain_built, fabric_mm), 1)
    if _adds_on_the_bus(machine):
        kind = machine.datatypes.accumulate
        lanes = max(1, drain_bits // machine.datatypes.accumulate_bits)
        yield Instance("drain_bus", "adders", WordAdder(technology, lanes, kind, 1), 1, fabric.lanes / lanes)


def _adds_on_the_bus(machine: UnitsMachine) -> bool:
    """Whether sums meet there: parts of cut rows, of several copies, of several K tiles, or of several token groups (sampled products)."""
    fabric, mapping = machine.fabric, machine.mapping
    of_copies = mapping.dataflow != "gather" and fabric.replicas > 1
    of_k_tiles = mapping.partial_sums == "auto"
    return mapping.assignment == "split" or of_copies or of_k_tiles or (fabric.lane_tree and fabric.token_groups > 1)
