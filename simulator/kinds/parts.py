"""The hardware of whichever kind a machine is: the one place of pricing that tells kinds apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.cost.hardware import Parts
from simulator.cost.technology import Technology
from simulator.kinds.both import parts as both
from simulator.kinds.gather import parts as gather
from simulator.kinds.scatter import parts as scatter
from simulator.kinds.systolic import parts as systolic
from simulator.kinds.units.parts import UnitParts, settled_network
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import GatherFabric, Machine


def parts_of(elaborated: Elaborated, technology: Technology) -> Parts:
    """What the machine's fabric is made of, and which counter pays for what."""
    machine = elaborated.machine
    if not isinstance(machine.fabric, GatherFabric):
        return systolic.parts_of(elaborated, technology)
    makers = {"gather": gather.parts_of, "scatter": scatter.parts_of, "both": both.parts_of}
    return makers[machine.mapping.dataflow](elaborated, technology)


def network_of(machine: Machine, technology: Technology) -> tuple[int, int]:
    """Pipeline stages of a network's crossing, and slices of the network that carries words; 1 and 1 where there is none.

    Raises ConfigError for more slices than lanes, and for a topology that cannot join units and banks.
    """
    if not isinstance(machine.fabric, GatherFabric):
        return 1, 1
    return settled_network(ways_of(machine), technology)


def ways_of(machine: Machine) -> list[tuple[UnitParts, Machine]]:
    """The dataflows of a fabric of units, each with the machine as it has it."""
    if machine.mapping.dataflow == "both":
        return both.ways_of(machine)
    return [(scatter.ScatterParts() if machine.mapping.dataflow == "scatter" else gather.GatherParts(), machine)]


def kinds_of_work(machine: Machine) -> tuple[str, ...]:
    """Kinds of work whose events are paid apart, since operations differ in the hardware that does them; none where they do not."""
    return tuple(both.WAYS) if machine.mapping.dataflow == "both" else ()


def work_of(details: Mapping[str, Any]) -> str:
    """The kind of work that an operation is, by what timing says of how it was mapped."""
    return str(details["dataflow"])
