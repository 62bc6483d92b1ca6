"""Schedules that are decided by being played."""

from dataclasses import replace

import numpy as np

from simulator.engine.engines import ENGINES, RunOptions
from simulator.kinds import kind_of
from simulator.kinds.gather.kind import GATHER
from simulator.kinds.units.operation import UnitsPlan, run_plan
from simulator.kinds.units.tries import MOST_TRIED, TRIED_ENTRIES, near, rank
from simulator.system.tensors import Residency
from tests.strategies import elaborated, machine, operation, sparse

DRAM = Residency("dram", "dram")
COMPILED = RunOptions(ENGINES["compiled"])


def test_what_is_near_comes_in_order_and_is_not_too_many() -> None:
    ranks = {"far": (21.0, 0.0), "third": (19.0, 0.0), "second": (10.0, 2.0), "first": (10.0, 1.0)}
    assert near(ranks, 9) == ["first", "second", "third"]
    assert near(ranks, 2) == ["first", "second"]


def test_a_small_operation_takes_no_longer_than_in_any_schedule_that_was_near() -> None:
    random = np.random.default_rng(5)
    of = elaborated(machine({"banks": 8, "bank_kib": 0.125, "output_bank_kib": 0.0625}))
    for _ in range(5):
        what = operation(sparse(random, 40, 30, 0.3), sparse(random, 30, 18, 1.0))
        setting = GATHER.setting(of, COMPILED)
        flows = [planned.dataflow() for planned in GATHER.planned(setting, what, DRAM, MOST_TRIED)]
        plans = [UnitsPlan.of(setting.machine, flow, 0, of.dram_burst_bytes, room_bytes=flow.room_bytes) for flow in flows]
        runs = [run_plan(plan, "gather", DRAM, COMPILED) for plan in plans]
        best = min(runs, key=lambda run: rank((run,), "compiled", setting.pace.system))
        chosen = kind_of(of.machine).run(of, what, DRAM, 0, COMPILED)
        assert len(plans) > 1
        assert chosen.details == best.details
        exact = kind_of(of.machine).schedule(of, what, DRAM, 0).program
        assert [tile.cycles for tile in exact.tiles] == [tile.cycles for tile in best.program.tiles]


def test_a_large_operation_is_scheduled_by_estimate_alone() -> None:
    random = np.random.default_rng(6)
    of = elaborated(machine({"banks": 8, "bank_kib": 0.5}))
    what = operation(sparse(random, 60, 60, 0.9), sparse(random, 60, 2 * (TRIED_ENTRIES // 3000) + 2, 1.0))
    scheduled = GATHER.schedule(of, what, DRAM, 0)
    run = GATHER.run(of, what, DRAM, 0, replace(COMPILED, threads=1))
    assert sum(tile.cycles for tile in scheduled.program.tiles) < sum(tile.cycles for tile in run.program.tiles)
