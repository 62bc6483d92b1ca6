"""A crossbar in one direction, the core of a router: gates or wires, in slices, with or without arbitration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component
from simulator.cost.wires import repeater_area_um2


@dataclass(frozen=True)
class Crossbar(Component):
    """`inputs` × `outputs` crosspoints of `width_bits`, laid out as `slices` crossbars of width / slices side by side.

    One slice of W bits: cells = N_i N_o (1.35 W + 14 where it arbitrates) GE (PULP, 22 nm synthesis); layout =
    max(cells · 3.0/0.9 (Passas 2012), N_i W p · N_o W p (Satpathy 2012)). The layout is placed already: it is not
    divided by the placement of cells again. Each arbitrated slice decodes for itself; the band of the 14 GE goes to 60.
    Energy of a flit = W (e_w √A_slice + 2 fJ log2 N), N the larger side; with slices, `control_bits` a flit (address
    and grant) also run past all slices but one. Delay = 2.5 FO4 log2 N + 2 τ √A of all slices.
    """

    inputs: int
    outputs: int
    width_bits: int
    arbitrated: bool
    slices: int = 1
    control_bits: int = 0

    @property
    def slice_bits(self) -> float:
        """Bits of one slice."""
        return self.width_bits / self.slices

    @property
    def _levels(self) -> float:
        return math.log2(max(self.inputs, self.outputs))

    def slice_cell_um2(self) -> float:
        """Synthesised cells of one slice."""
        technology = self.technology
        gates = technology.crossbar_ge_per_bit * self.slice_bits + (technology.crossbar_arbiter_ge if self.arbitrated else 0.0)
        return self.inputs * self.outputs * gates * technology.gate_area_um2

    def slice_wire_um2(self) -> float:
        """Area that the wires of one slice cover: also its bound."""
        pitch = self.technology.crossbar_wire_pitch_um
        return (self.inputs * self.slice_bits * pitch) * (self.outputs * self.slice_bits * pitch)

    def slice_layout_um2(self) -> float:
        """Placed area of one slice: the larger of gates and wires."""
        gates = self.slice_cell_um2() * self.technology.crossbar_layout_factor / self.technology.crossbar_fill
        return max(gates, self.slice_wire_um2())

    def area(self) -> Area:
        """All slices, and the repeaters of what is broadcast to them."""
        repeaters = repeater_area_um2(self.technology, (self.inputs + self.outputs) * self.control_bits * self._broadcast_mm)
        cells = self.slices * self.slice_cell_um2() + repeaters
        placed = self.slices * self.slice_layout_um2() + repeaters / self.technology.cell_placement
        return Area(cells * 1e-6, placed * 1e-6)

    def actions(self) -> Mapping[str, float]:
        """`hop`: one flit from an input to an output, and what is broadcast to the slices for it."""
        technology = self.technology
        wires = technology.wire_pj(self.width_bits * math.sqrt(self.slice_layout_um2() * 1e-6))
        gates = technology.logic_pj(self.width_bits * technology.mux_fj_per_level * self._levels * 1e-3)
        return {"hop": wires + gates + technology.wire_pj(self.control_bits * self._broadcast_mm)}

    def delay_ns(self) -> float:
        """Time of a flit from input to output register (±50 %)."""
        gates_ns = self.technology.crossbar_delay_fo4_per_level * self.technology.fo4_delay_ps * 1e-3 * self._levels
        side_mm = math.sqrt(self.slices * self.slice_layout_um2() * 1e-6)
        return gates_ns + 2 * self.technology.wire_delay_ns_per_mm * side_mm

    def stages(self, clock_ghz: float, link_mm: float = 0.0) -> int:
        """Pipeline stages at a clock, with a link of `link_mm` behind it: ⌈f (t + τ link) / 0.75⌉, at least 1."""
        delay_ns = self.delay_ns() + self.technology.wire_delay_ns_per_mm * link_mm
        # a delay that fills its stages exactly needs no further one for the last bit of rounding
        return max(1, math.ceil(clock_ghz * delay_ns / self.technology.crossbar_stage_fill - 1e-9))

    def notes(self) -> tuple[str, ...]:
        """Whether gates or wires decide, and the band."""
        limit = "wires" if self.slice_layout_um2() == self.slice_wire_um2() else "gates"
        sliced = f" in {self.slices} slices" if self.slices > 1 else ""
        return (f"{self.inputs} × {self.outputs} × {self.width_bits} b{sliced}: area set by {limit}",)

    @property
    def _broadcast_mm(self) -> float:
        return (self.slices - 1) * math.sqrt(self.slice_layout_um2() * 1e-6)
