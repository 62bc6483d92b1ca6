"""One crossbar alone, backlogged sources and ideal sinks, against theory and against what BookSim 2 printed."""

import csv
import re
from pathlib import Path

import pytest

from simulator.engine.reference.traffic import measure_switch
from simulator.network import NetworkSpec
from simulator.study.load_latency import measure_network

KAROL_1987 = {2: 0.75, 4: 0.6553, 8: 0.6184}
"""Saturation of input FIFOs, Karol, Hluchyj and Morgan, IEEE Trans. Commun. 35(12), 1987, table I."""


def rows() -> list[dict[str, str]]:
    lines = (Path(__file__).parent / "booksim.csv").read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def voq_rows() -> list[dict[str, str]]:
    """iSLIP on virtual output queues of at least 4 slots; one slot with registered credits is another design."""
    return [row for row in rows() if row["label"].startswith("VOQ") and row["allocator"].startswith("islip") and int(row["depth"]) >= 4]


@pytest.mark.parametrize("ports", sorted(KAROL_1987))
def test_fifo_saturates_where_theory_says(ports: int) -> None:
    point = measure_switch(NetworkSpec(ports, ports), cycles=6000 if ports < 8 else 4000, warmup=500)
    assert point.throughput == pytest.approx(KAROL_1987[ports], rel=0.02)


def fifo_rows() -> list[dict[str, str]]:
    return [row for row in rows() if row["label"] == "FIFO"]


def full_length(spec: NetworkSpec, load: float) -> float:
    """Throughput over 8,000 cycles, as long as BookSim's shortest runs, in the compiled engine."""
    return measure_network(spec, loads=[load], cycles=8000, warmup=2000, saturation=False).points[0].throughput


@pytest.mark.parametrize("row", fifo_rows(), ids="{ports}-ports".format_map)
def test_fifo_saturates_where_booksim_does(row: dict[str, str]) -> None:
    spec = NetworkSpec(int(row["ports"]), int(row["ports"]), depth=int(row["depth"]))
    assert full_length(spec, 1.0) == pytest.approx(float(row["throughput"]), rel=0.02)


def test_the_reference_agrees_with_booksim_by_itself() -> None:
    expected = next(float(row["throughput"]) for row in fifo_rows() if row["ports"] == "16")
    assert measure_switch(NetworkSpec(16, 16), cycles=2500, warmup=500).throughput == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("row", voq_rows(), ids="{allocator}-load{load}-depth{depth}".format_map)
def test_islip_reaches_booksims_throughput(row: dict[str, str]) -> None:
    match = re.fullmatch(r"islip\((\d)\)", row["allocator"])
    assert match is not None
    spec = NetworkSpec(int(row["ports"]), int(row["ports"]), queues="voq", depth=int(row["depth"]), iterations=int(match[1]))
    assert full_length(spec, float(row["load"])) == pytest.approx(float(row["throughput"]), rel=0.03)


def test_a_packet_takes_one_cycle_more_for_each_stage_of_the_pipeline() -> None:
    short, long = (measure_switch(NetworkSpec(4, 4, queues="voq", latency=latency), load=0.2, cycles=500, warmup=50) for latency in (1, 4))
    assert long.mean_latency_cycles - short.mean_latency_cycles == pytest.approx(3.0, abs=0.05)
    assert long.throughput == pytest.approx(short.throughput, rel=0.02)


@pytest.mark.parametrize(
    ("spec", "load"),
    [(NetworkSpec(4, 4), 0.4), (NetworkSpec(8, 8, queues="voq", iterations=2), 0.7), (NetworkSpec(4, 4, queues="voq", latency=3), 0.6)],
    ids=["fifo", "voq", "long pipeline"],
)
def test_littles_law(spec: NetworkSpec, load: float) -> None:
    """Flits on the way = rate × time on the way, where the queues are in balance."""
    point = measure_switch(spec, load=load, cycles=4000, warmup=500)
    assert point.throughput == pytest.approx(load, rel=0.03)
    assert point.mean_outstanding == pytest.approx(point.throughput * spec.sources * point.mean_latency_cycles, rel=0.005)


def test_an_idle_network_takes_the_fewest_cycles() -> None:
    """Created in c, in the buffer at the end of c, granted in c + 1, delivered at the end of c + latency."""
    point = measure_switch(NetworkSpec(2, 2, queues="voq"), load=0.01, cycles=2000, warmup=0)
    assert point.mean_latency_cycles == pytest.approx(2.0, abs=0.05)


def test_more_iterations_and_deeper_queues_carry_more() -> None:
    base = measure_switch(NetworkSpec(8, 8, queues="voq", depth=4), cycles=1500, warmup=300).throughput
    fifo = measure_switch(NetworkSpec(8, 8, depth=4), cycles=1500, warmup=300).throughput
    deeper = measure_switch(NetworkSpec(8, 8, queues="voq", depth=16), cycles=1500, warmup=300).throughput
    matched = measure_switch(NetworkSpec(8, 8, queues="voq", depth=16, iterations=4), cycles=1500, warmup=300).throughput
    assert fifo < base < deeper < matched


def test_the_same_seed_gives_the_same_traffic() -> None:
    spec = NetworkSpec(4, 4)
    assert measure_switch(spec, cycles=200) == measure_switch(spec, cycles=200)
    assert measure_switch(spec, cycles=200) != measure_switch(spec, cycles=200, seed=1)
