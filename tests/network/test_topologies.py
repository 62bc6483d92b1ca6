"""Every topology: routes end where they should, after as many routers as its formula says, and the bisection is a true cut."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import ConfigError
from simulator.network import TOPOLOGIES, Graph, TopologyName, check_deadlock_free, draw
from simulator.network.uniform_load import uniform_load

NAMES = tuple(TOPOLOGIES)
SIZES = [(1, 1, 2), (2, 1, 4), (3, 7, 2), (8, 8, 2), (5, 3, 3), (16, 64, 4), (64, 16, 4), (27, 27, 3)]


def walk(graph: Graph, source: int, sink: int) -> list[int]:
    """Routers on the way, by plain steps; the last element is −1 − the sink where the walk ended."""
    routers, buffer = [], int(graph.buffer_of_source[source])
    while True:
        routers.append(int(graph.router_of_buffer[buffer]))
        channel = int(graph.route[graph.route_row[buffer], sink])
        if channel == -1:
            channel = int(graph.spread_first[buffer] + ((source ^ sink) >> graph.spread_shift[buffer]) % graph.spread_count[buffer])
        assert graph.router_of_link[graph.link_of_channel[channel]] == routers[-1]
        target = int(graph.target_of_channel[channel])
        if target < 0:
            return [*routers, target]
        buffer = target


def test_names_are_those_that_a_machine_file_may_say() -> None:
    assert get_args(TopologyName) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_ports_lead_where_the_routes_lead(name: TopologyName) -> None:
    graph = draw(name, 16, 64, 4)
    rows, row_of_buffer = graph.ports
    route, ports = graph.route[graph.route_row], rows[row_of_buffer]
    owner = graph.router_of_link[graph.link_of_channel]
    first = np.searchsorted(owner, graph.router_of_buffer)[:, None]
    assert (np.where(ports >= 0, ports + first, ports) == route).all()


def test_routers_of_a_stage_share_their_routes() -> None:
    graph = draw("butterfly", 256, 256, 4)
    # those of the last stage lead to sinks of their own
    assert len(graph.ports[0]) == 3 + 256 // 4 < len(graph.route)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_every_route_reaches_its_sink(name: TopologyName, size: tuple[int, int, int]) -> None:
    graph = draw(name, *size)
    for source in range(graph.sources):
        for sink in range(graph.sinks):
            *routers, end = walk(graph, source, sink)
            assert end == -1 - sink
            assert graph.hops[source, sink] == len(routers)


@pytest.mark.parametrize("name", NAMES)
def test_graphs_are_numbered_in_order(name: TopologyName) -> None:
    graph = draw(name, 12, 20, 4)
    for owner in (graph.router_of_buffer, graph.router_of_link, graph.link_of_channel):
        assert (np.diff(owner) >= 0).all()
    assert graph.positions.shape == (graph.routers, 2)
    fed = [*graph.buffer_of_source.tolist(), *graph.target_of_channel[graph.target_of_channel >= 0].tolist()]
    assert len(fed) == len(set(fed)), "a buffer has one feeder"
    assert sorted((-1 - graph.target_of_channel[graph.target_of_channel < 0]).tolist()) == list(range(20))


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(NAMES), st.integers(1, 24), st.integers(1, 24), st.integers(2, 6))
def test_any_size_can_be_drawn(name: TopologyName, sources: int, sinks: int, radix: int) -> None:
    graph = TOPOLOGIES[name](sources, sinks, radix)
    check_deadlock_free(graph)
    assert graph.hops.shape == (sources, sinks)
    assert graph.hops.min() >= 1


@pytest.mark.parametrize("ports", [4, 16, 64])
def test_full_is_one_router(ports: int) -> None:
    assert draw("full", ports, ports, 4).routers == 1
    assert (draw("full", ports, ports, 4).hops == 1).all()


@pytest.mark.parametrize(("ports", "radix", "stages"), [(4, 2, 2), (64, 2, 6), (64, 4, 3), (64, 8, 2), (27, 3, 3), (20, 4, 3)])
def test_butterfly_passes_log_n_stages(ports: int, radix: int, stages: int) -> None:
    graph = draw("butterfly", ports, ports, radix)
    assert graph.routers == stages * radix ** (stages - 1)
    assert (graph.hops == stages).all()


@pytest.mark.parametrize("bits", [1, 2, 3, 6])
def test_benes_passes_two_log_n_minus_one_stages(bits: int) -> None:
    graph = draw("benes", 2**bits, 2**bits, 4)
    assert graph.routers == (2 * bits - 1) * 2 ** (bits - 1)
    assert (graph.hops == 2 * bits - 1).all()


@pytest.mark.parametrize(("ports", "radix"), [(16, 4), (64, 4), (64, 8), (20, 3)])
def test_clos_passes_three_routers(ports: int, radix: int) -> None:
    graph = draw("clos", ports, ports, radix)
    assert graph.routers == 2 * math.ceil(ports / radix) + radix
    assert (graph.hops == 3).all()


def test_hierarchical_passes_one_router_within_a_group_and_three_between() -> None:
    graph = draw("hierarchical", 64, 64, 4)
    group = np.arange(64) // 4
    assert (graph.hops == np.where(group[:, None] == group, 1, 3)).all()


def test_mesh_passes_the_manhattan_distance_and_one() -> None:
    graph = draw("mesh", 16, 16, 4)
    y, x = np.divmod(np.arange(16), 4)
    assert (graph.hops == np.abs(x[:, None] - x) + np.abs(y[:, None] - y) + 1).all()


@pytest.mark.parametrize("size", [2, 3, 8, 9])
def test_ring_passes_the_shorter_way_and_one(size: int) -> None:
    graph = draw("ring", size, size, 4)
    way = (np.arange(size) - np.arange(size)[:, None]) % size
    assert (graph.hops == np.minimum(way, size - way) + 1).all()


def test_mesh_routes_along_x_first() -> None:
    graph = draw("mesh", 16, 16, 4)
    assert walk(graph, 0, 15)[:-1] == [0, 1, 2, 3, 7, 11, 15]


def test_paths_are_spread_where_there_are_several() -> None:
    middles = {walk(draw("clos", 16, 16, 4), 0, sink)[1] for sink in range(16)}
    assert len(middles) == 4
    assert len({walk(draw("benes", 16, 16, 2), source, 5)[3] for source in range(16)}) == 8


@pytest.mark.parametrize(
    ("name", "links"), [("butterfly", 16), ("benes", 32), ("clos", 32), ("mesh", 8), ("ring", 2), ("hierarchical", 16)]
)
def test_bisection_by_hand(name: TopologyName, links: int) -> None:
    # butterfly: 16 first-stage lines of 64 change halves each way; benes: twice that; clos: 8 routers × 2 middles, twice;
    # mesh: 8 rows; ring: cut at two places; hierarchical: 8 of 16 groups with 2 links
    assert draw(name, 64, 64, 4).bisection_links == links


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ports", [7, 16, 27, 64])
def test_no_link_load_is_below_what_the_bisection_allows(name: TopologyName, ports: int) -> None:
    # under uniform traffic a quarter of all flits crosses each way, so some link carries at least its share of them
    graph = draw(name, ports, ports, 3)
    load = uniform_load(graph)
    links = np.bincount(graph.link_of_channel, weights=load.of_channel)
    crossing = (ports // 2) * (ports - ports // 2)
    assert links.max() >= crossing / graph.bisection_links


@pytest.mark.parametrize("name", NAMES)
def test_uniform_load_counts_every_hop(name: TopologyName) -> None:
    graph = draw(name, 12, 20, 4)
    load = uniform_load(graph)
    assert load.hops == graph.hops.sum() == load.of_channel.sum()
    to_sinks = load.of_channel[graph.target_of_channel < 0]
    assert (to_sinks == 12).all()
    assert (load.of_buffer[graph.buffer_of_source] >= 20).all()
    assert ((load.channels_of_buffer > 0) == (load.of_buffer > 0)).all()
    assert (load.sources_of_buffer[graph.buffer_of_source] == 1).all()


def test_drawing_is_remembered() -> None:
    assert draw("mesh", 9, 9, 4) is draw("mesh", 9, 9, 4)


def test_unknown_routes_are_refused() -> None:
    graph = draw("mesh", 4, 4, 4)
    lost = Graph(**{name: getattr(graph, name) for name in Graph.__struct_fields__} | {"route": np.full_like(graph.route, -2)})
    with pytest.raises(ConfigError, match="no route"):
        check_deadlock_free(lost)
