"""The paths of a fabric of units that bound its clock, and how many cycles each takes: what a machine file leaves `auto`.

A request passes the way from its unit to the network, an allocation, a crossing with the way on to a bank; a word the access
with the way to the network, a crossing with the way on to its unit, a product and an addition. Ways are the longest of the
cluster's floorplan, by which the energy of its wires is priced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from simulator.cost import delay
from simulator.cost.delay import Delay, TimingPath, wire
from simulator.cost.network import NetworkPlan
from simulator.cost.technology import Technology
from simulator.errors import ConfigError
from simulator.kinds.base import Kind
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.networks import ROUTER_QUEUES, index_bits, queues_mm2, scatters
from simulator.kinds.units.parts import UnitParts, slices_of_least_area
from simulator.machine.model import Auto, Elaborated

Way = tuple[UnitParts, UnitsMachine]
"""A dataflow's hardware, and the machine as it has it."""


def slices_of(way: Way, technology: Technology) -> int:
    """Slices that the machine file names, or those of least area.

    Raises ConfigError for more slices than lanes, and for a topology that cannot join units and banks.
    """
    parts, machine = way
    fabric = machine.fabric
    if not fabric.has_network:
        return 1
    slices = fabric.network.slices
    if slices == "auto":
        slices = slices_of_least_area(parts, machine, technology)
    if slices > fabric.lanes:
        raise ConfigError(f"fabric.network.slices = {slices}: a slice carries whole lanes; allowed: 1 to {fabric.lanes}, or auto")
    return slices


class Wires(Struct, frozen=True):
    """The longest ways of a cluster outside the crossbars."""

    bank: Delay
    """From a bank to the network, or to its only unit."""
    unit: Delay
    """From a unit to the network, or to its farthest bank."""


def wires_of(kind: Kind, elaborated: Elaborated, technology: Technology) -> Wires:
    """By the floorplan by which their energy is priced, the mean ways there."""
    plan = kind.parts(elaborated, technology).floorplan
    assert plan is not None
    bank, unit = (wire(technology.cluster_wire_detour * way) for way in (plan.longest_bank_way_mm, plan.longest_unit_way_mm))
    return Wires(bank, unit if len(plan.units) else bank)


def timing_paths(ways: Sequence[Way], elaborated: Elaborated, technology: Technology, wires: Wires) -> tuple[TimingPath, ...]:
    """The paths of each dataflow, with such ways between units and banks; those that several have once."""
    found: dict[TimingPath, None] = {}
    for way in ways:
        found |= dict.fromkeys(_paths(way, elaborated, technology, wires))
    return tuple(found)


def _paths(way: Way, elaborated: Elaborated, technology: Technology, wires: Wires) -> Iterator[TimingPath]:
    parts, machine = way
    fabric, kinds = machine.fabric, machine.datatypes
    yield TimingPath(
        f"way from a unit to its {'network' if fabric.has_network else 'banks'}, {wires.unit.wire_mm:.2g} mm",
        wires.unit,
        "feed",
        "fabric.feed_latency",
        _given(fabric.feed_latency),
    )
    if fabric.has_network:
        yield from _network_paths(parts, machine, elaborated, technology, wires)
    yield _read_path(machine, technology, wires.bank)
    addition, where = _addition(machine, technology)
    yield TimingPath(
        f"product of {kinds.weight} and {kinds.activation}",
        delay.multiplication(technology, kinds.weight, kinds.activation),
        "multiply",
        "fabric.multiply_latency",
        _given(fabric.multiply_latency),
        shares=wires.unit if scatters(machine) else addition,
    )
    name = f"{kinds.accumulate} addition to {where}"
    yield TimingPath(name, addition, "accumulate", "fabric.accumulate_latency", _given(fabric.accumulate_latency))


def _addition(machine: UnitsMachine, technology: Technology) -> tuple[Delay, str]:
    """From the sums that are kept and back to them, and which these are."""
    adder = delay.addition(technology, machine.datatypes.accumulate)
    if scatters(machine):  # of what the bank read, or what has just been added
        return delay.multiplexer(technology, 2) + adder, "a word that a bank has read"
    rows = machine.fabric.accumulators
    return delay.multiplexer(technology, rows) + adder, f"one of {rows} accumulators"


def _read_path(machine: UnitsMachine, technology: Technology, way: Delay) -> TimingPath:
    fabric = machine.fabric
    access, to = delay.sram_access(technology, fabric.bank_kib), "network"
    if not fabric.has_network:
        access, to = access + delay.multiplexer(technology, fabric.banks_per_copy * fabric.bank_ports), "unit"
    name = f"access of a bank of {fabric.bank_kib:g} KiB, way to its {to}, {way.wire_mm:.2g} mm"
    return TimingPath(name, access + way, "read", "fabric.read_latency", _given(fabric.read_latency))


def _network_paths(
    parts: UnitParts, machine: UnitsMachine, elaborated: Elaborated, technology: Technology, wires: Wires
) -> Iterator[TimingPath]:
    network = machine.fabric.network
    for plan in parts.networks(machine, technology, elaborated.slices, elaborated.allocation_latency):
        asks, words = plan.name == "request_network", plan.name.replace("_", " ")
        if asks or plan.crossbars[0].arbitrated:
            combining = _combination(plan, machine, technology) if asks and machine.fabric.combines else None
            if asks and network.queues == "voq":
                yield _matching(plan, machine, technology, combining)
            else:
                yield _arbitration(plan, technology, combining)
        queues = ROUTER_QUEUES[plan.name](machine, technology, elaborated.stages)
        way = plan.crossing(queues_mm2(queues), (wires.bank if asks else wires.unit).wire_mm)
        name = f"router of the {words} and a link, to a {'bank' if asks else 'unit'} or another, {way.wire_mm:.2g} mm"
        yield TimingPath(name, way, "crossing", "fabric.network.latency", _given(network.latency))


def _ports(plan: NetworkPlan) -> tuple[int, int]:
    """Inputs and outputs of the router with the most of either."""
    return max(((kind.inputs, kind.outputs) for kind in plan.layout.routers), key=lambda sides: (max(sides), min(sides)))


def _combination(plan: NetworkPlan, machine: UnitsMachine, technology: Technology) -> Delay:
    """Who else goes with a winner."""
    inputs, _ = _ports(plan)
    return delay.combination(technology, inputs, index_bits(machine.bank_words))


def _matching(plan: NetworkPlan, machine: UnitsMachine, technology: Technology, combining: Delay | None) -> TimingPath:
    """Each iteration has winners of its own, and the next asks who went with them: a combination lies in the path of each."""
    network, (inputs, outputs) = machine.fabric.network, _ports(plan)
    took = delay.allocation(technology, max(inputs, outputs), network.iterations)
    name = f"matching of {inputs} × {outputs}, {network.iterations} iteration{'s' if network.iterations > 1 else ''}"
    if combining:
        took, name = took + combining.times(network.iterations), f"{name}, each with a combination of addresses"
    return TimingPath(name, took, "allocation", "fabric.network.allocation", _given(network.allocation))


def _arbitration(plan: NetworkPlan, technology: Technology, combining: Delay | None) -> TimingPath:
    """A FIFO offers what is at its head, which is known when the last is granted: its arbiters are not pipelined."""
    inputs, _ = _ports(plan)
    took, name = delay.arbiter(technology, inputs), f"arbiter of {inputs} inputs in the {plan.name.replace('_', ' ')}"
    if combining:
        took, name = took + combining, f"{name}, with a combination of addresses"
    return TimingPath(name, took, "")


def _given(value: int | Auto) -> int | None:
    return None if value == "auto" else value
