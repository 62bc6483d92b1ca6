"""What a chain that is cut in one way may be expected to take: its first blocks, played on the system before anything is run.

Units alone do not say which cut is best: the same W is walked in each of many rounds of few tokens, and from DRAM in the first of
them; and between two tiles the last rows are on their way.
"""

from __future__ import annotations

from dataclasses import replace

from msgspec import Struct

from simulator.engine.engines import play
from simulator.kinds.units.chain_cuts import BlockCut, SettledCuts
from simulator.kinds.units.fusion import FusedPlan, Kept
from simulator.system.program import Program, interleaved
from simulator.system.spec import SystemSpec


class Excerpt(Struct, frozen=True, eq=False):
    """The first tile of blocks of a chain, once and twice, at any rates: what the second adds, each later one does."""

    once: Program
    twice: Program
    tiles: int
    """Of blocks, of the whole chain."""

    @classmethod
    def of(cls, settled: SettledCuts, cut: BlockCut, plan: FusedPlan, kept: Kept) -> Excerpt:
        """`plan` and `kept`: of the first tile alone. Its rounds take as long as units are expected to, and want and write evenly."""
        rounds = [[of_tile.even_rounds(cycles)] for (of_tile,), cycles in zip(plan.plans, settled.round_cycles(cut), strict=True)]

        def played(tiles: int) -> Program:
            repeated = replace(plan, plans=tuple(of_plan * tiles for of_plan in plan.plans))
            output_words = settled.settings[0].machine.output_words
            programs = repeated.programs([of_plan * tiles for of_plan in rounds], output_words, tuple(of_w * tiles for of_w in kept))
            return interleaved(programs).by_itself(len(programs)).kept()

        tiles = settled.tiles(cut)
        return cls(played(1), played(min(2, tiles)), tiles)

    @property
    def parts(self) -> int:
        """What it takes to hold it."""
        return self.once.parts + self.twice.parts

    def cycles(self, system: SystemSpec) -> int:
        """Of the whole chain, by itself."""
        first, both = (play("compiled", system, program).cycles for program in (self.once, self.twice))
        return first + (self.tiles - 1) * (both - first)
