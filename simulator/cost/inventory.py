"""All hardware of a machine: its fabric, and what every machine has around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from simulator.cost.buffers import ActivationBuffer
from simulator.cost.constants import choose_dram
from simulator.cost.control import ClockAndControl
from simulator.cost.decoder import WeightDecoder
from simulator.cost.dram import Dram, DramPhy
from simulator.cost.elaborate import dram_bytes_per_cycle, dram_latency_cycles
from simulator.cost.gather_inventory import gather_fabric
from simulator.cost.instance import Instance
from simulator.cost.sram import SramBank
from simulator.cost.systolic_inventory import systolic_fabric
from simulator.cost.technology import Technology
from simulator.machine.elaborated import DMA_CHUNK_BYTES, Elaborated
from simulator.machine.model import GatherFabric

_AROUND = ("activation_buffer", "dma_staging", "clock_and_control", "dram_phy", "dram")

GATHER_COMPONENTS: tuple[str, ...] = (
    "x_banks",
    "presence_bits",
    "weight_banks",
    "output_banks",
    "landing_registers",
    "mac_lanes",
    "accumulators",
    "request_network",
    "reply_network",
    "queues",
    "fill_broadcast",
    "cluster_wires",
    "drain_bus",
    *_AROUND,
)
"""Components of a gather machine, in the order of reports."""

SYSTOLIC_COMPONENTS: tuple[str, ...] = (
    "pe_array",
    "x_buffer",
    "w_buffer",
    "y_buffer",
    "presence_bits",
    "fill_broadcast",
    "drain_bus",
    *_AROUND,
)
"""Components of a systolic machine, in the order of reports."""


def inventory(elaborated: Elaborated, technology: Technology) -> tuple[Instance, ...]:
    """Return every piece of hardware that is priced, the fabric first."""
    if isinstance(elaborated.machine.fabric, GatherFabric):
        fabric = gather_fabric(elaborated, technology)
    else:
        fabric = systolic_fabric(elaborated, technology)
    listed = (*fabric, *_buffers(elaborated, technology))
    return (*listed, _control(listed, technology), *_memory(elaborated, technology))


def component_names(elaborated: Elaborated) -> tuple[str, ...]:
    """Components that a machine of this kind can have, in the order of reports."""
    return GATHER_COMPONENTS if isinstance(elaborated.machine.fabric, GatherFabric) else SYSTOLIC_COMPONENTS


def _buffers(elaborated: Elaborated, technology: Technology) -> Iterator[Instance]:
    machine = elaborated.machine
    buffer = ActivationBuffer(technology, machine.activation_buffer_kib, machine.trunks.x_bytes_per_cycle)
    yield Instance("activation_buffer", "macros", buffer, 1)
    yield from _staging(elaborated, technology)
    if machine.weight_decoder:
        line_bits, value_bits = 8 * machine.trunks.w_bytes_per_cycle, machine.datatypes.weight_bits
        entry_bits = machine.weight_entry_bits(dense=False) if isinstance(machine.fabric, GatherFabric) else value_bits
        yield Instance("dma_staging", "decoder", WeightDecoder(technology, max(1, line_bits // value_bits), entry_bits, line_bits), 1)


def _staging(elaborated: Elaborated, technology: Technology) -> Iterator[Instance]:
    """Room for the chunks that each DMA stream has under way: X and W in, Y out, as wide as their trunks."""
    machine = elaborated.machine
    device = choose_dram(technology.dram_devices, machine.dram.kind)
    # from the machine, since a run with ideal memory has another bandwidth but no other hardware
    own = replace(elaborated, dram_bytes_per_cycle=dram_bytes_per_cycle(machine, device), dram_latency_cycles=dram_latency_cycles(machine))
    staged_bytes = own.dma_slots * DMA_CHUNK_BYTES
    trunks = machine.trunks
    for part, count, bytes_per_cycle in (
        ("in", 2, max(trunks.x_bytes_per_cycle, trunks.w_bytes_per_cycle)),
        ("out", 1, trunks.drain_bytes_per_cycle),
    ):
        width_bits = 8 * min(bytes_per_cycle, DMA_CHUNK_BYTES)
        yield Instance("dma_staging", part, SramBank(technology, staged_bytes / 1024, width_bits, "1r1w", halves=1), count)


def _control(listed: Iterable[Instance], technology: Technology) -> Instance:
    logic_mm2 = clock_pj = 0.0
    for entry in listed:
        logic_mm2 += entry.count * entry.component.logic_mm2()
        clock_pj += entry.count * entry.component.own_actions.get("clock", 0.0)
    return Instance("clock_and_control", "whole die", ClockAndControl(technology, logic_mm2, clock_pj), 1)


def _memory(elaborated: Elaborated, technology: Technology) -> Iterator[Instance]:
    dram = elaborated.machine.dram
    device = choose_dram(technology.dram_devices, dram.kind)
    yield Instance("dram_phy", "share", DramPhy(technology, device, dram.stacks * dram.share), 1)
    useful = None if dram.useful_bytes_per_activate == "auto" else dram.useful_bytes_per_activate
    yield Instance("dram", "share", Dram(technology, device, useful), 1)
