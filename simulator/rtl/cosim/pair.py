"""One cluster in hardware and in the reference engine, through the same tiles."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.activity import CAUSES, CLOCKED
from simulator.engine.cluster import ClusterSpec, Outcome
from simulator.engine.reference.watching import ClusterWatch
from simulator.engine.work import TileValues, TileWork
from simulator.rtl.cosim.compare import compared, first_difference
from simulator.rtl.cosim.events import Cycle
from simulator.rtl.cosim.loads import Load
from simulator.rtl.cosim.pysim import PythonSimulation
from simulator.rtl.cosim.tally import Tally
from simulator.rtl.cosim.traced import Probe, Traced
from simulator.rtl.cosim.watched import Watcher
from simulator.rtl.design import Agreement, Difference
from simulator.rtl.shape import ClusterShape


@dataclass(frozen=True)
class Sides:
    """What a dataflow brings to be held against its reference engine, and that engine."""

    by_reference: Callable[[ClusterSpec, TileWork, TileValues, ClusterWatch], Outcome]
    """Runs a tile before the eyes of a watch."""
    watcher: Callable[[ClusterShape, TileWork], Watcher]
    cluster: Callable[[ClusterShape], Any]
    """The hardware: something that is `Filled`."""
    probes: Callable[[Any], Sequence[Probe]]
    load: Callable[[ClusterShape, TileWork, TileValues], Load]
    tally: Callable[[ClusterSpec, TileWork], Tally]
    draw: Callable[[ClusterShape, TileWork], TileValues] = field(default_factory=lambda: drawn_values)
    """Whole numbers for a tile's pattern."""
    as_it_lies: Callable[[TileWork], TileWork] = lambda work: work
    """The tile with its lists as they lie in the banks of the hardware, if the engine is given others."""

    def in_reference(self, shape: ClusterShape, work: TileWork) -> tuple[Load, Outcome, list[Cycle]]:
        """A tile with whole numbers drawn for it, what comes of it, and what the engine does in each cycle."""
        values, watcher = self.draw(shape, work), self.watcher(shape, work)
        outcome = self.by_reference(shape.spec, work, values, watcher)
        return self.load(shape, work, values), outcome, list(watcher.cycles())


class Simulation(Protocol):
    """A cluster in a simulator of hardware."""

    def run(self, load: Load, cycles: int, waveform: Path | None = None) -> list[Cycle]:
        """So many cycles of a tile, from reset. `waveform`: a VCD file to write."""


Simulate = Callable[[Traced], Simulation]
IDLE_CYCLES = 4
"""That hardware runs on after a tile, in which nothing may happen."""


class Pair:
    """A cluster made once."""

    def __init__(self, shape: ClusterShape, sides: Sides, simulate: Simulate = PythonSimulation) -> None:
        self.shape = shape
        self.sides = sides
        cluster = sides.cluster(shape)
        self.traced = Traced(cluster, sides.probes(cluster))
        self.simulation = simulate(self.traced)

    def run(self, name: str, work: TileWork, others: tuple[Outcome, ...] = (), waveform: Path | None = None) -> Agreement:
        """A tile with whole numbers drawn for it. `others`: outcomes of more engines, which are held against counters only."""
        load, outcome, engine = self.sides.in_reference(self.shape, work)
        started = time.perf_counter()
        hardware = self.simulation.run(load, len(engine) + IDLE_CYCLES, waveform)
        seconds = time.perf_counter() - started
        pointers = [(label, len(pointer)) for label, pointer in self.traced.pointers]
        difference = first_difference(engine, hardware, pointers)
        counted = dict(compared(engine))
        if difference is None:
            counters = self.sides.tally(self.shape.spec, work).outcome(hardware[: len(engine)])
            difference = _counters(counters, (outcome, *others))
            counted |= {"counters": len(counters.counters()) * (1 + len(others))}
        return Agreement(name, outcome.cycles, counted, difference, seconds)


def drawn_values(shape: ClusterShape, work: TileWork) -> TileValues:
    """Whole numbers for a tile's pattern: small, so that no sum overflows, and none where a word is all zero."""
    random = np.random.default_rng(work.entries)
    weights = random.integers(-7, 8, size=len(work.word))
    words = random.integers(-7, 8, size=(work.present.size, shape.lanes)) * work.present.reshape(-1, 1)
    return TileValues(weights.astype(np.float64), words.astype(np.float64))


def _counters(hardware: Outcome, engines: tuple[Outcome, ...]) -> Difference | None:
    """The first of cycles, counters, causes and milestones that differs."""
    for engine in engines:
        for name, should, did in zip(_names(engine), engine.counters(), hardware.counters(), strict=False):
            if should != did:
                return Difference(engine.cycles, f"{name}: engine {should}; hardware {did}")
        if len(engine.counters()) != len(hardware.counters()):
            return Difference(engine.cycles, f"milestones: engine {len(engine.counters())}; hardware {len(hardware.counters())}")
    return None


def _names(outcome: Outcome) -> list[str]:
    when = outcome.milestones

    def several(name: str, times: NDArray[np.int64]) -> list[str]:
        return [f"{name} {place}" for place in range(len(times))]

    timed = [*several("piece wanted", when.wanted), *several("piece taken", when.taken), *several("row written", when.written)]
    return ["cycles", *CLOCKED, *(f"{cause} unit-cycles" for cause in CAUSES), *timed]
