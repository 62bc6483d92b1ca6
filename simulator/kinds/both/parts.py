"""What a fabric of both dataflows is made of: the hardware of each, sharing what both have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec.structs import replace

from simulator.cost.floorplan import floorplan
from simulator.cost.hardware import Instance, Parts, Work, total_die_mm2
from simulator.cost.technology import Technology
from simulator.kinds.gather.parts import GatherParts
from simulator.kinds.scatter.parts import ScatterParts
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.parts import COMPONENTS, UnitParts, cluster_blocks, wires
from simulator.machine.model import Elaborated

Flow = Literal["gather", "scatter"]
WAYS: Mapping[Flow, UnitParts] = {"gather": GatherParts(), "scatter": ScatterParts()}
"""The dataflows, by what operations call them; slices are settled as for the first."""

_SHARED = ("weight_banks", "output_banks", "mac_lanes")
"""Of the scattering fabric, what is the gathering fabric's."""


def parts_of(elaborated: Elaborated, technology: Technology) -> Parts:
    """The gathering fabric, banks of sums instead of its own, and beside its networks one for sums, with all that a scattering fabric has.

    An operation pays for the hardware of its own dataflow, with wires as long as all of it makes them and banks as built.
    """
    machine = UnitsMachine.of(elaborated.machine)
    blocks = {flow: tuple(own.blocks(_in(elaborated, flow), technology)) for flow, own in WAYS.items()}
    built = (
        *(entry for entry in blocks["gather"] if not _is_bank(entry)),
        *(entry for entry in blocks["scatter"] if entry.name not in _SHARED),
    )
    fabric_mm2 = total_die_mm2(built)
    plan = floorplan(cluster_blocks(machine, built))
    # a gathered word is a word of its own, though it lies in a bank of sums
    banks = tuple(replace(entry, per_event=1.0) for entry in built if _is_bank(entry))
    doing = {"gather": (*(entry for entry in blocks["gather"] if not _is_bank(entry)), *banks), "scatter": blocks["scatter"]}
    work = []
    for flow, own in WAYS.items():
        one = machine.in_dataflow(flow)
        work.append(Work(flow, own.charges(one), (*doing[flow], *wires(one, technology, fabric_mm2, plan))))
    sums = [entry for entry in wires(machine.in_dataflow("scatter"), technology, fabric_mm2, plan) if entry.name == "cluster_wires"]
    instances = (*built, *wires(machine, technology, fabric_mm2, plan), *sums)
    return Parts(COMPONENTS, instances, tuple(work), machine.weight_entry_bits(dense=False), plan)


def _in(elaborated: Elaborated, flow: Flow) -> Elaborated:
    return replace(elaborated, machine=UnitsMachine.of(elaborated.machine).in_dataflow(flow).machine)


def _is_bank(entry: Instance) -> bool:
    return (entry.name, entry.part) == ("x_banks", "banks")
