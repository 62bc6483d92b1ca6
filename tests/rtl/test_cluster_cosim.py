"""Clusters in hardware, in step with both engines in every event, pointer, counter, cause and value."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Const, ResetInserter, Signal
from amaranth.sim import Simulator

from simulator.kinds.sampled.rtl.unit import LaneSums
from simulator.kinds.scatter.rtl.sums import AccumulatingBank, AccumulatingPort
from simulator.network import TOPOLOGIES
from simulator.rtl import allocator
from simulator.rtl.cluster import Cluster
from simulator.rtl.cosim.compare import first_difference
from simulator.rtl.cosim.events import Cycle
from simulator.rtl.cosim.loaded import Loaded
from simulator.rtl.cosim.pysim import PythonSimulation
from simulator.rtl.cosim.traced import Traced, probes
from simulator.rtl.outputs import GatedCluster, output_banks
from tests.clusters import run_compiled
from tests.rtl.small_clusters import (
    agreement_of,
    pair_of,
    referred,
    sampled_agreement_of,
    scattered_agreement_of,
    scattering_case,
    small_case,
)

GATHERED, SCATTERED, SAMPLED, BATCHES = 80, 30, 10, 10


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_clusters_are_exact(batch: int) -> None:
    seen: Counter[str] = Counter()
    for number in range(batch, GATHERED, BATCHES):
        agreement = agreement_of(small_case(number))
        assert agreement.difference is None, f"{number}: {agreement.name}"
        seen.update(agreement.compared)
    assert all(seen[kind] for kind in ("issues", "grants", "accesses", "landings", "operands", "merges", "writes", "drops"))


@pytest.mark.parametrize("batch", range(2))
def test_random_clusters_that_scatter_are_exact(batch: int) -> None:
    """Of the next part of the series; one in 33 has many units."""
    seen: Counter[str] = Counter()
    for number in range(GATHERED + batch, GATHERED + SCATTERED, 2):
        agreement = scattered_agreement_of(scattering_case(number))
        assert agreement.difference is None, f"{number}: {agreement.name}"
        seen.update(agreement.compared)
    assert all(seen[kind] for kind in ("issues", "reads", "grants", "accesses", "additions", "drops"))


def test_random_clusters_that_sum_at_the_places_of_a_mask_are_exact() -> None:
    """Of the part after that, behind one of many units."""
    seen: Counter[str] = Counter()
    for number in range(GATHERED + SCATTERED + 2, GATHERED + SCATTERED + 2 + SAMPLED):
        agreement = sampled_agreement_of(small_case(number))
        assert agreement.difference is None, f"{number}: {agreement.name}"
        seen.update(agreement.compared)
    assert all(seen[kind] for kind in ("issues", "grants", "accesses", "landings", "operands", "merges", "writes", "drops"))


def test_a_lane_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the first sum that is written, and in nothing before."""
    reduced = LaneSums.reduced
    monkeypatch.setattr(LaneSums, "reduced", lambda self, m, sums: reduced(self, m, sums & ~((1 << self.shape.sum_bits) - 1)))
    difference = sampled_agreement_of(small_case(4)).difference
    assert difference is not None
    assert ": write: engine token 0, row" in difference.what


def test_a_sum_that_forgets_what_came_before_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the first addition to a word that has one already."""
    monkeypatch.setattr(AccumulatingBank, "_sum", lambda self, m, valid, line: Const(0, len(self.drain_word)))
    difference = scattered_agreement_of(small_case(4)).difference
    assert difference is not None
    assert ": add: engine line" in difference.what


def test_a_bank_that_does_not_wait_for_a_sum_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the first access that comes too early for an adder of several stages; what whole numbers come to is right all the same."""
    monkeypatch.setattr(AccumulatingPort, "adding", lambda self, line, cycles: [])
    difference = scattered_agreement_of(scattering_case(3)).difference
    assert difference is not None
    assert ": access: engine —; hardware unit 1" in difference.what


def test_the_series_holds_every_option() -> None:
    specs = [small_case(number).spec for number in range(GATHERED)]
    assert {spec.requests.topology for spec in specs} == set(TOPOLOGIES)
    for network in ("requests", "replies"):
        assert len({getattr(spec, network).latency for spec in specs}) > 2
        assert len({getattr(spec, network).flits for spec in specs}) > 1
    assert {(spec.requests.queues, spec.requests.allocator) for spec in specs} == {
        (q, a) for q in ("fifo", "voq") for a in ("islip", "round_robin")
    }
    assert {spec.units for spec in specs} >= {2, 3, 8, 16}
    assert 20 > sum(spec.combines for spec in specs) > 2
    for key in (
        "bank_ports",
        "window",
        "issue_width",
        "scan_width",
        "accumulators",
        "accumulate_latency",
        "multiply_latency",
        "feed_cycles",
        "read_latency",
    ):
        assert len({getattr(spec, key) for spec in specs}) > 1


def test_one_cluster_runs_tile_after_tile() -> None:
    """Each from reset, whatever the memories held before."""
    case = small_case(0)
    work = case.gather()
    pair = pair_of(case, work)
    first, again = (pair.run("tile", work, (run_compiled(case.spec, work),)) for _ in range(2))
    assert first.difference is None
    assert (again.cycles, again.compared, again.difference) == (first.cycles, first.compared, None)


def test_a_pointer_that_does_not_move_on_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where and when it stayed, and what was granted around that cycle."""
    monkeypatch.setattr(allocator, "past", lambda one_hot: ~0)
    difference = agreement_of(small_case(32)).difference
    assert difference is not None
    assert "router 0" in difference.what
    assert "pointer: engine at" in difference.what
    assert "hardware at 0" in difference.what
    assert difference.columns == ("cycle", "what", "engine", "hardware")
    assert any("grant" in row[1] for row in difference.rows)
    assert all(abs(int(row[0].split()[0]) - difference.cycle) <= 3 for row in difference.rows)


def test_an_adder_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the first row that is written, and in nothing before."""
    from simulator.rtl import accumulators

    lanewise = accumulators.lanewise
    monkeypatch.setattr(accumulators, "lanewise", lambda shape, first, second: lanewise(shape, first, second + 1))
    difference = agreement_of(small_case(4)).difference
    assert difference is not None
    assert difference.what.startswith("unit ")
    assert ": write: engine token 0, row" in difference.what


def test_a_fabric_whose_clock_stands_does_the_same_on_its_own_clock() -> None:
    """Held at random, and with output banks of one row that are drained now and then; rows leave in the order of their writes."""
    shape, load, engine = referred(small_case(4))
    cluster = Cluster(shape)
    gated = GatedCluster(cluster, output_banks(cluster, slots=1))
    random, drained = np.random.default_rng(1), []

    def drive(context: Any, cycle: int) -> None:
        context.set(gated.hold, int(random.random() < 0.3))
        for number, output in enumerate(gated.outputs):
            takes = random.random() < 0.1
            context.set(output.drain, int(takes))
            if takes and context.get(output.valid):
                row = context.get(output.row)
                drained.append((number, row["token"], row["row"], row["word"]))

    hardware = PythonSimulation(Traced(cluster, probes(cluster), gated)).run(load, len(engine) + 100, drive=drive)
    assert first_difference(engine, hardware, []) is None
    written = [(label[1], *told) for cycle in engine for label, told in cycle.events.items() if label[2] == "write"]
    assert len(written) > 2
    for number in range(shape.spec.units):
        assert [row for row in drained if row[0] == number] == [row for row in written if row[0] == number]


def test_a_tile_that_is_written_over_the_bus_is_the_one_that_memories_are_given() -> None:
    """The way in which a simulator outside of Python fills a cluster; a reset follows, which memories and settings outlast."""
    shape, load, engine = referred(small_case(4))
    cluster = Cluster(shape)
    traced = Traced(cluster, probes(cluster))
    loaded, hardware = Loaded(traced), list[Cycle | None]()

    async def bench(context: Any) -> None:
        for what, where, address, bits in loaded.writes(load):
            for wire, value in zip(loaded.ports, (what, where, address, bits), strict=False):
                context.set(wire, value)
            await context.tick()
        context.set(loaded.load_kind, 0)
        context.set(reset, 1)
        await context.tick()
        context.set(reset, 0)
        await context.tick().repeat(2)
        context.set(loaded.run, 1)
        await context.tick()
        for _ in engine:
            await context.tick()
            hardware.append(traced.cycle(context.get(loaded.trace_out)))

    reset = Signal()
    simulator = Simulator(ResetInserter(reset)(loaded))
    simulator.add_clock(1e-9)
    simulator.add_testbench(bench)
    simulator.run()
    assert hardware == engine
