"""A machine's network by itself: limits of theory, curves, and the traffic that drives them."""

import itertools

import numpy as np
import pytest
from round_numbers import round_machine

from simulator.engine.engines import TRAFFIC_ENGINES
from simulator.errors import ConfigError
from simulator.machine import load_machine
from simulator.network import TOPOLOGIES, NetworkSpec, TopologyName
from simulator.network.traffic import NOTHING, draw_arrivals, replay_arrivals, theory_limits
from simulator.study.load_latency import measure_network, switch_of
from simulator.workload import load_workload


def test_the_switch_of_a_machine_is_its_request_network() -> None:
    spec = switch_of(round_machine("hybrid"))
    assert (spec.sources, spec.sinks, spec.topology, spec.queues, spec.iterations) == (8, 8, "full", "voq", 4)


@pytest.mark.parametrize("name", ["replication", "systolic"])
def test_a_machine_without_a_network_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="has no network to measure"):
        switch_of(load_machine(name))


def test_a_load_that_sends_nothing_has_no_latency_of_0() -> None:
    with pytest.raises(ConfigError, match="load 1e-05: no flit arrives within 100 cycles; allowed: more cycles, or a higher load"):
        measure_network(NetworkSpec(4, 4), loads=[1e-5], cycles=100, warmup=0, engine="reference", saturation=False)


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("queues", ["fifo", "voq"])
def test_no_topology_exceeds_its_bisection_and_each_keeps_littles_law(topology: str, queues: str) -> None:
    spec = NetworkSpec(16, 16, topology=topology, queues=queues, depth=4)  # type: ignore[arg-type]
    full = measure_network(spec, loads=[1.0], cycles=600, warmup=300)
    assert full.saturation <= min(full.limits["bisection"], full.limits["sinks"]) + 0.01
    light = measure_network(spec, loads=[0.08], cycles=6000, warmup=300, saturation=False).points[0]
    assert light.throughput * spec.sources * light.mean_latency_cycles == pytest.approx(light.mean_outstanding, rel=0.005)


@pytest.mark.parametrize("topology", ["ring", "full", "mesh"])
def test_saturation_is_of_the_network_whichever_loads_are_asked_for(topology: TopologyName) -> None:
    spec = NetworkSpec(16, 16, topology=topology)
    loads = [0.05 * step for step in range(1, 21)]
    curves = [measure_network(spec, loads=asked, cycles=1500, warmup=300) for asked in ([1.0], [0.1, 0.2], loads)]
    assert len({curve.saturation for curve in curves}) == 1
    assert len({curve.to_dict()["saturation_throughput"] for curve in curves}) == 1
    highest = max(point.throughput for point in curves[-1].points)
    assert curves[-1].saturation >= highest - 0.005
    assert curves[-1].saturation <= 1


def test_a_ring_that_falls_behind_its_saturation_is_told_by_its_best_load() -> None:
    curve = measure_network(NetworkSpec(16, 16, topology="ring"), loads=[1.0], cycles=1500, warmup=300)
    assert curve.points[0].throughput < 0.6 * curve.saturation
    assert curve.saturation <= curve.limits["bisection"]


def test_points_are_the_same_where_the_saturation_is_not_looked_for() -> None:
    found, alone = (measure_network(NetworkSpec(8, 8), loads=[0.3, 0.9], cycles=400, saturation=asked) for asked in (True, False))
    assert alone.points == found.points
    assert alone.to_dict() == found.to_dict() | {"saturation_throughput": None}


def test_both_engines_find_one_saturation() -> None:
    found = [measure_network(NetworkSpec(4, 4), cycles=200, warmup=20, engine=engine).saturation for engine in TRAFFIC_ENGINES]
    assert len(set(found)) == 1


def test_throughput_follows_the_load_until_it_saturates() -> None:
    curve = measure_network(NetworkSpec(8, 8), loads=[0.2, 0.4, 0.9], cycles=2000, warmup=300)
    below, middle, above = (point.throughput for point in curve.points)
    assert below == pytest.approx(0.2, abs=0.02)
    assert middle == pytest.approx(0.4, abs=0.02)
    assert above == pytest.approx(curve.limits["head_of_line"], rel=0.03)


def test_hotspot_is_bound_by_its_hot_sink() -> None:
    curve = measure_network(NetworkSpec(16, 16, queues="voq", iterations=4), traffic="hotspot", loads=[1.0], cycles=1500, warmup=1500)
    hot_share = 1 / 8 + 7 / 8 / 16
    assert curve.limits["sinks"] == pytest.approx(1 / (16 * hot_share))
    # Backlogged sources move on only as the hot sink drains: in the long run all traffic is held to its rate.
    assert curve.points[0].throughput < 0.75


def test_transpose_is_a_permutation_on_a_square() -> None:
    sinks = draw_arrivals(NetworkSpec(16, 16), "transpose", 1.0, 5, seed=0).sink
    assert sorted(sinks[:, 0]) == list(range(16))
    assert (sinks == sinks[:, :1]).all()


def test_a_trace_replays_the_requests_of_its_units() -> None:
    curve = measure_network(round_machine("hybrid"), traffic="trace", loads=[1.0], workload=load_workload("tinygpt"), cycles=300, warmup=50)
    assert curve.limits == {}
    assert 0.3 < curve.saturation <= 1
    with pytest.raises(ConfigError, match="name one with -w"):
        measure_network(round_machine("hybrid"), traffic="trace")


def test_replayed_sequences_keep_their_order() -> None:
    arrivals = replay_arrivals([np.array([3, 1, 2], dtype=np.int32), np.array([], dtype=np.int32)], 0.5, 50, seed=1)
    sent = arrivals.sink[0][arrivals.sink[0] != NOTHING]
    assert sent.tolist() == list(itertools.islice(itertools.cycle([3, 1, 2]), len(sent)))
    assert (arrivals.sink[1] == NOTHING).all()


def test_limits_of_theory() -> None:
    assert theory_limits(NetworkSpec(64, 64, topology="mesh"), "uniform")["bisection"] == 0.5
    assert theory_limits(NetworkSpec(8, 8), "uniform")["head_of_line"] == 0.6184
    assert theory_limits(NetworkSpec(64, 128, queues="voq"), "uniform") == {"sinks": 1.0, "bisection": 1.0}
