"""No level of the memory system moves more than it can: in a run, in each of its operations, on every kind of machine."""

import dataclasses
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator import load_machine, load_workload, simulate
from simulator.activity import Activity, Ideal
from simulator.engine.engines import ENGINES, Engine
from simulator.errors import CheckError, MappingError
from simulator.machine.model import Machine
from simulator.result.bandwidth import bandwidths
from simulator.run.levels import check_levels, levels
from simulator.workload.types import Workload
from tests.strategies import DATAFLOWS, elaborated, machine, mixtures, operation, run, sparse, workload


@settings(max_examples=30)
@given(drawn=st.sampled_from(sorted(DATAFLOWS)).flatmap(mixtures), ideal=st.sampled_from(["none", *get_args(Ideal)]))
def test_used_is_never_more_than_available(drawn: tuple[Machine, Workload], ideal: Ideal) -> None:
    of, what = drawn
    try:
        activity = run(of, what, ideal=ideal, engine=ENGINES["compiled"]).activity
    except MappingError:
        return
    shares = [(activity.counts, activity.cycles)]
    shares += [(part.counts, part.end_cycle - part.fetch_cycle) for part in activity.operations]
    for counts, cycles in shares:
        for level, found in bandwidths(elaborated(of), counts, cycles, ideal).items():
            assert found.used <= found.available * (1 + 1e-9), level
    for part in activity.operations:
        assert 0 <= part.fetch_cycle <= part.start_cycle <= part.end_cycle


def dense(of: Machine, transpose: str = "none", size: int = 64, engine: Engine = ENGINES["compiled"]) -> Activity:
    """One product of `size` × 32 × 32 ones."""
    made = replace(operation(np.ones((size, 32)), np.ones((32, 32))), transpose=transpose)
    return run(of, workload(made), engine=engine).activity


def share(of: Machine, activity: Activity, level: str) -> float:
    """Moved over what can be moved while the tiles ran."""
    moved, rate = levels(elaborated(of), activity.counts)[level]
    return moved / (rate * activity.operations[0].compute_cycles)


@pytest.mark.parametrize(("dataflow", "most"), [("gather", 1.0), ("scatter", 1.0), ("both", 0.5)])
def test_banks_that_are_always_busy_are_used_up(dataflow: str, most: float) -> None:
    """A unit a bank, each with a copy of its own; a machine of both has banks of sums, of which a word of activations takes half."""
    fabric: dict[str, Any] = {"units": 2, "replicas": 2, "banks": 1, "bank_kib": 4, "window": 16, "accumulators": 8}
    of = machine(fabric, mapping={"dataflow": dataflow, "placement": "interleaved"})
    assert 0.9 * most < share(of, dense(of), "banks") <= most


@pytest.mark.parametrize(("dataflow", "transpose"), [("gather", "none"), ("scatter", "none"), ("both", "none"), ("both", "scatter")])
@pytest.mark.parametrize("link_bits", [8, 16, 32])
def test_links_that_are_always_busy_are_used_up(dataflow: str, transpose: str, link_bits: int) -> None:
    """Two units with a bank each: a word of 32 bits takes one to four flits, a sum of 64 bits two to eight."""
    network = {"link_bits": link_bits, "depth": 8, "reply_depth": 8}
    fabric = {"units": 2, "banks": 2, "bank_kib": 4, "window": 16, "accumulators": 8, "bank_queue": 8, "network": network}
    of = machine(fabric, mapping={"dataflow": dataflow, "placement": "interleaved"})
    assert 0.75 < share(of, dense(of, transpose), "network") <= 1
    if link_bits == 32:
        quick, exact = (dense(of, transpose, 4, ENGINES[engine]) for engine in ("compiled", "reference"))
        assert (quick.cycles, quick.counts) == (exact.cycles, exact.counts)


@pytest.mark.parametrize("trunk", ["w_bytes_per_cycle", "drain_bytes_per_cycle"])
def test_a_port_of_the_buffer_is_no_wider_than_the_x_trunk(trunk: str) -> None:
    """However wide what is behind it: a dense W that is made from activations is read of the buffer, Y is written to it."""
    random = np.random.default_rng(1)
    first = operation(sparse(random, 16, 8, 1.0), sparse(random, 8, 16, 1.0), "first")
    second = replace(operation(sparse(random, 16, 16, 1.0), sparse(random, 16, 16, 1.0), "second", ("first",)), weight_home="activation")
    of = machine(trunks={"x_bytes_per_cycle": 4, trunk: 256}, activation_buffer_kib=64)
    activity = run(of, workload(first, second)).activity
    busiest = max(activity.counts.buffer_read_bytes, activity.counts.buffer_write_bytes)
    assert activity.cycles >= activity.bounds.buffer_cycles >= busiest // 4 > 0


def test_a_level_that_moved_too_much_stops_the_run() -> None:
    of = machine()
    activity = dense(of, size=8)
    check_levels(elaborated(of), activity, "none")
    (only,) = activity.operations
    quick = replace(only, compute_cycles=only.compute_cycles // 8)
    with pytest.raises(CheckError, match="op: banks moved"):
        check_levels(elaborated(of), replace(activity, operations=(quick,)), "none")
    without_banks = replace(quick, counts=dataclasses.replace(only.counts, x_bank_reads=0))
    with pytest.raises(CheckError, match="op: network moved"):
        check_levels(elaborated(of), replace(activity, operations=(without_banks,)), "none")
    check_levels(elaborated(of), replace(activity, operations=(without_banks,)), "network")
    late = replace(only, fetch_cycle=only.end_cycle - 64)
    with pytest.raises(CheckError, match="op: dram moved"):
        check_levels(elaborated(of), replace(activity, operations=(late,)), "none")
    check_levels(elaborated(of), replace(activity, operations=(late,)), "dram")
    with pytest.raises(CheckError, match="run: dram moved"):
        check_levels(elaborated(of), replace(activity, cycles=activity.cycles // 8, operations=()), "none")


def test_what_a_fused_operation_is_handed_may_come_before_it_fetches_anything() -> None:
    banks = ["fabric.banks=64", "fabric.bank_kib=8", "fabric.output_bank_kib=8", "mapping.tokens_per_tile=2"]
    units = ["fabric.multicast=false", "fabric.scan_width=4", "fabric.accumulators=4"]
    network = ["fabric.network.iterations=4", "fabric.network.reply_depth=2"]
    trunks = ["trunks.x_bytes_per_cycle=256", "trunks.w_bytes_per_cycle=128", "trunks.drain_bytes_per_cycle=256"]
    run = simulate(load_machine("crossbar", [*banks, *units, *network, *trunks]), load_workload("tinygpt")).activity
    fused = next(operation for operation in run.operations if operation.details["x_home"] == "chip")
    assert fused.counts.x_trunk_bytes > 256 * (fused.end_cycle - fused.fetch_cycle)
