"""Crossbars, networks of routers, switches that add, wires, and the way to a bank and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from simulator.cost.arithmetic import integer_adder
from simulator.cost.component import Area
from simulator.cost.delay import allocation
from simulator.cost.network import NetworkPlan, network_layout
from simulator.cost.router import Crossbar as CrossbarComponent
from simulator.cost.router import Scheduler
from simulator.cost.sram import SramBank
from simulator.cost.technology import Technology
from simulator.cost.validation.arithmetic import Bits, Count
from simulator.cost.validation.hardware import AREAS, Hardware, areas_um2, gates_um2
from simulator.network import TopologyName

Ports = Annotated[int, Field(ge=1, le=4096)]
Sides = Annotated[tuple[Ports, ...], Field(min_length=2, max_length=2)]
NetworkPorts = Annotated[int, Field(ge=1, le=512)]


class Crossbar(Hardware):
    """A crossbar in one direction."""

    quantities: ClassVar[tuple[str, ...]] = (*AREAS, "energy", "energy_per_bit", "stages", "delay")
    inputs: Ports = Field(description="inputs")
    outputs: Ports = Field(description="outputs")
    width_bits: Bits = Field(description="all bits of a flit: data, address, byte enables, valid")
    arbitrated: bool = Field(description="whether it arbitrates")
    slices: int = Field(1, ge=1, le=4096, description="crossbars of width_bits / slices that it is laid out as, side by side")
    clock_ghz: float = Field(1.0, gt=0, le=100, description="for the stages of its pipeline")

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Areas; energy of a flit and of a bit of it; pipeline stages at the clock, and the time without."""
        crossbar = CrossbarComponent(technology, self.inputs, self.outputs, self.width_bits, self.arbitrated, self.slices)
        hop_pj = crossbar.energy_pj("hop")
        energy = {"energy": hop_pj, "energy_per_bit": hop_pj / self.width_bits}
        time = {"stages": crossbar.delay().stages(technology, self.clock_ghz), "delay": crossbar.delay().ns(technology)}
        return {**areas_um2(technology, crossbar.area()), **energy, **time}


class VoqScheduler(Hardware):
    """All control of a router with virtual output queues: the arbiters of its crossbar and what its scheduler adds."""

    quantities: ClassVar[tuple[str, ...]] = (*AREAS, "delay")
    inputs: Ports = Field(description="inputs")
    outputs: Ports = Field(description="outputs")
    iterations: int = Field(1, ge=1, le=64, description="iterations of a cycle")
    registers: int = Field(0, ge=0, le=64, description="registers of a bit a crosspoint that its match goes through")

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Areas, all of it placed at the scheduler's fill; the time of a matching."""
        arbiters = CrossbarComponent(technology, self.inputs, self.outputs, 0, True).area()
        scheduler = Scheduler(technology, self.inputs, self.outputs, self.iterations, self.registers + 1)
        cells_mm2 = arbiters.cell_mm2 + scheduler.area().cell_mm2
        placed = areas_um2(technology, Area(cells_mm2, cells_mm2 / technology.crossbar_scheduler_fill))
        return {**placed, "delay": allocation(technology, max(self.inputs, self.outputs), self.iterations).ns(technology)}


class Network(Hardware):
    """A topology of the machines, in one direction, without its queues and links."""

    quantities: ClassVar[tuple[str, ...]] = AREAS
    topology: TopologyName = Field(description="how routers are joined")
    sources: NetworkPorts = Field(description="ports in")
    sinks: NetworkPorts = Field(description="ports out")
    width_bits: Bits = Field(description="all bits of a flit")
    arbitrated: bool = Field(description="whether its routers arbitrate")
    radix: int = Field(4, ge=2, le=512, description="of its routers")

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Cells of all routers; placed: at least the wires of the bisection."""
        layout = network_layout(self.topology, self.sources, self.sinks, self.radix)
        crossbars = tuple(
            CrossbarComponent(technology, kind.inputs, kind.outputs, self.width_bits, self.arbitrated) for kind in layout.routers
        )
        plan = NetworkPlan("network", layout, crossbars)
        cells_mm2 = sum(kind.count * crossbar.area().cell_mm2 for kind, crossbar in zip(layout.routers, crossbars, strict=True))
        return areas_um2(technology, Area(cells_mm2, plan.placed_mm2))


class ReductionSwitches(Hardware):
    """Switches of which each output takes one of the inputs or their sum, integers; area only."""

    quantities: ClassVar[tuple[str, ...]] = AREAS
    inputs: Ports = Field(description="inputs of a switch")
    outputs: Ports = Field(description="outputs of a switch")
    width_bits: Bits = Field(description="bits of a word")
    flop_bits: int = Field(ge=0, le=10**6, description="bits registered in a switch")
    count: Count = Field(1, description="switches")

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Areas of all switches: data paths of inputs + 1 to each output, adders and flops."""
        paths = (self.inputs + 1) * self.outputs * self.width_bits * technology.crossbar_ge_per_bit
        adders = (self.inputs - 1) * integer_adder(technology, self.width_bits).gates
        return gates_um2(technology, paths + adders + self.flop_bits * technology.flop_ge_per_bit, self.count)


class Wire(Hardware):
    """A repeated wire, random data."""

    quantities: ClassVar[tuple[str, ...]] = ("energy_per_bit_mm",)

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Energy of one bit over one mm."""
        return {"energy_per_bit_mm": technology.wire_pj(1.0)}


class BankAccess(Hardware):
    """A read of a bank through a hierarchy of crossbars: the request, the bank, the reply.

    Wires: each of request and reply crosses the side of the area that the banks it passes take, as in a machine's cluster,
    or the length that is stated.
    """

    quantities: ClassVar[tuple[str, ...]] = ("energy", "energy_per_bit")
    bank_kib: float = Field(gt=0, le=2**20, description="capacity of a bank")
    word_bits: Bits = Field(description="bits read")
    request_bits: Bits = Field(description="bits of a request that toggle")
    reply_bits: Bits = Field(description="bits of a reply")
    crossbars: tuple[Sides, ...] = Field(min_length=1, max_length=16, description="inputs and outputs of each crossbar passed")
    banks_spanned: int = Field(ge=1, le=2**20, description="banks over whose area the access travels")
    wire_mm: float | None = Field(None, gt=0, le=1e4, description="length that request and reply travel, in place of the side of that area")

    def modelled(self, technology: Technology) -> Mapping[str, float]:
        """Energy of one access, and of a bit of its word."""
        bank = SramBank(technology, self.bank_kib, self.word_bits, halves=1)
        moved_pj = 0.0
        for ports in self.crossbars:
            forth = CrossbarComponent(technology, ports[0], ports[-1], self.request_bits, True)
            back = CrossbarComponent(technology, ports[-1], ports[0], self.reply_bits, False)
            moved_pj += forth.energy_pj("hop") + back.energy_pj("hop")
        length_mm = math.sqrt(self.banks_spanned * bank.die_mm2()) if self.wire_mm is None else self.wire_mm
        moved_pj += technology.wire_pj((self.request_bits + self.reply_bits) * length_mm)
        energy_pj = bank.energy_pj("read") + moved_pj
        return {"energy": energy_pj, "energy_per_bit": energy_pj / self.word_bits}

    def notes(self, technology: Technology) -> tuple[str, ...]:
        """The bank's."""
        return SramBank(technology, self.bank_kib, self.word_bits, halves=1).notes()
