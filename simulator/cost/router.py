"""What a router is made of: a crossbar one way, its scheduler, what combines requests; and a multiplexer, which needs neither."""

from __future__ import annotations

import math
from collections.abc import Mapping

from simulator.cost.component import Area, Component, cell_area
from simulator.cost.delay import Delay, multiplexer, wire
from simulator.cost.registers import flop_clock_pj, flop_data_pj, gated_clock_pj
from simulator.cost.technology import Technology
from simulator.cost.wires import repeater_area_um2


class Crossbar(Component, frozen=True):
    """`inputs` × `outputs` crosspoints of `width_bits`, laid out as `slices` crossbars of width / slices side by side.

    One slice of W bits: cells = N_i N_o (1.35 W + 19 where it arbitrates) GE (PULP, 22 nm synthesis; the 19 by own synthesis); layout =
    max(cells · 3.0/0.9 (Passas 2012), N_i W p · N_o W p (Satpathy 2012)). The layout is placed already: it is not
    divided by the placement of cells again. Each arbitrated slice decodes for itself; the band of the 19 GE goes from 14 to 60.
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

    def delay(self) -> Delay:
        """Of a flit from input to output register (±50 %)."""
        side_mm = math.sqrt(self.slices * self.slice_layout_um2() * 1e-6)
        return multiplexer(self.technology, max(self.inputs, self.outputs)) + wire(2 * side_mm)

    def notes(self) -> tuple[str, ...]:
        """Whether gates or wires decide, and the band."""
        limit = "wires" if self.slice_layout_um2() == self.slice_wire_um2() else "gates"
        sliced = f" in {self.slices} slices" if self.slices > 1 else ""
        return (f"{self.inputs} × {self.outputs} × {self.width_bits} b{sliced}: area set by {limit}",)

    @property
    def _broadcast_mm(self) -> float:
        return (self.slices - 1) * math.sqrt(self.slice_layout_um2() * 1e-6)


class WordMultiplexer(Component, frozen=True):
    """`outputs` words of `width_bits`, each from any of `inputs` banks, with one owner: nothing to arbitrate.

    Cells = 1.35 W GE for each input and output, as a crossbar's data path; it is spread along the banks, so that its
    wires run over macros and are charged as the cluster's wires. Energy of a word = W · 2 fJ · log2 inputs.
    """

    inputs: int
    outputs: int
    width_bits: int

    def area(self) -> Area:
        """Cells and their placement."""
        return cell_area(self.technology, self.inputs * self.outputs * self.width_bits * self.technology.crossbar_ge_per_bit)

    def actions(self) -> Mapping[str, float]:
        """`select`: one word."""
        return {"select": self.technology.logic_pj(self.width_bits * self.technology.mux_fj_per_level * math.log2(self.inputs) * 1e-3)}


def _switched_pj(technology: Technology, gates: float) -> float:
    """Energy of so many GE that switch once, each as a gate of an adder does."""
    return technology.logic_pj(gates * (technology.int_adder_fj_per_bit / technology.int_adder_ge_per_bit) * 1e-3)


class Scheduler(Component, frozen=True):
    """The matching of `inputs` with `outputs` where an input may ask for several outputs at once.

    A FIFO offers one flit, so that one arbiter an output decides: the 19 GE a crosspoint of `Crossbar`. An input with a
    queue an output needs the matrix of requests, an arbiter an output to grant, and one an input to accept: 40.1 GE a
    crosspoint by synthesis of iSLIP with its match in a register, of which 19 are in the crossbar already and 5.9 are that
    register, which a matching of one cycle does not have: 15.2. What moves the pointers, iSLIP or plain round-robin, makes no
    difference to that. Each further iteration of a cycle adds 20.3 GE. A matching of several cycles is cut by registers of a
    bit a crosspoint, whose data a grant writes for one output (Passas 2012: 53 GE in three cycles, at 35 % fill).
    Energy of a grant: the gates of one output's column switch once, at the
    energy of a gate of an adder, 3.1 / 5.4 fJ at 45 nm (Horowitz 2014; that they switch once is assumed).
    """

    inputs: int
    outputs: int
    iterations: int = 1
    cycles: int = 1
    """Of a matching."""

    @property
    def crosspoint_gates(self) -> float:
        """GE a crosspoint, without the registers between the cycles of a matching."""
        technology = self.technology
        return technology.crossbar_scheduler_ge + (self.iterations - 1) * technology.crossbar_iteration_ge

    @property
    def _register_bits(self) -> int:
        """Of all crosspoints."""
        return (self.cycles - 1) * self.inputs * self.outputs

    def area(self) -> Area:
        """Cells, and cells at the fill of the published scheduler."""
        gates = self.inputs * self.outputs * self.crosspoint_gates + self._register_bits * self.technology.flop_ge_per_bit
        cells_mm2 = gates * self.technology.gate_area_um2 * 1e-6
        return Area(cells_mm2, cells_mm2 / self.technology.crossbar_scheduler_fill)

    def actions(self) -> Mapping[str, float]:
        """`grant`: one input of one output; `clock` a cycle: the registers between the cycles of a matching."""
        written_pj = flop_data_pj(self.technology, (self.cycles - 1) * self.inputs)
        granted_pj = _switched_pj(self.technology, self.inputs * self.crosspoint_gates)
        return {"grant": granted_pj + written_pj, "clock": flop_clock_pj(self.technology, self._register_bits)}

    def notes(self) -> tuple[str, ...]:
        """What it was synthesised without."""
        return (f"scheduler of {self.inputs} × {self.outputs}: cells by synthesis without wires",)


class Combiner(Component, frozen=True):
    """At each crosspoint of `inputs` × `outputs` the head's address of `address_bits` is held against the winner's.

    Gates a crosspoint and bit, once an iteration, since each has winners of its own in the same cycle: a comparator (3.05 GE: an
    XNOR and its share of the AND tree, by synthesis) and the multiplexer that sets the winner's address on the output's
    column (1.35 GE, as the crossbar's data path); and, where an input has a queue an output (`queued`), a flop that shows
    that queue's head (5.9 GE), which otherwise only the one queue that is read shows. Energy of a grant (`compare`): the
    gates of one output's column switch once in each iteration, at the energy of a gate of an adder, as in `Scheduler`:
    what an earlier iteration excludes is not known yet when a later one begins. One head is written. The wires run over
    the cells.
    """

    inputs: int
    outputs: int
    address_bits: int
    queued: bool
    iterations: int = 1
    """Of a matching."""

    @property
    def _compared_gates(self) -> float:
        """GE of the comparators and multiplexers of a crosspoint."""
        return self.iterations * self.address_bits * (self.technology.combiner_ge_per_bit + self.technology.crossbar_ge_per_bit)

    @property
    def _head_bits(self) -> int:
        return self.inputs * self.outputs * self.address_bits if self.queued else 0

    def area(self) -> Area:
        """Cells and their placement."""
        gates = self.inputs * self.outputs * self._compared_gates
        return cell_area(self.technology, gates + self.technology.flop_ge_per_bit * self._head_bits)

    def actions(self) -> Mapping[str, float]:
        """`compare`: a grant of one output; `clock` a cycle: the heads' flops, behind clock gates."""
        technology = self.technology
        compared_pj = _switched_pj(technology, self.inputs * self._compared_gates)
        shown_pj = flop_data_pj(technology, self.address_bits) if self.queued else 0.0
        return {"compare": compared_pj + shown_pj, "clock": gated_clock_pj(technology, self._head_bits)}
