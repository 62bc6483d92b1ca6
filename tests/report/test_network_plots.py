"""The picture of a network: every topology can be drawn, with all that is built and nothing else, the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection

from simulator.kinds import kind_of
from simulator.machine.model import Machine
from simulator.network import TOPOLOGIES, NetworkSpec, TopologyName, draw
from simulator.network.traffic import TrafficPoint
from simulator.report.plots.networks import layout, load_latency_figure, topology_figure, used
from simulator.report.plots.style import render
from simulator.study.load_latency import NetworkCurve

SIZES = [(1, 1), (2, 8), (16, 16), (64, 16)]


@pytest.mark.parametrize("name", TOPOLOGIES)
@pytest.mark.parametrize("size", SIZES)
def test_every_part_that_is_built_has_a_mark(name: TopologyName, size: tuple[int, int]) -> None:
    graph = draw(name, *size, 4)
    built = used(graph)
    (axes,) = topology_figure(graph).axes
    routers, sources, sinks = (len(marks.get_offsets()) for marks in axes.collections if isinstance(marks, PathCollection))
    assert (routers, sources, sinks) == ((built.inputs > 0).sum(), *size)
    lines = [len(lines.get_segments()) for lines in axes.collections if isinstance(lines, LineCollection)]
    joined = len({frozenset(pair) for pair in built.joined})
    assert sorted(lines) == sorted([*([joined] if joined else []), *size])


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_no_mark_covers_another(name: TopologyName) -> None:
    graph = draw(name, 64, 64, 4)
    place = layout(graph, used(graph).joined)
    marks = np.concatenate([place.routers, place.sources, place.sinks])
    distance = np.linalg.norm(marks[:, None] - marks[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert distance.min() > 0.04, "inches"
    low, high = place.corners
    assert (high - low).max() < 11, "fits a page"


def test_first_terminals_stand_on_top_of_stages() -> None:
    place = layout(draw("butterfly", 16, 16, 4), used(draw("butterfly", 16, 16, 4)).joined)
    assert (np.diff(place.sinks[:, 1]) < 0).all()
    assert place.sources[0, 1] == place.sources[:, 1].max()
    assert place.sources[:, 0].max() < place.routers[:, 0].min() < place.sinks[:, 0].min()


def test_same_graph_same_bytes() -> None:
    def drawn() -> bytes:
        return render(topology_figure(draw("mesh", 9, 9, 4)), "svg")

    assert drawn() == drawn()


def machine(**fabric: object) -> Machine:
    return Machine.model_validate({"name": "m", "fabric": {"kind": "gather", "units": 8, "banks": 16, **fabric}})


def test_graphs_of_a_machine() -> None:
    of = machine(network={"topology": "clos"})
    graphs = kind_of(of).graphs(of)
    assert {name: (graph.sources, graph.sinks) for name, graph in graphs.items()} == {"request_network": (8, 16), "reply_network": (16, 8)}
    assert kind_of(machine()).graphs(machine(replicas=8)) == {}
    of = Machine.model_validate({"name": "s", "fabric": {"kind": "systolic"}})
    assert kind_of(of).graphs(of) == {}


def test_what_is_beyond_saturation_is_drawn_as_such_and_theory_has_its_lines() -> None:
    points = tuple(TrafficPoint(load, min(load, 0.6), 2.0 / (1.01 - load), 1.0) for load in (0.2, 0.4, 0.6, 0.8, 1.0))
    spec = NetworkSpec(sources=8, sinks=8)
    curve = NetworkCurve("crossbar", "uniform", spec, 1000, points, 0.6, {"sinks": 1.0, "head_of_line": 0.62})
    figure = load_latency_figure(curve)
    above, below = figure.axes
    for axes in (above, below):
        hollow = [line for line in axes.lines if line.get_markerfacecolor() == "white"]
        assert [list(line.get_xdata()) for line in hollow] == [[0.8, 1.0]]  # type: ignore[arg-type]
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "sink limit: 1" in told
    assert "head-of-line limit (Karol 1987): 0.62" in told
    assert any(text.startswith("saturated") for text in told)


def test_a_load_so_small_that_nothing_was_sent_has_an_axis_all_the_same() -> None:
    curve = NetworkCurve("crossbar", "uniform", NetworkSpec(sources=8, sinks=8), 1000, (TrafficPoint(1e-300, 0, 0, 0),), None, {})
    _, below = load_latency_figure(curve).axes
    assert below.get_yscale() == "linear"


def test_a_network_is_drawn_under_the_name_of_its_machine() -> None:
    assert topology_figure(draw("mesh", 4, 4, 2), "mine, reply network").get_suptitle().startswith("mine, reply network (mesh): 4 sources")
