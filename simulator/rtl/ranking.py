"""The order of what comes back to a unit in one cycle: by who was issued first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Const, Elaboratable, Module, Mux, Signal, Value

from simulator.rtl.bits import index_bits
from simulator.rtl.flit import Leaving
from simulator.rtl.parts import selected, total, wire


class ByIssue(Elaboratable):
    """Slots that come in any order leave in that of their issue. Who was issued before whom is kept as a bit a pair of slots."""

    def __init__(self, window: int, ways: int) -> None:
        """`ways`: on which slots may come at once."""
        self.window = window
        self.issues: Sequence[Leaving] = []
        """Of the unit; set once it is there."""
        self.comes = [Signal(name=f"comes_{way}") for way in range(ways)]
        self.slot = [Signal(index_bits(window), name=f"slot_{way}") for way in range(ways)]
        places = min(ways, window)
        self.valid = [Signal(name=f"valid_{place}") for place in range(places)]
        self.tag = [Signal(index_bits(window), name=f"tag_{place}") for place in range(places)]
        """In their order."""

    def elaborate(self, platform: Any) -> Module:
        """The rank of a slot is the number of those that come and were issued before it."""
        m = Module()
        window = self.window
        ways = list(zip(self.comes, self.slot, strict=True))
        here = [wire(m, Mux(comes, 1 << slot, 0), f"here_{way}", window) for way, (comes, slot) in enumerate(ways)]
        coming = Signal(window)
        m.d.comb += coming.eq(Cat(Cat(*(mask[tag] for mask in here)).any() for tag in range(window)))
        older = self._older(m)
        ranks = []
        for tag in range(window):
            rank = Signal(range(window + 1), name=f"rank_{tag}")
            m.d.comb += rank.eq(total([Const(0, 1), *(coming[other] & older[other][tag] for other in range(window))]))
            ranks.append(rank)
        for place, (valid, tag_out) in enumerate(zip(self.valid, self.tag, strict=True)):
            mine = [wire(m, coming[tag] & (ranks[tag] == place), f"takes_{place}_{tag}") for tag in range(window)]
            m.d.comb += valid.eq(Cat(*mine).any())
            m.d.comb += tag_out.eq(selected([(takes, Const(tag, index_bits(window))) for tag, takes in enumerate(mine)]))
        return m

    def _older(self, m: Module) -> list[Signal]:
        """[slots] those that were issued later: the present issue is younger than all, and those of a cycle follow one another."""
        older = [Signal(self.window, name=f"older_{tag}") for tag in range(self.window)]
        for tag, later in enumerate(older):
            after: Value = later
            for issue in self.issues:
                mine = issue.flit.tag == tag
                after = Mux(issue.valid, Mux(mine, 0, after | (1 << issue.flit.tag)), after)
            m.d.sync += later.eq(after)
        return older
