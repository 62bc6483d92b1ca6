"""What theory says of a network alone: the lines beside a load-latency curve."""

from __future__ import annotations

from simulator.network.spec import NetworkSpec
from simulator.network.traffic import PatternName

SATURATION_FIFO = {1: 1.0, 2: 0.75, 3: 0.6825, 4: 0.6553, 5: 0.6399, 6: 0.6302, 7: 0.6234, 8: 0.6184}
"""Karol, Hluchyj, Morgan, IEEE Trans. Commun. 35(12), 1987, table I: input FIFOs, uniform traffic, saturated."""
SATURATION_FIFO_LIMIT = 2 - 2**0.5
"""The same for infinitely many ports."""


def theory_limits(spec: NetworkSpec, pattern: PatternName | None) -> dict[str, float]:
    """Flits a source and cycle that no such network can exceed, or is known to saturate at.

    `head_of_line`: one crossbar with FIFO inputs under uniform traffic. `sinks`: the most wanted sink takes one flit a
    cycle. `bisection`: under uniform traffic half of the flits cross the cut, which has so many links each way.
    `memoryless`: what N fresh requests to B banks would serve each cycle if the losers were dropped; queued requests
    behave otherwise.
    """
    sources, sinks = spec.sources, spec.sinks
    limits: dict[str, float] = {}
    if pattern == "uniform":
        limits["sinks"] = min(1.0, sinks / sources)
        limits["memoryless"] = sinks * (1 - (1 - 1 / sinks) ** sources) / sources
        if spec.topology == "full" and spec.queues == "fifo" and sources == sinks:
            limits["head_of_line"] = SATURATION_FIFO.get(sources, SATURATION_FIFO_LIMIT)
        if sources > 1 and sinks > 1:
            limits["bisection"] = min(1.0, spec.graph().bisection_links / (sources / 4))
    if pattern == "hotspot":
        limits["sinks"] = min(1.0, 1 / (sources * (1 / 8 + 7 / 8 / sinks)))
    return limits
