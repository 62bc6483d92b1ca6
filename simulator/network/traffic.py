"""A network by itself: what is measured, the traffic that drives it, and what comes out. Both engines share these."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.network.spec import NetworkSpec

PatternName = Literal["uniform", "transpose", "hotspot"]
NOTHING = -1
"""No flit is created in this cycle."""


@dataclass(frozen=True)
class TrafficPoint:
    """What a network did with an offered load."""

    load: float
    """Flits offered a source and cycle."""
    throughput: float
    """Flits accepted a source and cycle."""
    mean_latency_cycles: float
    """From the creation of a flit to its delivery, over the flits delivered in the measured cycles."""
    mean_outstanding: float
    """Flits created and not yet delivered, averaged over the measured cycles."""


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Traffic drawn before the run, so that every engine is driven by the same flits."""

    load: float
    sink: NDArray[np.int32]
    """[sources, cycles] sink of the flit that each source creates in each cycle, or NOTHING."""


Pattern = Callable[[int, int, tuple[int, int], np.random.Generator], NDArray[np.int32]]
"""(sources, sinks, (sources, cycles), random numbers) → sink of each flit."""


def uniform(sources: int, sinks: int, shape: tuple[int, int], random: np.random.Generator) -> NDArray[np.int32]:
    """Every sink is as likely as every other."""
    return random.integers(sinks, size=shape, dtype=np.int32)


def transpose(sources: int, sinks: int, shape: tuple[int, int], random: np.random.Generator) -> NDArray[np.int32]:
    """Source (x, y) of a near-square grid sends to sink (y, x) only; a permutation where the grid is square."""
    width = math.isqrt(sources - 1) + 1
    y, x = np.divmod(np.arange(sources), width)
    return np.broadcast_to(((x * width + y) % sinks)[:, None], shape).astype(np.int32)


def hotspot(sources: int, sinks: int, shape: tuple[int, int], random: np.random.Generator) -> NDArray[np.int32]:
    """One flit in eight goes to sink 0, the others anywhere."""
    return np.where(random.random(shape) < 1 / 8, 0, random.integers(sinks, size=shape)).astype(np.int32)


PATTERNS: dict[PatternName, Pattern] = {"uniform": uniform, "transpose": transpose, "hotspot": hotspot}


def draw_arrivals(spec: NetworkSpec, pattern: PatternName, load: float, cycles: int, seed: int) -> Arrivals:
    """Each source creates a flit in a cycle with probability `load`, whatever the network does with it."""
    random = np.random.default_rng(seed)
    shape = (spec.sources, cycles)
    sinks = PATTERNS[pattern](spec.sources, spec.sinks, shape, random)
    return Arrivals(load, np.where(random.random(shape) < load, sinks, NOTHING).astype(np.int32))


def replay_arrivals(sinks: list[NDArray[np.int32]], load: float, cycles: int, seed: int) -> Arrivals:
    """Each source sends its own sequence of sinks over and over, one flit with probability `load` a cycle."""
    random = np.random.default_rng(seed)
    created = random.random((len(sinks), cycles)) < load
    table = np.full(created.shape, NOTHING, dtype=np.int32)
    for source, sequence in enumerate(sinks):
        if len(sequence):
            table[source, created[source]] = np.resize(sequence, int(created[source].sum()))
    return Arrivals(load, table)
