"""The scheduler of a router with virtual output queues: what it has beyond a tree of arbiters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.cost.component import Area, Component


@dataclass(frozen=True)
class Scheduler(Component):
    """The matching of `inputs` with `outputs` where an input may ask for several outputs at once.

    A FIFO offers one flit, so that one arbiter an output decides: the 14 GE a crosspoint of `Crossbar`. An input with a
    queue an output needs the matrix of requests, an arbiter an output to grant, and one an input to accept: 53 GE a
    crosspoint at 35 % fill (Passas 2012: 7 mm² for 128 × 128 at 90 nm), of which 14 are in the crossbar already. What
    moves the pointers, iSLIP or plain round-robin, makes no difference to that. Each further iteration of a cycle adds
    both arbiters once more, 28 GE (assumed). Energy of a grant: the gates of one output's column switch once, at the
    energy of a gate of an adder, 3.1 / 5.4 fJ at 45 nm (Horowitz 2014; that they switch once is assumed).
    """

    inputs: int
    outputs: int
    iterations: int = 1

    @property
    def crosspoint_gates(self) -> float:
        """GE a crosspoint."""
        technology = self.technology
        return technology.crossbar_scheduler_ge + (self.iterations - 1) * technology.crossbar_iteration_ge

    def area(self) -> Area:
        """Cells, and cells at the fill of the published scheduler."""
        cells_mm2 = self.inputs * self.outputs * self.crosspoint_gates * self.technology.gate_area_um2 * 1e-6
        return Area(cells_mm2, cells_mm2 / self.technology.crossbar_scheduler_fill)

    def actions(self) -> Mapping[str, float]:
        """`grant`: one input of one output."""
        technology = self.technology
        gate_fj = technology.int_adder_fj_per_bit / technology.int_adder_ge_per_bit
        return {"grant": technology.logic_pj(self.inputs * self.crosspoint_gates * gate_fj * 1e-3)}

    def notes(self) -> tuple[str, ...]:
        """How sure that is."""
        if self.iterations == 1:
            return ()
        return (f"scheduler of {self.inputs} × {self.outputs}: iterations beyond the first assumed to repeat its arbiters",)
