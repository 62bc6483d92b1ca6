"""Graphs made by hand: what the builder and the deadlock check refuse."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from simulator.errors import ConfigError
from simulator.network import Graph, check_deadlock_free
from simulator.network.builder import GraphBuilder


def circle(size: int, virtual_channels: int) -> Graph:
    """One-way ring of routers; with two virtual channels, flits change to the second behind the last router."""
    builder = GraphBuilder("circle", sources=size, sinks=size)
    routers = [builder.router(place, 0) for place in range(size)]
    for place, router in enumerate(routers):
        builder.source(place, builder.buffer(router))
    out = [router.link_to_sink(place) for place, router in enumerate(routers)]
    entries = [list(router.buffers) for router in routers]
    onward = [builder.link(router, routers[(place + 1) % size], virtual_channels) for place, router in enumerate(routers)]
    for place in range(size):
        links = [out[place] if sink == place else onward[place][0] for sink in range(size)]
        arriving = [[buffer] for buffer in onward[place - 1][1]]
        for vc, buffers in enumerate([entries[place], *arriving][:1] + arriving):
            current = max(0, vc - 1)
            after = virtual_channels - 1 if place == size - 1 else current
            builder.route(buffers, links, [0 if sink == place else after for sink in range(size)])
    return builder.build(bisection_links=1)


def test_a_ring_with_one_virtual_channel_could_deadlock() -> None:
    graph = circle(4, 1)
    assert graph.hops.tolist()[0] == [1, 2, 3, 4]
    with pytest.raises(ConfigError, match="circle: its routes depend on each other in a ring"):
        check_deadlock_free(graph)


def test_a_dateline_breaks_the_ring() -> None:
    graph = circle(4, 2)
    assert graph.links < graph.channels
    check_deadlock_free(graph)


def two_routers(*, feed: bool = True, reach: bool = True, routed: bool = True, wrong_sink: bool = False) -> Graph:
    builder = GraphBuilder("pair", sources=2, sinks=2)
    left, right = builder.router(0, 0), builder.router(1, 0)
    builder.source(0, builder.buffer(left))
    if feed:
        builder.source(1, builder.buffer(left))
    link, arriving = builder.link(left, right)
    builder.route(left.buffers, [link, link])
    sinks = [right.link_to_sink(sink) for sink in ((0, 1) if reach else (0,))]
    if routed:
        builder.route(arriving, sinks[::-1] if wrong_sink else sinks * (2 // len(sinks)))
    return builder.build(bisection_links=1)


def test_a_pair_of_routers() -> None:
    graph = two_routers()
    assert (graph.routers, graph.buffers, graph.links, graph.channels) == (2, 3, 3, 3)
    assert graph.router_of_buffer.tolist() == [0, 0, 1]
    assert graph.target_of_channel.tolist() == [2, -1, -2]
    assert (graph.hops == 2).all()


@pytest.mark.parametrize(
    ("missing", "message"),
    [({"feed": False}, "pair: source 1 is missing"), ({"reach": False}, "pair: sink 1 is missing"),
     ({"routed": False}, "pair: routes of buffer 2 is missing")],
)  # fmt: skip
def test_what_is_left_unjoined_is_named(missing: dict[str, bool], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        two_routers(**missing)


def test_two_feeders_of_a_buffer_are_refused() -> None:
    builder = GraphBuilder("shared", sources=2, sinks=1)
    router = builder.router(0, 0)
    buffer = builder.buffer(router)
    builder.source(0, buffer)
    builder.source(1, buffer)
    builder.route(router.buffers, [router.link_to_sink(0)])
    with pytest.raises(ConfigError, match="shared: a buffer has two feeders"):
        builder.build(bisection_links=1)


def test_a_route_over_a_link_that_is_not_there_is_refused() -> None:
    builder = GraphBuilder("lost", sources=1, sinks=1)
    one, two = builder.router(0, 0), builder.router(1, 0)
    builder.source(0, builder.buffer(one))
    link, arriving = builder.link(one, two)
    builder.route(one.buffers, [link + 1])
    builder.route(arriving, [two.link_to_sink(0)])
    with pytest.raises(ConfigError, match="lost: a route takes link 1 of a router that has 1"):
        builder.build(bisection_links=1)


def test_a_row_needs_a_choice_for_each_sink() -> None:
    builder = GraphBuilder("short", sources=1, sinks=3)
    router = builder.router(0, 0)
    builder.source(0, builder.buffer(router))
    builder.route(router.buffers, [router.link_to_sink(sink) for sink in range(3)][:2])
    with pytest.raises(ValueError, match="broadcast"):
        builder.build(bisection_links=1)


def test_a_route_to_the_wrong_sink_is_refused() -> None:
    with pytest.raises(ConfigError, match="ends at the wrong sink"):
        check_deadlock_free(two_routers(wrong_sink=True))


def test_a_route_that_never_ends_is_refused() -> None:
    builder = GraphBuilder("loop", sources=1, sinks=1)
    one, two = builder.router(0, 0), builder.router(1, 0)
    builder.source(0, builder.buffer(one))
    there, _ = builder.link(one, two)
    back, _ = builder.link(two, one)
    one.link_to_sink(0)
    builder.route(one.buffers, [there])
    builder.route(two.buffers, [back])
    with pytest.raises(ConfigError, match="no route between some source and sink"):
        check_deadlock_free(builder.build(bisection_links=1))


def test_numbers_are_small_integers() -> None:
    graph = two_routers()
    for name in ("router_of_buffer", "router_of_link", "link_of_channel", "target_of_channel", "buffer_of_source", "route"):
        assert getattr(graph, name).dtype == np.int32


def test_example_of_the_docs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "topologies.md").read_text(encoding="utf-8")
    code, printed = (re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)[0] for kind in ("python", "text"))
    exec(code, {})
    assert capsys.readouterr().out == printed
