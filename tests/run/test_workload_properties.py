"""Whole workloads on any machine: Y is NumPy's, every count adds up, and runs can be repeated, cut short and made perfect."""

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.activity import Activity, Ideal
from simulator.engine.engines import ENGINES
from simulator.run.run import Timing
from simulator.system.waiting import Waiting
from tests.strategies import Case, cases, machine, operation, run, sparse, workload

EXAMPLES = settings(max_examples=25)


def go(case: Case, **keys: Any) -> Timing:
    return run(case.machine, case.workload, latency=case.latency, **keys)


def quick(case: Case, **keys: Any) -> Activity:
    """On the compiled engine, which other tests hold equal: of laws that are not about Y."""
    return go(case, reuse_tiles=True, engine=ENGINES["compiled"], **keys).activity


def numbers(activity: Activity) -> tuple[object, ...]:
    """Everything but how much was simulated and how much counted again."""
    return (
        activity.cycles,
        activity.counts,
        activity.unit_cycles,
        activity.bounds,
        [(op.start_cycle, op.end_cycle) for op in activity.operations],
    )


@EXAMPLES
@given(case=cases())
def test_y_is_numpys_and_every_count_adds_up(case: Case) -> None:
    timing = go(case)
    activity, fabric = timing.activity, case.machine.fabric
    assert sum(activity.unit_cycles.values()) == fabric.units * activity.cycles
    assert activity.cycles >= activity.bounds.largest[1]
    for op, part in zip(case.workload.operations, activity.operations, strict=True):
        w, x = op.weight.to_dense(), op.activations.values()
        assert np.array_equal(timing.outputs[op.name], w @ x)
        token_words = -(-op.shape[2] // fabric.lanes)
        counts = part.counts
        assert counts.list_entries == op.weight.nnz * token_words
        assert counts.requests + counts.entries_dropped == counts.list_entries
        assert counts.macs_useful == int((w != 0).astype(int).sum(axis=0) @ (x != 0).astype(int).sum(axis=1))
        assert counts.mac_slots == counts.replies * fabric.lanes >= counts.macs_useful
        if not fabric.zero_skip:
            assert counts.entries_dropped == 0
        assert counts.output_bank_writes == counts.rows_merged
        assert sum(part.unit_cycles.values()) == fabric.units * part.compute_cycles
        assert part.unit_cycles["computing"] == counts.accumulator_updates
        assert not any(part.unit_cycles[cause] for cause in get_args(Waiting))
        assert 0 <= part.start_cycle <= part.end_cycle <= activity.cycles
    compute = sum(part.compute_cycles for part in activity.operations)
    assert sum(activity.unit_cycles[cause] for cause in get_args(Waiting)) == fabric.units * (activity.cycles - compute)
    assert activity.cycles == max(part.end_cycle for part in activity.operations)


@EXAMPLES
@given(case=cases(dataflow="scatter"))
def test_scattered_y_is_numpys(case: Case) -> None:
    timing = go(case)
    for op in case.workload.operations:
        assert np.array_equal(timing.outputs[op.name], op.weight.to_dense() @ op.activations.values())
    assert sum(timing.activity.unit_cycles.values()) == case.machine.fabric.units * timing.activity.cycles


@EXAMPLES
@given(case=cases())
def test_counting_equal_tiles_again_is_exact_and_two_runs_are_identical(case: Case) -> None:
    every, reused, again = go(case), go(case, reuse_tiles=True), go(case, reuse_tiles=True)
    assert again.activity == reused.activity
    assert numbers(every.activity) == numbers(reused.activity)
    assert reused.checked["tiles_simulated"] + reused.checked["tiles_reused"] == every.checked["tiles_simulated"]
    assert every.checked["tiles_compared"] == every.checked["tiles_simulated"]


@settings(max_examples=20)
@given(case=cases())
def test_a_perfect_dram_is_never_slower_and_leaves_the_fabric_as_it_is(case: Case) -> None:
    real, perfect = quick(case), quick(case, ideal="dram")
    assert perfect.cycles <= real.cycles
    # a perfect DRAM may have another schedule
    alike = [(a, b) for a, b in zip(perfect.operations, real.operations, strict=True) if a.details == b.details]
    assert [a.unit_cycles for a, _ in alike] == [b.unit_cycles for _, b in alike]
    assert perfect.bounds.dram_cycles == 0


@settings(max_examples=20)
@given(case=cases())
def test_a_perfect_network_never_blames_the_network(case: Case) -> None:
    perfect = quick(case, ideal="network")
    assert perfect.unit_cycles["network_contention"] == 0
    assert perfect.bounds.network_cycles == 0


@settings(max_examples=20)
@given(case=cases(units=4, token_groups=2, replicas=2))
def test_one_copy_a_unit_never_waits_for_a_network(case: Case) -> None:
    activity = quick(case)
    assert activity.unit_cycles["network_contention"] == 0
    if case.machine.fabric.issue_width == 1:
        assert activity.unit_cycles["bank_conflict"] == 0
    assert activity.counts.request_hops == activity.counts.reply_hops == 0
    assert numbers(activity) == numbers(quick(case, ideal="network"))


@settings(max_examples=20)
@given(
    groups=st.sampled_from([2, 4]),
    shape=st.tuples(st.integers(1, 10), st.integers(1, 30)),
    words=st.integers(1, 4),
    density=st.sampled_from([0.2, 0.6, 1.0]),
    seed=st.integers(0, 99),
)
def test_without_zero_skip_token_groups_run_as_one_group_does(
    groups: int, shape: tuple[int, int], words: int, density: float, seed: int
) -> None:
    """`groups` groups on as many times the tokens take the cycles of one group on its share."""
    random = np.random.default_rng(seed)
    w, x = sparse(random, *shape, density), sparse(random, shape[1], 2 * words * groups, 0.5)
    keys = {"banks": 4, "zero_skip": False, "output_bank_kib": 12 * 8 / 1024}
    mapping = {"tokens_per_tile": 2}
    many = run(
        machine({"units": 2 * groups, "token_groups": groups, **keys}, mapping=mapping), workload(operation(w, x))
    ).activity.operations[0]
    one = run(machine({"units": 2, **keys}, mapping=mapping), workload(operation(w, x[:, : 2 * words]))).activity.operations[0]
    assert many.compute_cycles == one.compute_cycles
    assert many.details["rounds"] == one.details["rounds"]
    assert dict(many.unit_cycles) == {cause: groups * n for cause, n in one.unit_cycles.items()}
    for counter in ("list_entries", "requests", "x_bank_reads", "rows_merged", "output_bank_reads", "weight_bits_filled", "x_words_filled"):
        assert many.counts.to_dict()[counter] == groups * one.counts.to_dict()[counter]
    assert many.counts.w_trunk_bytes == one.counts.w_trunk_bytes


@pytest.mark.parametrize("change", [{"replicas": 2}, {"token_groups": 2}, {"banks": 8}, {"window": 2}, {"network": {"queues": "fifo"}}])
def test_the_work_is_the_same_on_every_fabric(change: dict[str, Any]) -> None:
    random = np.random.default_rng(11)
    what = workload(operation(sparse(random, 12, 20, 0.4), sparse(random, 20, 10, 0.6)))
    base, other = (run(machine(keys), what).activity.counts for keys in ({}, change))
    assert (base.macs_useful, base.list_entries, base.requests, base.mac_slots) == (
        other.macs_useful,
        other.list_entries,
        other.requests,
        other.mac_slots,
    )


def test_a_later_k_tile_reads_and_adds_what_is_there() -> None:
    """K is cut in two: the second tile reads each row that it writes."""
    of = machine({"bank_kib": 5 * 4 / 1024, "token_groups": 1})
    what = workload(operation(np.ones((4, 40)), np.ones((40, 2))))
    timing = run(of, what)
    counts = timing.activity.operations[0].counts
    assert timing.activity.operations[0].details["k_tiles"] == 2
    assert (counts.output_bank_writes, counts.output_bank_reads, counts.output_bank_drains) == (8, 4, 4)
    assert (timing.outputs["op"] == 40).all()


def test_an_operation_without_nonzeros_brings_nothing_in_and_computes_nothing() -> None:
    timing = run(machine(), workload(operation(np.zeros((3, 4)), np.ones((4, 5)))))
    only = timing.activity.operations[0]
    assert (only.compute_cycles, only.counts.list_entries, only.counts.macs_useful) == (0, 0, 0)
    assert (only.counts.x_words_filled, only.counts.dram_read_bytes, only.counts.drain_bytes) == (0, 0, 3 * 5 * 2)
    assert sum(timing.activity.unit_cycles[cause] for cause in get_args(Waiting)) == 4 * timing.activity.cycles > 0
    assert not timing.outputs["op"].any()


def test_an_activation_without_nonzeros_is_scanned_and_dropped() -> None:
    w, x = np.ones((4, 6)), np.zeros((6, 2))
    counts = run(machine(), workload(operation(w, x))).activity.counts
    assert (counts.list_entries, counts.entries_dropped, counts.requests, counts.output_bank_writes) == (24, 24, 0, 0)
    unskipped = run(machine({"zero_skip": False}), workload(operation(w, x))).activity.counts
    assert (unskipped.entries_dropped, unskipped.requests, unskipped.macs_useful) == (0, 24, 0)


def test_progress_names_every_operation_in_order() -> None:
    seen: list[tuple[str, float]] = []

    def note(name: str, fraction: float) -> None:
        seen.append((name, fraction))

    ones = np.ones((2, 2))
    run(machine(), workload(operation(ones, ones, "a"), operation(ones, ones, "b", ("a",))), progress=note)
    assert list(dict.fromkeys(name for name, _ in seen)) == ["a", "b"]
    assert [fraction for _, fraction in seen] == sorted(fraction for _, fraction in seen)
    assert all(0 <= fraction <= 1 for _, fraction in seen)


@settings(max_examples=30)
@given(case=cases(), part=st.sampled_from(["dram", "trunks"]))
def test_without_its_memory_in_the_way_no_machine_is_slower(case: Case, part: Ideal) -> None:
    """Nor waits longer for that part, by more than a schedule chosen anew may miss."""
    plain, ideal = quick(case), quick(case, ideal=part)
    assert ideal.cycles <= plain.cycles
    assert ideal.unit_cycles[part.removesuffix("s")] <= plain.unit_cycles[part.removesuffix("s")] + 64 * plain.units
