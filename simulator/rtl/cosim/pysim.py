"""A traced cluster in Amaranth's own simulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from amaranth.sim import Simulator

from simulator.rtl.cosim.events import Cycle
from simulator.rtl.cosim.loads import Load
from simulator.rtl.cosim.traced import Traced

_AHEAD = 2
"""Cycles in which weight banks read ahead before a tile begins."""

Drive = Callable[[Any, int], None]
"""(context of the simulator, cycle of the clock that never stands): sets inputs for that cycle."""


def undriven(context: Any, cycle: int) -> None:
    """All inputs stay as they are."""


class PythonSimulation:
    """One cluster, made once, that can run tile after tile, each from reset."""

    def __init__(self, traced: Traced) -> None:
        self.traced = traced
        self.simulator = Simulator(traced)
        self.simulator.add_clock(1e-9)
        self.simulator.add_testbench(self._bench)
        self._load: Load | None = None
        self._cycles = 0
        self._drive: Drive = undriven
        self._seen: list[Cycle] = []

    def run(self, load: Load, cycles: int, waveform: Path | None = None, drive: Drive = undriven) -> list[Cycle]:
        """So many cycles of a tile, of those in which its clock does not stand. `waveform`: a VCD file to write."""
        if self._load is not None:
            self.simulator.reset()
        self._load, self._cycles, self._drive, self._seen = load, cycles, drive, []
        if waveform is None:
            self.simulator.run()
        else:
            with self.simulator.write_vcd(str(waveform)):
                self.simulator.run()
        return self._seen

    async def _bench(self, context: Any) -> None:
        load = self._load
        if load is None:
            return
        self._fill(context, load)
        await context.tick().repeat(_AHEAD)
        context.set(self.traced.cluster.tile.run, 1)
        cycle = 0
        while len(self._seen) < self._cycles:
            self._drive(context, cycle)
            await context.tick()
            seen = self.traced.cycle(context.get(self.traced.trace))
            if seen is not None:
                self._seen.append(seen)
            cycle += 1

    def _fill(self, context: Any, load: Load) -> None:
        """Memories and settings, before the tile begins."""
        cluster = self.traced.cluster
        for name, fills in cluster.fills.items():
            contents = load.contents[name]
            for fill, words in zip(fills, contents if len(contents) > 1 else [*contents] * len(fills), strict=True):
                for place, word in enumerate(words):
                    context.set(fill.memory.data[place], word)
        for wire, length in zip(cluster.lengths, load.lengths, strict=True):
            context.set(wire, length)
        for name, value in load.settings.items():
            context.set(getattr(cluster.tile, name), value)
