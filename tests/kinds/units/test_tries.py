"""Schedules that are decided by being played."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from simulator.engine.engines import ENGINES, EngineName, RunOptions
from simulator.errors import MappingError
from simulator.kinds import kind_of
from simulator.kinds.gather.kind import GATHER
from simulator.kinds.units import decision
from simulator.kinds.units.operation import UnitsPlan, run_plan
from simulator.kinds.units.tries import MOST_TRIED, TRIED_ENTRIES, Alone, near, quickest
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from tests.kinds.units.laws import case
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
        plans = [UnitsPlan(flow, 0, of.dram_burst_bytes) for flow in flows]
        runs = [run_plan(plan, setting, "gather", DRAM, COMPILED, w_kept=plan.keeps_w(plan.dataflow.room_bytes))[0] for plan in plans]
        best = min(runs, key=lambda run: Alone.of((run,)).rank("compiled", setting.pace.system))
        chosen = kind_of(of.machine).run(of, what, DRAM, 0, COMPILED)
        assert len(plans) > 1
        assert chosen.details == best.details
        exact = kind_of(of.machine).schedule(of, what, DRAM, 0).program
        assert [tile.cycles for tile in exact.tiles] == [tile.cycles for tile in best.program.tiles]


def decided(seed: int) -> list[tuple[list[Alone], SystemSpec, int]]:
    """The ways of which each small operation, or chain, of a random case takes one, the system and which is taken."""
    found: list[tuple[list[Alone], SystemSpec, int]] = []

    def spy(ways: list[Alone], engine: EngineName, system: SystemSpec) -> int:
        found.append((ways, system, quickest(ways, engine, system)))
        return found[-1][2]

    with pytest.MonkeyPatch.context() as patch, suppress(MappingError):
        patch.setattr(decision, "quickest", spy)
        case(seed).runs()
    return found


@pytest.mark.parametrize("seed", [4, 9, 10, 17, 22, 34, 37])
def test_what_is_not_played_could_not_have_been_quicker(seed: int) -> None:
    """In order of floors, which no rank is below, as few are played as prove the quickest of all, ties included."""
    all_ways = decided(seed)
    assert all_ways
    for ways, system, taken in all_ways:
        ranks = [way.rank("compiled", system) for way in ways]
        floors = [way.floor(system) for way in ways]
        assert all(floor[0] <= rank[0] and floor[1] == rank[1] for floor, rank in zip(floors, ranks, strict=True))
        assert taken == min(range(len(ways)), key=ranks.__getitem__)


def test_ways_are_played_until_none_can_be_better() -> None:
    played: list[str] = []

    class Told(Alone):
        """A way whose floor and rank are told."""

        def __init__(self, name: str, floor: float, cycles: float) -> None:
            self.__dict__.update(name=name, told=(floor, 0.0), ranked=(cycles, 0.0))

        def floor(self, system: Any) -> Any:
            return self.__dict__["told"]

        def rank(self, engine: Any, system: Any) -> Any:
            played.append(self.__dict__["name"])
            return self.__dict__["ranked"]

    ways = [Told("far", 90, 95), Told("near", 40, 60), Told("best", 50, 55), Told("even", 55, 55), Told("later", 54, 70)]
    assert quickest(ways, "compiled", DRAM) == 2  # type: ignore[arg-type]
    assert played == ["near", "best", "later"]


def test_a_large_operation_is_scheduled_by_estimate_alone() -> None:
    random = np.random.default_rng(6)
    of = elaborated(machine({"banks": 8, "bank_kib": 0.5}))
    what = operation(sparse(random, 60, 60, 0.9), sparse(random, 60, 2 * (TRIED_ENTRIES // 3000) + 2, 1.0))
    scheduled = GATHER.schedule(of, what, DRAM, 0)
    run = GATHER.run(of, what, DRAM, 0, replace(COMPILED, threads=1))
    assert sum(tile.cycles for tile in scheduled.program.tiles) < sum(tile.cycles for tile in run.program.tiles)
