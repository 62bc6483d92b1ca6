"""The delay model: depths by hand, laws that hold for any size, and what does not fit into a cycle."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cost import Technology, delay, load_technology
from simulator.cost.delay import Delay, TimingPath, wire
from simulator.errors import ConfigError
from simulator.kinds import kind_of
from simulator.pricing import elaborate

SEVEN = load_technology("7nm")
NODES = [load_technology(f"{nm}nm") for nm in (5, 7, 10, 12, 14, 16, 22, 28, 32, 40, 45, 65, 90)]
CLOCKS = st.floats(0.05, 20.0)


def test_depths_by_hand() -> None:
    # fp32: 40 FO4; int32: 2 (5 + 1) = 12; bf16 product: 6 · 3 + 2 (4 + 1) of the tree and its adder, 2 (3 + 1) to round
    assert delay.addition(SEVEN, "fp32").fo4 == pytest.approx(40.0)
    assert delay.addition(SEVEN, "int32").fo4 == pytest.approx(12.0)
    assert delay.multiplication(SEVEN, "bf16", "bf16").fo4 == pytest.approx(18 + 10 + 8)
    assert delay.multiplication(SEVEN, "int8", "int8").fo4 == pytest.approx(28.0)
    # 64 KiB: 40 · 4^0.27
    assert delay.sram_access(SEVEN, 64).fo4 == pytest.approx(40 * 4**0.27)
    # 16 ports, 4 iterations: 4 · 18.6 + 18.5 log2(16 / 4); at 12 ps 1.34 ns, two cycles of 1 GHz of which 0.75 ns are there
    matching = delay.allocation(SEVEN, 16, 4)
    assert matching.fo4 == pytest.approx(111.4)
    assert (matching.ns(SEVEN), matching.stages(SEVEN, 1.0)) == (pytest.approx(1.3368), 2)


def test_a_stage_is_the_share_of_the_clock_that_is_left() -> None:
    # 0.75 of a period: 62.5 FO4 of 12 ps at 1 GHz
    assert [Delay(fo4).stages(SEVEN, 1.0) for fo4 in (0.0, 62.5, 62.6, 125.0, 125.1)] == [1, 1, 2, 2, 3]
    assert wire(5.0).stages(SEVEN, 1.0) == 1
    assert wire(5.1).stages(SEVEN, 1.0) == 2


@given(st.integers(2, 1024), st.integers(1, 16), st.integers(2, 128), st.floats(0.1, 4096))
def test_more_takes_no_less(ports: int, iterations: int, bits: int, kib: float) -> None:
    grown = [
        (delay.allocation(SEVEN, ports, iterations), delay.allocation(SEVEN, ports + 1, iterations)),
        (delay.allocation(SEVEN, ports, iterations), delay.allocation(SEVEN, ports, iterations + 1)),
        (delay.arbiter(SEVEN, ports), delay.arbiter(SEVEN, ports + 1)),
        (delay.multiplexer(SEVEN, ports), delay.multiplexer(SEVEN, ports + 1)),
        (delay.integer_adder(SEVEN, bits), delay.integer_adder(SEVEN, bits + 1)),
        (delay.integer_multiplier(SEVEN, bits), delay.integer_multiplier(SEVEN, bits + 1)),
        (delay.float_adder(SEVEN, bits), delay.float_adder(SEVEN, bits + 1)),
        (delay.float_multiplier(SEVEN, bits), delay.float_multiplier(SEVEN, bits + 1)),
        (delay.sram_access(SEVEN, kib), delay.sram_access(SEVEN, 1.1 * kib)),
    ]
    assert all(less.ns(SEVEN) <= more.ns(SEVEN) for less, more in grown)
    assert delay.arbiter(SEVEN, ports).fo4 <= delay.allocation(SEVEN, ports, iterations).fo4


@given(st.floats(0.1, 1e3), st.floats(0, 10), CLOCKS, CLOCKS)
def test_a_coarser_node_and_a_quicker_clock_take_no_fewer_cycles(fo4: float, mm: float, clock: float, other: float) -> None:
    path = Delay(fo4, mm)
    times = [path.ns(node) for node in NODES]
    assert times == sorted(times)
    slow, quick = sorted((clock, other))
    assert path.stages(SEVEN, slow) <= path.stages(SEVEN, quick)
    assert (path.stages(SEVEN, clock) - 1) * 0.75 / clock <= path.ns(SEVEN) * (1 + 1e-6)


def test_a_product_shares_the_cycle_of_its_addition_where_both_fit() -> None:
    product = TimingPath("product", Delay(30.0), "multiply", shares=Delay(30.0))
    assert [product.least(SEVEN, clock) for clock in (1.0, 1.1, 2.5)] == [0, 1, 2]
    assert TimingPath("product", Delay(30.0), "multiply", given=3).cycles(SEVEN, 1.0) == 3


def stages(machine: Any, technology: Technology = SEVEN) -> tuple[int, ...]:
    settled = elaborate(machine, technology).stages
    return settled.feed, settled.allocation, settled.crossing, settled.read, settled.multiply, settled.accumulate


AUTO = dict.fromkeys(("feed_latency", "read_latency", "multiply_latency", "accumulate_latency"), "auto")


def test_what_a_fabric_settles_on(machines: Any) -> None:
    """64 × 64 at 1 GHz: a matching of one iteration takes 18.6 + 74 FO4, 1.11 ns; a product and an addition 36 and 45 FO4."""
    auto = {"network": {"allocation": "auto"}, **AUTO}
    assert stages(machines.gather(**auto)) == (1, 2, 1, 1, 1, 1)
    assert stages(machines.gather(**{**auto, "network": {"allocation": "auto", "iterations": 4}}))[1] == 3
    assert stages(machines.gather({"clock_ghz": 0.5}, **auto)) == (1, 1, 1, 1, 0, 1)
    quick = stages(machines.gather({"clock_ghz": 2.0}, **auto))
    assert quick[1] == 3
    assert quick[5] == 2
    integer = {"datatypes": {"weight": "int8", "activation": "int8", "accumulate": "int32"}}
    assert stages(machines.gather(integer, **auto))[4:] == (0, 1)
    assert stages(machines.gather(**{**AUTO, "bank_kib": 64}))[3] == 2


def test_what_is_given_is_taken(machines: Any) -> None:
    given = machines.gather(
        feed_latency=3, read_latency=4, multiply_latency=2, accumulate_latency=7, network={"allocation": 5, "latency": 6}
    )
    assert stages(given) == (3, 5, 6, 4, 2, 7)


def test_one_dataflow_of_two_is_as_slow_as_the_other(machines: Any) -> None:
    clock = {"clock_ghz": 2.0}
    ways = [
        elaborate(machines.gather({**clock, "mapping": {"dataflow": flow}}, network={"allocation": "auto"}, **AUTO), SEVEN).stages
        for flow in ("gather", "scatter", "both")
    ]
    for name in ("allocation", "crossing", "read", "accumulate"):
        assert getattr(ways[2], name) >= max(getattr(way, name) for way in ways[:2])


def path_of(machine: Any, name: str) -> TimingPath:
    paths = kind_of(machine).paths(elaborate(machine, SEVEN), SEVEN)
    return next(path for path in paths if path.name.startswith(name))


@pytest.mark.parametrize("iterations", [1, 2, 4])
def test_addresses_are_combined_in_each_iteration_of_a_matching(machines: Any, iterations: int) -> None:
    network = {"allocation": "auto", "iterations": iterations}
    alone, combining = (path_of(machines.gather(multicast=multicast, network=network), "matching") for multicast in (False, True))
    # a bank of 4 KiB has 128 words of 32 B: an address of 7 bits; 2.5 FO4 for each of log2 64 levels, 2 for each of log2 7 + 1
    assert combining.delay.fo4 - alone.delay.fo4 == pytest.approx(iterations * (2.5 * 6 + 2 * (math.log2(7) + 1)))


def test_an_arbiter_between_fifo_queues_combines_within_its_cycle(machines: Any) -> None:
    network = {"queues": "fifo", "allocation": "auto"}
    alone, combining = (
        path_of(machines.gather(multicast=multicast, network=network, units=32, banks=32), "arbiter") for multicast in (False, True)
    )
    assert combining.delay.fo4 - alone.delay.fo4 == pytest.approx(2.5 * 5 + 2 * (math.log2(7) + 1))
    with pytest.raises(ConfigError, match="arbiter of 64 inputs in the request network, with a combination of addresses"):
        elaborate(machines.gather(multicast=True, network=network), SEVEN)


def test_a_fifo_network_is_refused_where_its_arbiters_do_not_fit(machines: Any) -> None:
    # 64 inputs: half of 18.6 + 74 FO4 of 12 ps, 0.556 ns; 0.75 / 0.556 = 1.35 GHz
    fifo = {"queues": "fifo", "allocation": "auto"}
    assert stages(machines.gather(network=fifo))[1] == 1
    with pytest.raises(
        ConfigError, match=r"gather does not reach its clock of 1\.5 GHz: arbiter of 64 inputs in the request network takes 0\.556 ns"
    ):
        elaborate(machines.gather({"clock_ghz": 1.5}, network=fifo), SEVEN)
    with pytest.raises(ValueError, match="allocation: which flit a FIFO offers next"):
        machines.gather(network={"queues": "fifo", "allocation": 2})


def test_an_array_is_refused_where_an_addition_does_not_fit(machines: Any) -> None:
    # 40 FO4 of 12 ps, 0.48 ns; 0.75 / 0.48 = 1.56 GHz
    with pytest.raises(ConfigError, match=r"fp32 addition in a cell takes 0\.48 ns in 7nm, .* allowed: clock_ghz up to 1\.56"):
        elaborate(machines.systolic({"clock_ghz": 1.6}), SEVEN)
    array = machines.systolic({"clock_ghz": 1.5}, read_latency="auto", multiply_latency="auto")
    assert stages(array)[3:5] == (1, 1)
    integer = {"clock_ghz": 4.0, "datatypes": {"weight": "int8", "activation": "int8", "accumulate": "int32"}}
    # 8 KiB at an edge: 40 · 0.5^0.27 FO4, 0.40 ns; int8 product: 28 FO4, 0.34 ns
    assert stages(machines.systolic(integer, read_latency="auto", multiply_latency="auto"))[3:5] == (3, 2)


def test_ways_are_the_longest_of_the_floorplan(machines: Any) -> None:
    machine = machines.gather(network={"allocation": "auto"}, **AUTO)
    settled = elaborate(machine, SEVEN)
    kind = kind_of(machine)
    plan = kind.parts(settled, SEVEN).floorplan
    feed = next(path for path in kind.paths(settled, SEVEN) if path.stage == "feed")
    assert plan is not None
    assert feed.delay.wire_mm == pytest.approx(SEVEN.cluster_wire_detour * plan.longest_unit_way_mm)
    assert plan.unit_way_mm <= plan.longest_unit_way_mm <= 2 * plan.side_mm
    assert plan.bank_way_mm <= plan.longest_bank_way_mm <= 2 * plan.side_mm


def test_deeper_queues_for_an_allocation_of_several_cycles(machines: Any) -> None:
    areas = [
        kind_of(machine).parts(elaborate(machine, SEVEN), SEVEN)
        for machine in (machines.gather(network={"allocation": cycles}, window=512) for cycles in (1, 4))
    ]
    for part in ("request queue", "bank queue", "scheduler"):
        few, more = (next(entry for entry in parts.instances if entry.part == part).component.die_mm2() for parts in areas)
        assert few < more, part
