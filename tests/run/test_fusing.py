"""Chains that are fused only if it pays: quicker of the two by themselves, on every kind, with a floor that holds for either."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.engine.engines import ENGINES, RunOptions
from simulator.errors import MappingError
from simulator.machine.model import Machine
from simulator.recall import NOTHING
from simulator.run.alternatives import Alternatives
from simulator.run.floor import Floor
from simulator.run.fusing import settled
from simulator.run.run import Timing
from simulator.run.stints import Floors, Kept, Player, Stint, floors_of, run_operation
from simulator.run.trial import Trial
from simulator.system.operation import OperationRun
from simulator.system.program import TileStep
from simulator.system.quick_bound import QuickBound
from simulator.workload.types import Chain, Workload
from tests.floors import check_floors
from tests.kinds.systolic.test_chains import cases as array_cases
from tests.run.test_fusion import ROOMY, Case, causal, chain_of, dram_bytes, figures, fused
from tests.run.test_fusion import cases as units_cases
from tests.strategies import elaborated, machine, run, workload

EXAMPLES = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
CASES = st.one_of(array_cases(), units_cases(), units_cases(**ROOMY))


def open_to(what: Workload) -> Workload:
    return dataclasses.replace(what, fuse=tuple(replace(chain, if_fits=True) for chain in what.fuse))


def ran(of: Machine, what: Workload, **keys: Any) -> Timing:
    try:
        return run(of, what, engine=ENGINES["compiled"], reuse_tiles=True, **keys)
    except MappingError:
        assume(False)
        raise


@EXAMPLES
@given(case=CASES)
def test_a_chain_by_itself_is_the_quicker_of_fused_and_apart(case: Case) -> None:
    """W from outside, so that there is nothing before it."""
    names = [op.name for op in case.workload.operations[1:]]
    alone = [
        replace(op, weight_home="dram", depends_on=tuple(name for name in op.depends_on if name in names))
        for op in case.workload.operations[1:]
    ]
    demanded = dataclasses.replace(workload(*alone), fuse=(Chain(tuple(names)),))
    either = [ran(case.machine, what).activity for what in (demanded, workload(*alone))]
    best = min(either, key=lambda activity: (activity.cycles, dram_bytes(activity.counts)))
    chosen = ran(case.machine, open_to(demanded)).activity
    assert (chosen.cycles, dram_bytes(chosen.counts)) == (best.cycles, dram_bytes(best.counts))


@EXAMPLES
@given(case=CASES)
def test_a_run_is_that_of_one_of_both_and_above_its_floor(case: Case) -> None:
    what = open_to(case.workload)
    timing = run_or_skip(case.machine, what)
    either = [figures(ran(case.machine, each)) for each in (case.workload, case.apart)]
    assert figures(timing) in either
    assert figures(ran(case.machine, what)) == figures(timing)
    assert figures(check_floors(case.machine, what, timing, "compiled")) == figures(timing)


def chosen_of(of: Machine, what: Workload, floors: Floors | None) -> tuple[list[str], list[str]]:
    """Chains that are fused, and the operations, or chains, that were run to tell; None: given what the machine's kind knows."""
    spec, options = elaborated(of), RunOptions(ENGINES["compiled"])
    kept = Kept(partial(run_operation, spec, options))
    tried = []

    def noted(stint: Stint) -> tuple[OperationRun, ...]:
        tried.append("+".join(operation.name for operation in stint.operations))
        return kept.run(stint)

    fused = settled(spec, Alternatives.of(of, what), noted, floors or partial(floors_of, spec, options), Player("compiled", NOTHING)).fuse
    return ["+".join(chain.operations) for chain in fused], tried


@EXAMPLES
@given(case=CASES)
def test_what_operations_take_at_least_tells_no_other_chains_to_fuse(case: Case) -> None:
    what = open_to(case.workload)
    try:
        fused, _ = chosen_of(case.machine, what, lambda stint: ())
    except MappingError:
        assume(False)
        raise
    assert chosen_of(case.machine, what, None)[0] == fused


def test_a_chain_is_run_apart_no_further_than_it_takes_to_tell_that_it_takes_longer() -> None:
    """By its last operation alone, were that so slow; or by the first one's run, were the last one slow enough behind that."""
    scores = causal(np.random.default_rng(0), 32, 2, 8)
    of, what = machine(ROOMY, activation_buffer_kib=1, activation_format="dense"), fused(*scores, if_fits=True)
    floors = partial(floors_of, elaborated(of), RunOptions(ENGINES["compiled"]))

    def slower(last: float) -> Floors:
        def told(stint: Stint) -> list[QuickBound]:
            bounds = floors(stint)
            times = last if stint.operations[0].name == "av" else 1
            return [QuickBound(each.program.with_tiles(tuple(_taking(each.program.tiles, times)))) for each in bounds]

        return told

    assert chosen_of(of, what, lambda stint: ()) == (["qk+av"], ["qk+av", "qk", "av"])
    assert chosen_of(of, what, slower(100)) == (["qk+av"], ["qk+av"])
    assert chosen_of(of, what, slower(1.4)) == (["qk+av"], ["qk+av", "qk"])


def test_a_machine_of_no_use_is_told_before_its_chains_are_run() -> None:
    """Where all else runs alike whichever are fused; what is told then holds for either."""
    scores = causal(np.random.default_rng(0), 32, 2, 8)
    of, what = machine(ROOMY, activation_buffer_kib=1, activation_format="dense"), fused(*scores, if_fits=True)
    trial = Trial(elaborated(of), Floor(what), ENGINES["compiled"])
    assert {what.operations[place].name for place in trial.undecided} == {"qk", "av"}
    assert not trial.schedule(lambda least: True)
    assert trial.undecided
    least = trial.least().cycles
    assert trial.schedule()
    assert not trial.undecided
    assert least <= trial.least().cycles <= ran(of, what).activity.cycles


def _taking(tiles: Sequence[TileStep], times: float) -> list[TileStep]:
    return [replace(tile, cycles=int(times * tile.cycles)) for tile in tiles]


def run_or_skip(of: Machine, what: Workload) -> Timing:
    try:
        return run(of, what)
    except MappingError:
        assume(False)
        raise


def test_few_tokens_at_a_time_are_not_fused_and_scores_that_pass_dram_are() -> None:
    """An X buffer for two tokens of a chain, against a buffer that holds what lies between; and no such buffer."""
    operations = chain_of(np.random.default_rng(0), [8, 32, 8], 1, 32, 1.0, 1.0)
    narrow = {"kind": "systolic", "rows": 8, "cols": 8, "x_buffer_kib": 1 / 8, "y_buffer_kib": 4, "w_buffer_kib": 4}
    of = machine(narrow, activation_buffer_kib=64)
    assert homes(ran(of, fused(*operations, if_fits=True))) == ["buffer", "buffer"]
    scores = causal(np.random.default_rng(0), 64, 4, 8)
    wide = machine({"kind": "systolic", "rows": 8, "cols": 8, "y_buffer_kib": 4}, activation_buffer_kib=1, activation_format="dense")
    assert homes(ran(wide, fused(*scores, if_fits=True)))[0] == "chip"


def homes(timing: Timing) -> list[str]:
    return [operation.details["y_home"] for operation in timing.activity.operations[1:]]


def test_where_only_some_are_fused_others_may_live_elsewhere_and_the_floor_knows() -> None:
    """A buffer that holds one of two chains' scores: which outputs it holds depends on what is fused."""
    first = causal(np.random.default_rng(0), 8, 3, 2)
    qk, av = (replace(op, name=op.name + "2") for op in first[1:])
    second = [qk, replace(av, depends_on=("source", "qk2"))]
    what = dataclasses.replace(workload(*first, *second), fuse=tuple(Chain((f"qk{end}", f"av{end}"), True) for end in ("", "2")))
    of = machine(ROOMY, activation_buffer_kib=0.5, activation_format="dense")
    assert not Alternatives.of(of, what).leave_others_alone
    for chosen in ([], what.fuse[:1], what.fuse[1:], what.fuse):
        timing = ran(of, dataclasses.replace(what, fuse=tuple(replace(chain, if_fits=False) for chain in chosen)))
        least = Floor(what).least(elaborated(of))
        assert least.cycles <= timing.activity.cycles
        assert all(a <= b for a, b in zip(least.counts.values(), timing.activity.counts.values(), strict=True))
