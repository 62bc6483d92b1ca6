"""Fused operations on a systolic array: Y is NumPy's, what one leaves the next takes on chip, and its tiles follow without a gap."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.engine.engines import ENGINES
from simulator.errors import MappingError
from simulator.kinds import kind_of
from simulator.kinds.systolic import reference
from simulator.kinds.systolic.cells import run_output, run_stationary
from simulator.kinds.systolic.chains import ArrayChain
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.system.program import turns_of
from simulator.system.spec import SystemSpec
from tests.floors import check_floors
from tests.run.test_fusion import Case, causal, chain_of, dram_bytes, figures, fitting, fused
from tests.strategies import elaborated, machine, run, workload

EXAMPLES = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
UNFIT = "no tile of"
"""What is said of an operation that does not fit an array by itself."""


@st.composite
def cases(draw: st.DrawFn) -> Case:
    fabric = {
        "kind": "systolic",
        "rows": draw(st.sampled_from([2, 4, 6])),
        "cols": draw(st.sampled_from([2, 4, 5])),
        "dataflow": draw(st.sampled_from(["best", "best", "ws", "os", "is"])),
        "weight_load": draw(st.sampled_from(["overlapped", "overlapped", "serial"])),
        "skip_zero_tiles": draw(st.booleans()),
        "column_skip": draw(st.booleans()),
        **{name: draw(st.sampled_from([1 / 16, 1 / 8, 1 / 4, 1.0])) for name in ("x_buffer_kib", "w_buffer_kib", "y_buffer_kib")},
    }
    of = machine(
        fabric,
        weight_decoder=draw(st.booleans()),
        activation_buffer_kib=draw(st.sampled_from([0.01, 1, 64])),
        activation_format=draw(st.sampled_from(["auto", "dense", "bitmap"])),
    )
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = [draw(st.integers(1, 7)) for _ in range(draw(st.sampled_from([3, 3, 4])))]
    density, x_density = draw(st.sampled_from([0.3, 0.7, 1.0])), draw(st.sampled_from([0.2, 0.6, 1.0]))
    return Case(of, fused(*chain_of(random, sizes, draw(st.integers(1, 4)), draw(st.integers(1, 13)), density, x_density)))


@EXAMPLES
@given(case=cases())
def test_y_is_numpys_and_what_one_leaves_the_next_takes(case: Case) -> None:
    timing = fitting(case, unfit=UNFIT)
    activity = timing.activity
    assert sum(activity.unit_cycles.values()) == activity.units * activity.cycles
    assert activity.cycles >= activity.bounds.largest[1]
    for op in case.workload.operations:
        assert np.array_equal(timing.outputs[op.name], op.weight.to_dense() @ op.activations.values())
    for giver, taker in itertools.pairwise(activity.operations[1:]):
        assert (giver.details["y_home"], taker.details["x_home"]) == ("chip", "chip")
        assert giver.counts.dram_write_bytes == giver.counts.buffer_write_bytes == 0
        assert giver.counts.drain_bytes == taker.counts.x_trunk_bytes
        assert taker.counts.dram_read_bytes + taker.counts.buffer_read_bytes == taker.counts.w_trunk_bytes
    reference_figures = figures(timing)
    assert figures(run(case.machine, case.workload, engine=ENGINES["compiled"])) == reference_figures
    assert figures(run(case.machine, case.workload, reuse_tiles=True)) == reference_figures


@EXAMPLES
@given(case=cases())
def test_no_fused_run_is_below_its_floor_or_slower_than_a_perfect_dram(case: Case) -> None:
    timing = fitting(case, unfit=UNFIT, engine=ENGINES["compiled"])
    check_floors(case.machine, case.workload, timing, "compiled")
    assert run(case.machine, case.workload, ideal="dram", engine=ENGINES["compiled"]).activity.cycles <= timing.activity.cycles


@EXAMPLES
@given(case=cases())
def test_tiles_of_a_chain_follow_each_other_in_the_cells_as_by_formula(case: Case) -> None:
    """The folds of all operations by turns, cell by cell: as many cycles as their tiles have together."""
    fitting(case, unfit=UNFIT, engine=ENGINES["compiled"])
    chain = case.workload.operations[1:]
    homes = kind_of(case.machine).residency(case.machine, case.workload)[1:]
    fused_chain = ArrayChain(ArrayMachine.of(case.machine), chain, homes)
    planned = fused_chain.planned(SystemSpec.of(elaborated(case.machine)))
    folds = []
    for of, op in zip(planned, chain, strict=True):
        all_of_it = list(reference.folds_of(of.schedule.fabric, of.schedule, op.weight.to_dense(), op.activations.values()))
        ends = [0, *itertools.accumulate(of.times.folds.tolist())]
        assert ends[-1] == len(all_of_it)
        folds.append([all_of_it[start:stop] for start, stop in itertools.pairwise(ends)])
    turns = turns_of(len(planned), len(planned[0].ys), ahead=fused_chain.ahead)
    by_turns = [fold.operands for member, tile in turns for fold in folds[member][tile]]
    cycles = sum(of.times.total for of in planned)
    if not by_turns:
        assert cycles == 0
        return
    schedule = planned[0].schedule
    cells = run_output if schedule.dataflow == "os" else run_stationary
    assert cells(schedule.fabric, by_turns).cycles == cycles


def test_a_mask_on_the_link_keeps_what_is_masked_from_moving() -> None:
    """Words of 4 of 8 keys, a query each: queries 0 … 3 have one with a key that is not masked, 4 … 7 two, of 8 bytes each."""
    what = fused(*causal(np.random.default_rng(0), 8, 3, 2))
    of = machine({"kind": "systolic", "rows": 4, "cols": 4, "skip_zero_tiles": True, "dataflow": "ws"})
    parts = run(of, what).activity.operations
    assert parts[1].counts.drain_bytes == parts[2].counts.x_trunk_bytes == 3 * (4 + 4 * 2) * 8
    unskipped = run(machine({"kind": "systolic", "rows": 4, "cols": 4}), what).activity.operations
    assert unskipped[1].counts.drain_bytes == unskipped[2].counts.x_trunk_bytes == 3 * 8 * 8 * 2


def test_scores_that_would_pass_dram_do_not_and_what_is_on_its_way_hides_behind_a_tile() -> None:
    """Where memory is quick, a chain takes the time of its folds and little more: the first operation is a tile ahead."""
    operations = causal(np.random.default_rng(0), 64, 8, 8)
    of = machine({"kind": "systolic", "rows": 8, "cols": 8, "y_buffer_kib": 4}, activation_buffer_kib=1, activation_format="dense")
    together, apart = (run(of, what, engine=ENGINES["compiled"]).activity for what in (fused(*operations), workload(*operations)))
    scores = 8 * 64 * 64 * 2
    assert dram_bytes(together.counts) <= dram_bytes(apart.counts) - 2 * scores
    assert together.cycles < apart.cycles
    quick = run(of, fused(*operations), ideal="dram", engine=ENGINES["compiled"]).activity
    assert quick.cycles <= 1.1 * sum(part.compute_cycles for part in quick.operations)


@pytest.mark.parametrize(
    ("sizes", "fabric", "named"),
    [
        (
            [3, 9, 3],
            {"w_buffer_kib": 52 / 1024},
            "W of a block of op0 takes 54 bytes, more than a half of the W buffer; raise",
        ),
        (
            [3, 9, 3],
            {"x_buffer_kib": 22 / 1024},
            "a token of a block has 12 activations in a half of the X buffer and 9 sums",
        ),
        (
            [3, 9, 3, 2],
            {"x_buffer_kib": 40 / 1024},
            "W of a block of 3 operations is walked in several rounds of tokens",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason_or_not_fused(sizes: list[int], fabric: dict[str, float], named: str) -> None:
    of = machine({"kind": "systolic", "rows": 4, "cols": 4, **fabric})
    operations = [replace(op, weight_home="dram") for op in chain_of(np.random.default_rng(3), sizes, 2, 5, 1.0, 1.0)]
    with pytest.raises(MappingError, match=rf"^small: fuse: \[op0, op1.*\]: {named}"):
        run(of, fused(*operations))
    assert run(of, fused(*operations, if_fits=True)).activity == run(of, workload(*operations)).activity
