"""`clos`: three stages, every first-stage router joined to every last-stage one through each middle router."""

from __future__ import annotations

from simulator.network.builder import TABLE_ASKS_SPREAD, GraphBuilder
from simulator.network.graph import Graph


def clos(sources: int, sinks: int, radix: int) -> Graph:
    """Clos(m = n = radix): `radix` terminals a router and `radix` middle routers (Clos, BSTJ 32(2), 1953).

    The middle router is chosen by an XOR-fold of (source, sink). Feed-forward, so free of deadlock.
    """
    edges = -(-max(sources, sinks) // radix)
    builder = GraphBuilder("clos", sources, sinks)
    first = [builder.router(0, y) for y in range(edges)]
    middle = [builder.router(1, y * max(1, edges - 1) / max(1, radix - 1)) for y in range(radix)]
    last = [builder.router(2, y) for y in range(edges)]
    for source in range(sources):
        builder.source(source, builder.buffer(first[source // radix]))
    for router in first:
        ups = [builder.link(router, other)[0] for other in middle]
        if router.buffers:
            builder.route(list(router.buffers), [TABLE_ASKS_SPREAD] * sinks)
            builder.spread(list(router.buffers), ups[0], radix, 0)
    for router in middle:
        downs = [builder.link(router, other)[0] for other in last]
        builder.route(list(router.buffers), [downs[sink // radix] for sink in range(sinks)])
    for place, router in enumerate(last):
        out = {sink: router.link_to_sink(sink) for sink in range(place * radix, min((place + 1) * radix, sinks))}
        builder.route(list(router.buffers), [out.get(sink, -2) for sink in range(sinks)])
    return builder.build(bisection_links=max(1, edges * radix // 2))
