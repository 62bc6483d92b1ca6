"""What machines are made equal in: area and DRAM bandwidth from the machine alone, power and throughput from a run."""

from __future__ import annotations

from simulator.cost import Technology
from simulator.machine.model import Machine
from simulator.pricing import elaborate, hardware_of
from simulator.result import Result
from simulator.study.sizing.types import Quantity


def area_mm2(machine: Machine, technology: Technology, *, include_dram: bool = False) -> float:
    """Die area of the machine without simulating it; without the DRAM PHY unless told. Raises ConfigError."""
    return hardware_of(elaborate(machine, technology), technology).area_mm2(include_dram=include_dram)


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
