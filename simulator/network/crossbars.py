"""`full`: one crossbar; `hierarchical`: groups with a crossbar each, joined by a spine."""

from __future__ import annotations

from simulator.network.builder import NEVER_ASKED, TABLE_ASKS_SPREAD, GraphBuilder
from simulator.network.graph import Graph


def full(sources: int, sinks: int, radix: int) -> Graph:
    """One sources × sinks crossbar; `radix` does not matter."""
    builder = GraphBuilder("full", sources, sinks)
    router = builder.router(0, 0)
    for source in range(sources):
        builder.source(source, builder.buffer(router))
    builder.route(router.buffers, [router.link_to_sink(sink) for sink in range(sinks)])
    return builder.build(bisection_links=max(1, min(sources, sinks) // 2))


def hierarchical(sources: int, sinks: int, radix: int) -> Graph:
    """Groups of up to `radix` sources and sinks; each group has half as many links up to the spine and down from it.

    Traffic within a group stays in its router. No ring of waiting flits: a flit from the spine only goes to a sink.
    """
    groups = max(1, -(-max(sources, sinks) // radix))
    uplinks = max(1, radix // 2)
    builder = GraphBuilder("hierarchical", sources, sinks)
    local = [builder.router(group, 0) for group in range(groups)]
    group_of_source = [source * groups // sources for source in range(sources)]
    group_of_sink = [sink * groups // sinks for sink in range(sinks)]
    for source in range(sources):
        builder.source(source, builder.buffer(local[group_of_source[source]]))
    out = {sink: local[group_of_sink[sink]].link_to_sink(sink) for sink in range(sinks)}
    up_buffers = [list(router.buffers) for router in local]
    if groups == 1:
        builder.route(up_buffers[0], [out[sink] for sink in range(sinks)])
        return builder.build(bisection_links=max(1, min(sources, sinks) // 2))
    spine = builder.router((groups - 1) / 2, 1)
    for group, router in enumerate(local):
        ups = [builder.link(router, spine)[0] for _ in range(uplinks)]
        table = [out[sink] if group_of_sink[sink] == group else TABLE_ASKS_SPREAD for sink in range(sinks)]
        if up_buffers[group]:
            builder.route(up_buffers[group], table)
            builder.spread(up_buffers[group], ups[0], uplinks, 0)
    downs = []
    for group, router in enumerate(local):
        links = [builder.link(spine, router) for _ in range(uplinks)]
        downs.append([link for link, _ in links])
        table = [out[sink] if group_of_sink[sink] == group else NEVER_ASKED for sink in range(sinks)]
        builder.route([buffer for _, buffers in links for buffer in buffers], table)
    builder.route(spine.buffers, [downs[group_of_sink[sink]][sink % uplinks] for sink in range(sinks)])
    return builder.build(bisection_links=max(1, groups * uplinks // 2))
