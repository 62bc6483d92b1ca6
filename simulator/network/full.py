"""`full`: one router joins every source to every sink."""

from __future__ import annotations

from simulator.network.builder import GraphBuilder
from simulator.network.graph import Graph


def full(sources: int, sinks: int, radix: int) -> Graph:
    """One sources × sinks crossbar; `radix` does not matter."""
    builder = GraphBuilder("full", sources, sinks)
    router = builder.router(0, 0)
    for source in range(sources):
        builder.source(source, builder.buffer(router))
    builder.route(router.buffers, [router.link_to_sink(sink) for sink in range(sinks)])
    return builder.build(bisection_links=max(1, min(sources, sinks) // 2))
