"""What lets the requests for one word through a crossbar together: comparators of addresses at its arbiters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component, cell_area
from simulator.cost.register_file import flop_data_pj, gated_clock_pj


@dataclass(frozen=True)
class Combiner(Component):
    """At each crosspoint of `inputs` × `outputs` the head's address of `address_bits` is held against the winner's.

    Gates a crosspoint and bit: a comparator (3.5 GE: an XNOR and its share of the AND tree, from memory) and the
    multiplexer that sets the winner's address on the output's column (1.35 GE, as the crossbar's data path); and, where
    an input has a queue an output (`queued`), a flop that shows that queue's head (5.9 GE), which otherwise only the
    one queue that is read shows. Energy of a grant (`compare`): the gates of one output's column switch once, at the
    energy of a gate of an adder, as in `Scheduler`, and one head is written. The wires run over the cells. That address,
    comparison and grant fit into the cycle of the arbiters is not checked.
    """

    inputs: int
    outputs: int
    address_bits: int
    queued: bool

    @property
    def _compared_gates(self) -> float:
        """GE of the comparators and multiplexers of a crosspoint."""
        return self.address_bits * (self.technology.combiner_ge_per_bit + self.technology.crossbar_ge_per_bit)

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
        gate_fj = technology.int_adder_fj_per_bit / technology.int_adder_ge_per_bit
        compared_pj = technology.logic_pj(self.inputs * self._compared_gates * gate_fj * 1e-3)
        shown_pj = flop_data_pj(technology, self.address_bits) if self.queued else 0.0
        return {"compare": compared_pj + shown_pj, "clock": gated_clock_pj(technology, self._head_bits)}

    def notes(self) -> tuple[str, ...]:
        """What the cycle is not checked for."""
        return (f"multicast: {self.inputs} × {self.outputs} comparators of {self.address_bits} b, taken to fit into the arbiters' cycle",)
