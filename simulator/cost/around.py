"""What every machine has around its fabric: activation buffer, DMA staging, clock and control, DRAM and its interface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from simulator.cost.buffers import ActivationBuffer
from simulator.cost.component import Area, Component
from simulator.cost.constants import choose_dram
from simulator.cost.decoder import WeightDecoder
from simulator.cost.dram import Dram, DramPhy, dram_bytes_per_cycle, dram_latency_cycles
from simulator.cost.hardware import Charge, Hardware, Instance, Parts, Work
from simulator.cost.heat import LeakageLaw
from simulator.cost.packer import ActivationPacker
from simulator.cost.registers import flop_clock_pj, flop_data_pj
from simulator.cost.sram import SramBank
from simulator.cost.technology import Technology
from simulator.cost.words import AROUND
from simulator.machine.model import DMA_CHUNK_BYTES, Elaborated

COMPONENTS: tuple[str, ...] = tuple(entry.name for entry in AROUND)
"""In the order of reports, after those of the fabric."""

CHARGES: tuple[Charge, ...] = (
    Charge("fill_broadcast", "x", "x_trunk", "transfer_byte", ("x_trunk_bytes",)),
    Charge("fill_broadcast", "w", "w_trunk", "transfer_byte", ("w_trunk_bytes",)),
    Charge("drain_bus", "bus", "transfer", "transfer_byte", ("drain_bytes",)),
    Charge("drain_bus", "adders", "add", "add", ("drain_additions",)),
    Charge("activation_buffer", "macros", "read", "read_byte", ("buffer_read_bytes",)),
    Charge("activation_buffer", "macros", "write", "write_byte", ("buffer_write_bytes",)),
    Charge("dma_staging", "in", "write", "write_bit", ("dram_read_bytes",), times=8),
    Charge("dma_staging", "in", "read", "read_bit", ("dram_read_bytes",), times=8),
    Charge("dma_staging", "out", "write", "write_bit", ("dram_write_bytes",), times=8),
    Charge("dma_staging", "out", "read", "read_bit", ("dram_write_bytes",), times=8),
    Charge("dma_staging", "decoder", "decode", "decode_bit", ("weight_bits_decoded",)),
    Charge("dma_staging", "unpacker", "unpack", "element", ("activations_unpacked",)),
    Charge("dma_staging", "packer", "pack", "element", ("activations_packed",)),
    Charge("dram_phy", "share", "transfer", "transfer_byte", ("dram_read_bytes", "dram_write_bytes")),
    Charge("dram", "share", "activate", "activate_byte", ("dram_read_bytes", "dram_write_bytes")),
    Charge("dram", "share", "move", "move_byte", ("dram_read_bytes", "dram_write_bytes")),
    Charge("dram", "share", "io", "io_byte", ("dram_read_bytes", "dram_write_bytes")),
)
"""What every machine does; its trunks and its drain bus are the fabric's."""


def surrounded(parts: Parts, elaborated: Elaborated, technology: Technology) -> Hardware:
    """A machine's hardware: its fabric first, then what is around it."""
    listed = (*parts.instances, *_buffers(elaborated, technology, parts.decoded_bits))
    instances = (*listed, _control(listed, technology), *_memory(elaborated, technology))
    work = (*parts.work, Work(None, CHARGES, instances))
    return Hardware(
        technology=technology.name,
        clock_ghz=elaborated.machine.clock_ghz,
        leakage=LeakageLaw(technology.junction_c, technology.leakage_doubling_c),
        components=(*parts.components, *COMPONENTS),
        instances=instances,
        work=work,
        floorplan=parts.floorplan,
    )


def _buffers(elaborated: Elaborated, technology: Technology, decoded_bits: int) -> Iterator[Instance]:
    machine = elaborated.machine
    buffer = ActivationBuffer(technology, machine.activation_buffer_kib, machine.trunks.x_bytes_per_cycle)
    yield Instance("activation_buffer", "macros", buffer, 1)
    yield from _staging(elaborated, technology)
    if machine.weight_decoder:
        line_bits, value_bits = 8 * machine.trunks.w_bytes_per_cycle, machine.datatypes.weight_bits
        yield Instance("dma_staging", "decoder", WeightDecoder(technology, max(1, line_bits // value_bits), decoded_bits, line_bits), 1)
    if machine.activation_format != "dense":
        bits, trunks = machine.datatypes.activation_bits, machine.trunks
        for part, bus_bytes in (("unpacker", trunks.x_bytes_per_cycle), ("packer", trunks.drain_bytes_per_cycle)):
            yield Instance("dma_staging", part, ActivationPacker(technology, max(1, 8 * bus_bytes // bits), bits), 1)


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


class ClockAndControl(Component, frozen=True):
    """Sequencers, address generators, list decoders, DMA engines, configuration, and the clock tree of the whole die.

    All assumed (published accelerators are about twice the sum of their arithmetic and memory). Cells =
    control_area_fraction × the logic cells listed. Each cycle `clock_tree` takes clock_tree_fraction × the energy of
    all clock pins, listed and control's own; `control` takes control_activity × that of its flops, clocked and written,
    with control_flop_share of its cells flops.
    """

    logic_mm2_listed: float
    clock_pj_listed: float

    @property
    def _cell_mm2(self) -> float:
        return self.technology.control_area_fraction * self.logic_mm2_listed

    def area(self) -> Area:
        """Cells and their placement."""
        return Area(self._cell_mm2, self._cell_mm2 / self.technology.cell_placement)

    def actions(self) -> Mapping[str, float]:
        """`clock_tree` and `control`: of one cycle."""
        technology = self.technology
        flop_bits = technology.control_flop_share * self._cell_mm2 * 1e6 / technology.gate_area_um2 / technology.flop_ge_per_bit
        active = flop_bits * technology.control_activity
        data_pj = flop_data_pj(technology, active)
        clock_pj = flop_clock_pj(technology, active)
        return {"clock_tree": technology.clock_tree_fraction * (self.clock_pj_listed + clock_pj), "control": data_pj + clock_pj}

    def notes(self) -> tuple[str, ...]:
        """That it is assumed."""
        return ("area and energy assumed: no source gives them apart",)
