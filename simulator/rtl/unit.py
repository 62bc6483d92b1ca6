"""A vector unit: walks its work list, issues requests, multiplies what arrives, merges finished rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from amaranth.hdl import Elaboratable, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout, View
from amaranth.lib.memory import Memory

from simulator.rtl.accumulators import Accumulators
from simulator.rtl.bits import index_bits
from simulator.rtl.direct import DirectLanding
from simulator.rtl.lists import ListWalk, Tile
from simulator.rtl.queue import Entry
from simulator.rtl.rows import MergeQueue, OpenRows, Places
from simulator.rtl.scan import Scan
from simulator.rtl.shape import ClusterShape
from simulator.rtl.window import Landing, Tags


class VectorUnit(Elaboratable):
    """One vector unit of a cluster; rules 10 and 11 of the model.

    In a cycle it takes one operand that has landed and scans its list; both see only what the cycle before left.
    """

    scans: type[Scan] = Scan
    sums: type[Accumulators] = Accumulators

    def __init__(
        self,
        shape: ClusterShape,
        tile: Tile,
        requests: StructLayout,
        queue: Entry,
        into: Callable[[View], Value],
        landing: Landing | DirectLanding,
    ) -> None:
        """`queue`: its own at the network; `into` tells which of several there takes a request."""
        spec, of_rows = shape.spec, self.of_rows(shape)
        self.shape = shape
        self.walk = ListWalk(shape, tile)
        self.tags = Tags(spec.window, spec.issue_width)
        self.landing = landing
        self.rows = OpenRows(of_rows)
        self.places = Places(of_rows)
        self.scan = self.scans(shape, tile, requests, (self.walk, self.tags, self.rows, self.places), queue, into)
        self.merging = MergeQueue(spec.accumulators, 1 + spec.examine_width)
        self.accumulators = self.sums(of_rows)
        self.pending = Memory(
            shape=StructLayout({"slot": index_bits(spec.accumulators), "weight": of_rows.weight_bits}), depth=spec.window, init=[]
        )
        """Of each slot of the window, what its word is multiplied by, and where the product goes."""
        self.idle = Signal()
        """Nothing is left to do but to write."""

    @staticmethod
    def of_rows(shape: ClusterShape) -> ClusterShape:
        """The shape as its rows have it: one for each row and token word, in which words are multiplied by weights."""
        return shape

    def multiplied_by(self, m: Module, told: Value) -> Value:
        """What a word is multiplied by, given what was told as it was asked for."""
        return told

    def elaborate(self, platform: Any) -> Module:
        """Consume, scan, merge."""
        m = Module()
        parts = ("walk", "tags", "landing", "rows", "places", "scan", "merging", "accumulators", "pending")
        for name in parts:
            m.submodules[name] = getattr(self, name)
        landing, rows, merging, accumulators = self.landing, self.rows, self.merging, self.accumulators
        for issue in self.scan.issues:
            write = self.pending.write_port()
            m.d.comb += [write.en.eq(issue.valid), write.addr.eq(issue.flit.tag)]
            m.d.comb += [write.data.slot.eq(issue.slot), write.data.weight.eq(issue.weight)]
        read = self.pending.read_port(domain="comb")
        m.d.comb += [
            read.addr.eq(landing.consumed_tag),
            self.tags.back[0].eq(landing.consumed),
            self.tags.back_tag[0].eq(landing.consumed_tag),
            accumulators.consumed.eq(landing.consumed),
            accumulators.slot.eq(read.data.slot),
            accumulators.weight.eq(self.multiplied_by(m, read.data.weight)),
            accumulators.word.eq(landing.consumed_word),
            accumulators.opened.eq(rows.opened),
            rows.consumed.eq(Mux(landing.consumed, 1 << accumulators.slot, 0)),
            rows.released.eq(accumulators.released),
        ]
        completed = [(rows.last_operand, accumulators.slot), *zip(self.scan.completes, self.scan.step_slot, strict=True)]
        for (complete, slot), into, into_slot in zip(completed, merging.complete, merging.slot, strict=True):
            m.d.comb += [into.eq(complete), into_slot.eq(slot)]
        m.d.comb += [
            accumulators.merge.eq(merging.merge),
            accumulators.merge_slot.eq(merging.merge_slot),
            self.places.slot.eq(merging.merge_slot),
            accumulators.merge_token.eq(self.places.slot_token),
            accumulators.merge_row.eq(self.places.slot_row),
            self.idle.eq(self.walk.done & ~rows.busy.any() & (self.tags.count == self.shape.spec.window)),
        ]
        return m
