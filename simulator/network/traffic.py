"""A network by itself: what is measured, the traffic that drives it, what comes out, and what theory says. Both engines share these."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.network.spec import NetworkSpec

PatternName = Literal["uniform", "transpose", "hotspot"]
NOTHING = -1
"""No flit is created in this cycle."""


class TrafficPoint(Struct, frozen=True):
    """What a network did with an offered load."""

    load: float
    """Flits offered a source and cycle."""
    throughput: float
    """Flits accepted a source and cycle."""
    mean_latency_cycles: float
    """From the creation of a flit to its delivery, over the flits delivered in the measured cycles."""
    mean_outstanding: float
    """Flits created and not yet delivered, averaged over the measured cycles."""


class Arrivals(Struct, frozen=True, eq=False):
    """Traffic drawn before the run, so that every engine is driven by the same flits."""

    load: float
    sink: NDArray[np.int32]
    """[sources, cycles] sink of the flit that each source creates in each cycle, or NOTHING."""


Pattern = Callable[[int, int, tuple[int, int], "np.random.Generator"], NDArray[np.int32]]
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


SATURATION_FIFO = {1: 1.0, 2: 0.75, 3: 0.6825, 4: 0.6553, 5: 0.6399, 6: 0.6302, 7: 0.6234, 8: 0.6184}
"""Karol, Hluchyj, Morgan, IEEE Trans. Commun. 35(12), 1987, table I: input FIFOs, uniform traffic, saturated."""
SATURATION_FIFO_LIMIT = 2 - 2**0.5
"""The same for infinitely many ports."""


def theory_limits(spec: NetworkSpec, pattern: PatternName | None) -> dict[str, float]:
    """Flits a source and cycle that no such network can exceed, or is known to saturate at.

    `head_of_line`: one crossbar with FIFO inputs under uniform traffic. `sinks`: the most wanted sink takes one flit a
    cycle. `bisection`: under uniform traffic half of the flits cross the cut, which has so many links each way.
    """
    sources, sinks = spec.sources, spec.sinks
    limits: dict[str, float] = {}
    if pattern == "uniform":
        limits["sinks"] = min(1.0, sinks / sources)
        if spec.topology == "full" and spec.queues == "fifo" and sources == sinks:
            limits["head_of_line"] = SATURATION_FIFO.get(sources, SATURATION_FIFO_LIMIT)
        if sources > 1 and sinks > 1:
            limits["bisection"] = min(1.0, spec.graph().bisection_links / (sources / 4))
    if pattern == "hotspot":
        limits["sinks"] = min(1.0, 1 / (sources * (1 / 8 + 7 / 8 / sinks)))
    return limits
