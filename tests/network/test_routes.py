"""Routes that are followed together are those that each pair takes by itself, step by step."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from simulator.errors import ConfigError
from simulator.network import TOPOLOGIES, Graph, TopologyName
from simulator.network.builder import GraphBuilder
from simulator.network.routes import Routes, _follow_each, _follow_words, _Tally, follow


def steps(graph: Graph, source: int, sink: int) -> list[tuple[int, int]]:
    """Buffers of the way, each with the channel that is taken out of it."""
    way, buffer = [], int(graph.buffer_of_source[source])
    while buffer >= 0:
        channel = int(graph.route[graph.route_row[buffer], sink])
        if channel == -1:
            channel = int(graph.spread_first[buffer] + ((source ^ sink) >> graph.spread_shift[buffer]) % graph.spread_count[buffer])
        way.append((buffer, channel))
        buffer = int(graph.target_of_channel[channel])
    assert buffer == -1 - sink
    return way


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(list(TOPOLOGIES)), st.integers(1, 20), st.sampled_from([1, 2, 7, 16, 63, 64, 65, 70]), st.integers(2, 5))
def test_all_pairs_step_by_step(name: TopologyName, sources: int, sinks: int, radix: int) -> None:
    graph = TOPOLOGIES[name](sources, sinks, radix)
    ways = {(source, sink): steps(graph, source, sink) for source in range(sources) for sink in range(sinks)}
    pairs = Counter(turn for way in ways.values() for turn in way)
    passing = {(buffer, source) for (source, _), way in ways.items() for buffer, _ in way}
    sources_of = Counter(buffer for buffer, _ in passing)
    routes = follow(graph)
    assert routes.hops.tolist() == [[len(ways[source, sink]) for sink in range(sinks)] for source in range(sources)]
    turns = zip(routes.buffer_of_turn.tolist(), routes.channel_of_turn.tolist(), strict=True)
    assert list(zip(turns, routes.pairs_of_turn.tolist(), strict=True)) == sorted(pairs.items())
    assert routes.sources_of_buffer.tolist() == [sources_of[buffer] for buffer in range(graph.buffers)]


@pytest.mark.parametrize("name", ["full", "butterfly", "mesh", "ring"])
def test_in_words_and_one_by_one_are_the_same(name: TopologyName) -> None:
    found: list[Routes] = []
    for way in (_follow_words, _follow_each):
        tally = _Tally(TOPOLOGIES[name](90, 130, 3))
        way(tally)
        found.append(tally.routes())
    words, singly = (asdict(routes) for routes in found)
    assert all((words[field] == singly[field]).all() for field in words)


def chain(sinks: int, end: list[int]) -> Graph:
    """A source before two routers; the last one sends the flits of each sink to the sink that `end` tells, or −2 nowhere."""
    builder = GraphBuilder("chain", sources=1, sinks=sinks)
    first, last = builder.router(0, 0), builder.router(1, 0)
    builder.source(0, builder.buffer(first))
    link, arriving = builder.link(first, last)
    outs = [last.link_to_sink(sink) for sink in range(sinks)]
    builder.route(first.buffers, np.full(sinks, link))
    builder.route(arriving, [outs[sink] if sink >= 0 else sink for sink in end])
    return builder.build(bisection_links=1)


@pytest.mark.parametrize("sinks", [2, 40, 64, 65, 130], ids=lambda sinks: f"{sinks} sinks")
def test_one_wrong_entry_is_found(sinks: int) -> None:
    right = list(range(sinks))
    assert follow(chain(sinks, right)).hops.tolist() == [[2] * sinks]
    with pytest.raises(ConfigError, match="chain: a route ends at the wrong sink"):
        follow(chain(sinks, [*right[:-2], sinks - 1, sinks - 2]))
    with pytest.raises(ConfigError, match="chain: a route ends at the wrong sink"):
        follow(chain(sinks, [*right[:-1], 0]))
    with pytest.raises(ConfigError, match="chain: no route between some source and sink"):
        follow(chain(sinks, [*right[:-1], -2]))
