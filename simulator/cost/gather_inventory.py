"""The hardware of a gather fabric: banks, units, networks and the wires between them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from simulator.cost.arithmetic import WordAdder
from simulator.cost.flit_widths import flit_bits, reply_flits, request_flits, scatters
from simulator.cost.instance import Instance, total_die_mm2
from simulator.cost.lane_tree import LaneTree
from simulator.cost.mac import Accumulators, MacLane
from simulator.cost.network_inventory import acknowledgements, network_blocks
from simulator.cost.network_plan import x_bank
from simulator.cost.presence import PresenceBits
from simulator.cost.registers import Fifo, RegisterFile
from simulator.cost.router import WordMultiplexer
from simulator.cost.scatter_inventory import scatter_banks, scatter_units
from simulator.cost.sram import SramBank
from simulator.cost.technology import Technology
from simulator.cost.wires import Bus, ClusterWires
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine


def gather_fabric(elaborated: Elaborated, technology: Technology) -> tuple[Instance, ...]:
    """All instances of the fabric: what stands in clusters first, since its area sets the length of the wires.

    A machine of both dataflows has the gathering fabric, banks of sums instead of its own, and beside its networks one for sums,
    with all that a scattering fabric has of its own.
    """
    machine = elaborated.machine
    blocks = _all_blocks(elaborated, technology)
    fabric_mm2 = total_die_mm2(blocks)
    if machine.mapping.dataflow != "both":
        return (*blocks, *_wires(machine, technology, fabric_mm2))
    sums = [entry for entry in _wires(machine.in_dataflow("scatter"), technology, fabric_mm2) if entry.name == "cluster_wires"]
    return (*blocks, *_wires(machine, technology, fabric_mm2), *sums)


def fabric_in_dataflow(elaborated: Elaborated, technology: Technology, dataflow: Literal["gather", "scatter"]) -> tuple[Instance, ...]:
    """Of a machine of both dataflows, what works in one of them: wires as long as all of it makes them, banks as built."""
    one = replace(elaborated, machine=elaborated.machine.in_dataflow(dataflow))
    blocks = list(_blocks(one, technology))
    if dataflow == "gather":
        built = [replace(entry, per_event=1.0) for entry in _all_blocks(elaborated, technology) if _is_bank(entry)]
        blocks = [entry for entry in blocks if not _is_bank(entry)] + built
    return (*blocks, *_wires(one.machine, technology, total_die_mm2(_all_blocks(elaborated, technology))))


def _all_blocks(elaborated: Elaborated, technology: Technology) -> tuple[Instance, ...]:
    machine = elaborated.machine
    if machine.mapping.dataflow != "both":
        return tuple(_blocks(elaborated, technology))
    gathers, scatters_too = (
        list(_blocks(replace(elaborated, machine=machine.in_dataflow(dataflow)), technology)) for dataflow in ("gather", "scatter")
    )
    shared = ("weight_banks", "output_banks", "mac_lanes")
    return (*(entry for entry in gathers if not _is_bank(entry)), *(entry for entry in scatters_too if entry.name not in shared))


def _is_bank(entry: Instance) -> bool:
    return (entry.name, entry.part) == ("x_banks", "banks")


def _blocks(elaborated: Elaborated, technology: Technology) -> Iterator[Instance]:
    machine, slices = elaborated.machine, elaborated.slices
    if scatters(machine):
        yield from scatter_banks(machine, technology, slices)
        yield from scatter_units(machine, technology)
    else:
        yield from _banks(machine, technology, slices)
        yield from _units(machine, technology)
    if machine.gather.has_network:
        yield from network_blocks(machine, technology, slices, elaborated.network_latency)
    else:
        yield from _direct(machine, technology)


def _banks(machine: Machine, technology: Technology, slices: int) -> Iterator[Instance]:
    fabric = machine.gather
    yield Instance("x_banks", "banks", x_bank(machine, technology, slices), fabric.clusters * fabric.banks_per_copy)
    if not fabric.has_network:
        ports = fabric.banks_per_copy * fabric.bank_ports
        yield Instance("x_banks", "multiplexer", WordMultiplexer(technology, ports, fabric.issue_width, machine.word_bits), fabric.clusters)
    if fabric.zero_skip:
        tables = PresenceBits(technology, machine.copy_words, fabric.units_per_cluster, machine.weight_port_entries)
        yield Instance("presence_bits", "tables", tables, fabric.clusters)
    weight_bits = machine.weight_port_entries * machine.weight_entry_bits(dense=False)
    yield Instance("weight_banks", "banks", SramBank(technology, fabric.weight_bank_kib, weight_bits), fabric.units)
    output_bits = fabric.lanes * machine.datatypes.accumulate_bits
    yield Instance("output_banks", "banks", SramBank(technology, fabric.output_bank_kib, output_bits, "1r1w"), fabric.units)


def _units(machine: Machine, technology: Technology) -> Iterator[Instance]:
    fabric, kinds = machine.gather, machine.datatypes
    yield Instance("landing_registers", "window", RegisterFile(technology, fabric.window, machine.word_bits), fabric.units)
    lane = MacLane(technology, kinds.weight, kinds.activation, kinds.accumulate, fabric.gate_zeros)
    yield Instance("mac_lanes", "lanes", lane, fabric.units * fabric.lanes)
    rows = Accumulators(technology, fabric.accumulators, fabric.accumulate_latency, fabric.lanes, kinds.accumulate)
    yield Instance("accumulators", "rows", rows, fabric.units)
    if fabric.lane_tree:
        tree = LaneTree(technology, fabric.lanes, kinds.accumulate, fabric.accumulate_latency)
        yield Instance("accumulators", "lane tree", tree, fabric.units)


def _direct(machine: Machine, technology: Technology) -> Iterator[Instance]:
    """Between a copy and its only unit."""
    fabric = machine.gather
    ports = fabric.clusters * fabric.banks_per_copy * fabric.bank_ports
    if fabric.issue_width > 1:  # with one request a cycle, a bank's own address register is queue enough
        yield Instance("queues", "bank queue", Fifo(technology, fabric.bank_queue, flit_bits(machine).bank_queue), ports)
    if scatters(machine):
        yield acknowledgements(machine, technology)


def _wires(machine: Machine, technology: Technology, fabric_mm2: float) -> Iterator[Instance]:
    fabric, bits = machine.gather, flit_bits(machine)
    cluster_mm = math.sqrt(fabric_mm2 / fabric.clusters)
    yield from _trunks(machine, technology, math.sqrt(fabric_mm2))
    reply_bits = 0 if scatters(machine) else bits.reply  # acknowledgements are priced with their own wires
    wires = ClusterWires(
        technology, bits.request, reply_bits, fabric.units_per_cluster, cluster_mm, request_flits(machine), reply_flits(machine)
    )
    yield Instance("cluster_wires", "wires", wires, fabric.clusters)


def _trunks(machine: Machine, technology: Technology, fabric_mm: float) -> Iterator[Instance]:
    """The shared buses. `fabric_mm` is the side of the fabric, on which all lengths stand."""
    fabric, trunks = machine.gather, machine.trunks
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


def _adds_on_the_bus(machine: Machine) -> bool:
    """Whether parts of cut rows, sums of several copies, or those of several token groups (sampled products) meet there."""
    fabric = machine.gather
    of_copies = machine.mapping.dataflow != "gather" and fabric.replicas > 1
    return machine.mapping.assignment == "split" or of_copies or (fabric.lane_tree and fabric.token_groups > 1)
