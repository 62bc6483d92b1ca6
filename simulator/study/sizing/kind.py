"""Which design a machine is: what a search for its best sizes must leave as it is."""

from __future__ import annotations

from typing import Literal

from simulator.kinds.systolic.machine import SystolicFabric
from simulator.machine.model import Machine

Kind = Literal["crossbar", "replication", "hybrid", "partition", "systolic"]


def kind_of(machine: Machine) -> Kind:
    """Return the design of a machine.

    `systolic`: a systolic fabric; else `partition`: several token groups; else `replication`: a copy for every unit;
    else `crossbar`: one copy for all units; else `hybrid`: several copies, each for several units.
    """
    fabric = machine.fabric
    if isinstance(fabric, SystolicFabric):
        return "systolic"
    if fabric.token_groups > 1:
        return "partition"
    if not fabric.has_network:
        return "replication"
    return "crossbar" if fabric.replicas == 1 else "hybrid"
