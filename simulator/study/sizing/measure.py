"""What machines are made equal in: area and DRAM bandwidth from the machine alone, power and throughput from a run."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.cost import Instance, Technology, elaborate, inventory
from simulator.cost.charges import PER_CYCLE
from simulator.cost.types import OFF_FABRIC
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import Machine
from simulator.result import Result
from simulator.study.sizing.types import Quantity


def area_mm2(machine: Machine, technology: Technology, *, include_dram: bool = False) -> float:
    """Die area of the machine without simulating it; without the DRAM PHY unless told. Raises ConfigError."""
    return listed_area_mm2(inventory(elaborate(machine, technology), technology), include_dram=include_dram)


def listed_area_mm2(instances: Iterable[Instance], *, include_dram: bool) -> float:
    """Die area of hardware that has been listed already."""
    return sum(entry.count * entry.component.die_mm2() for entry in instances if include_dram or entry.name not in OFF_FABRIC)


def idle_power_w(elaborated: Elaborated, instances: Iterable[Instance], *, include_dram: bool) -> float:
    """Leakage and clock: what the machine takes in every cycle, whatever it does."""
    milliwatts = picojoules = 0.0
    for entry in instances:
        if include_dram or entry.name not in OFF_FABRIC:
            milliwatts += entry.count * entry.component.leakage_mw()
            picojoules += entry.count * sum(pj for action, pj in entry.component.own_actions.items() if action in PER_CYCLE)
    return milliwatts * 1e-3 + picojoules * elaborated.machine.clock_ghz * 1e-3


def dram_gb_per_s(machine: Machine, technology: Technology) -> float:
    """Effective DRAM bandwidth: devices × GB/s × share × efficiency."""
    return elaborate(machine, technology).dram_bytes_per_cycle * machine.clock_ghz


def of_run(result: Result, quantity: Quantity, *, include_dram: bool) -> float:
    """The quantity of a run: mean power in W, or effective throughput in TOPS (two operations a useful MAC)."""
    if quantity == "power":
        return result.power_w if include_dram else result.fabric_power_w
    if quantity == "throughput":
        return result.effective_tops
    if quantity == "area":
        return result.area_mm2 if include_dram else result.fabric_area_mm2
    raise ValueError(f"{quantity} is no quantity of a run")
