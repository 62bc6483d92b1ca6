"""Output banks, and the gate that stops the clock of a whole fabric (rules 8 and 9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from amaranth.hdl import Cat, Elaboratable, EnableInserter, Module, Signal
from amaranth.lib.data import StructLayout, View

from simulator.rtl.bits import index_bits
from simulator.rtl.cluster import Cluster
from simulator.rtl.queue import Queue


class OutputBank(Elaboratable):
    """A FIFO of row words, written by its unit and drained by the bus."""

    def __init__(self, cluster: Cluster, number: int, slots: int) -> None:
        shape = cluster.shape
        layout = StructLayout(
            {"token": index_bits(shape.tokens), "row": index_bits(shape.rows), "word": max(1, shape.lanes * shape.sum_bits)}
        )
        self.sums = cluster.units[number].accumulators
        self.rows = Queue(layout, slots)
        self.still = Signal()
        """The fabric's clock stands."""
        self.waits = Signal()
        """Its unit has a row and no place for it."""
        self.drain = Signal()
        """The bus takes a row, if there is one."""
        self.valid = Signal()
        self.row: View = Signal(layout)

    def elaborate(self, platform: Any) -> Module:
        """A row is written in the cycle in which the fabric moves on."""
        m = Module()
        m.submodules.rows = rows = self.rows
        into = rows.flit[0]
        m.d.comb += [
            self.waits.eq(self.sums.write & (rows.free == 0)),
            rows.push[0].eq(self.sums.write & ~self.still),
            into.token.eq(self.sums.write_token),
            into.row.eq(self.sums.write_row),
            into.word.eq(self.sums.write_word),
            self.valid.eq(rows.visible[0]),
            rows.pop.eq(self.drain & self.valid),
            self.row.eq(rows.head),
        ]
        return m


def output_banks(cluster: Cluster, slots: int) -> list[OutputBank]:
    """One a unit. `slots`: row words of it, both halves together."""
    return [OutputBank(cluster, number, slots) for number in range(len(cluster.units))]


class Gateable(Protocol):
    """A cluster of any dataflow."""

    def ports_of_top(self) -> list[Signal]:
        """What joins it to the rest of a machine."""


class GatedCluster(Elaboratable):
    """A cluster on a clock of its own: it stands where the system holds it (a piece of a list is late) or a row has no place."""

    def __init__(self, cluster: Gateable, outputs: Sequence[OutputBank]) -> None:
        self.cluster = cluster
        self.outputs = outputs
        self.hold = Signal()
        self.still = Signal()

    def ports_of_top(self) -> list[Signal]:
        """What joins it to the rest of a machine."""
        ports = [self.hold, self.still, *self.cluster.ports_of_top()]
        for output in self.outputs:
            ports += [output.drain, output.valid, output.row.as_value()]
        return ports

    def elaborate(self, platform: Any) -> Module:
        """One wire stops all of it, and none of its outputs."""
        m = Module()
        moves = Signal()
        m.submodules.cluster = EnableInserter(moves)(self.cluster)
        for number, output in enumerate(self.outputs):
            m.submodules[f"output_{number}"] = output
            m.d.comb += output.still.eq(self.still)
        m.d.comb += self.still.eq(self.hold | Cat(0, *(output.waits for output in self.outputs)).any())
        m.d.comb += moves.eq(~self.still)
        return m
