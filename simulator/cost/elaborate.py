"""Settle what a machine leaves `auto` and only technology can tell."""

from __future__ import annotations

import math
from typing import Literal

from simulator.cost.constants import DramDevice, choose_dram
from simulator.cost.network_inventory import network_stages
from simulator.cost.network_plan import slices_of_least_area
from simulator.cost.technology import Technology
from simulator.errors import ConfigError
from simulator.machine.elaborated import Elaborated
from simulator.machine.model import GatherFabric, Machine

_ROUNDING = 1e-9


def elaborate(machine: Machine, technology: Technology) -> Elaborated:
    """Return the machine with its geometry settled.

    Network latency: stages of a router and its link, the most of all routers. Slices: least area. A fabric without a
    network has one of each. DRAM bytes/cycle = devices × GB/s × share × efficiency / GHz. Raises ConfigError for an
    unknown DRAM kind, for more slices than lanes, and for a topology that cannot join units and banks.
    """
    device = choose_dram(technology.dram_devices, machine.dram.kind)
    _check_activation(machine, device)
    latency, slices = _network(machine, technology)
    return Elaborated(
        machine=machine,
        network_latency=latency,
        slices=slices,
        dram_bytes_per_cycle=dram_bytes_per_cycle(machine, device),
        dram_latency_cycles=dram_latency_cycles(machine),
        dram_burst_bytes=device.burst_bytes,
    )


def _check_activation(machine: Machine, device: DramDevice) -> None:
    useful = machine.dram.useful_bytes_per_activate
    if useful != "auto" and useful < device.burst_bytes:
        raise ConfigError(
            f"dram.useful_bytes_per_activate: found {useful:g}, less than one burst of {device.kind}; "
            f"allowed: at least {device.burst_bytes} bytes, or auto"
        )


def dram_bytes_per_cycle(machine: Machine, device: DramDevice) -> float:
    """Effective bandwidth of the machine's share."""
    dram = machine.dram
    return dram.stacks * device.bandwidth_gb_per_s * dram.share * dram.efficiency / machine.clock_ghz


def dram_latency_cycles(machine: Machine) -> int:
    """Whole cycles from a request to its first byte."""
    return math.ceil(machine.dram.latency_ns * machine.clock_ghz - _ROUNDING)


def _network(machine: Machine, technology: Technology) -> tuple[int, int]:
    fabric = machine.fabric
    if not isinstance(fabric, GatherFabric) or not fabric.has_network:
        return 1, 1
    network = fabric.network
    slices = slices_of_least_area(machine, technology) if network.slices == "auto" else network.slices
    if slices > fabric.lanes:
        raise ConfigError(f"fabric.network.slices = {slices}: a slice carries whole lanes; allowed: 1 to {fabric.lanes}, or auto")
    # asked for in any case, so that a topology that cannot join units and banks is refused before anything runs
    flows: tuple[Literal["gather", "scatter"], ...] = ("gather", "scatter")
    kinds = [machine.in_dataflow(flow) for flow in flows] if machine.mapping.dataflow == "both" else [machine]
    stages = max(_settled_stages(kind, technology, slices) for kind in kinds)
    return (stages if network.latency == "auto" else network.latency), slices


def _settled_stages(machine: Machine, technology: Technology, slices: int) -> int:
    """More stages need deeper queues, and these longer links: widen until both agree."""
    latency = 1
    while (stages := network_stages(machine, technology, slices, latency)) > latency:
        latency = stages
    return latency
