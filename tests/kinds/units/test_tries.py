"""Schedules that are decided by being played."""

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from simulator.engine.engines import ENGINES, EngineName, RunOptions
from simulator.errors import MappingError
from simulator.kinds import kind_of
from simulator.kinds.gather.kind import GATHER
from simulator.kinds.units import decision
from simulator.kinds.units.operation import UnitsPlan, keeps, run_plan
from simulator.kinds.units.tries import MOST_TRIED, TRIED_ENTRIES, Alone, Try, near, quickest
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
        kept = [keeps(plan.least_room, plan.dataflow.room_bytes) for plan in plans]
        runs = [run_plan(plan, setting, "gather", DRAM, COMPILED, w_kept=w)[0] for plan, w in zip(plans, kept, strict=True)]
        best = min(runs, key=lambda run: Alone.of((run,)).rank("compiled", setting.pace.system))
        chosen = kind_of(of.machine).run(of, what, DRAM, 0, COMPILED)
        assert len(plans) > 1
        assert chosen.details == best.details
        exact = kind_of(of.machine).schedule(of, what, DRAM, 0).program
        assert [tile.cycles for tile in exact.tiles] == [tile.cycles for tile in best.program.tiles]


def decided(seed: int) -> list[tuple[list[Try], SystemSpec, int]]:
    """The ways of which each small operation, or chain, of a random case takes one, the system and which is taken."""
    found: list[tuple[list[Try], SystemSpec, int]] = []

    def spy(ways: list[Try], engine: EngineName, system: SystemSpec) -> int:
        found.append((ways, system, quickest(ways, engine, system)))
        return found[-1][2]

    with pytest.MonkeyPatch.context() as patch, suppress(MappingError):
        patch.setattr(decision, "quickest", spy)
        case(seed).runs()
    return found


@pytest.mark.parametrize("seed", [4, 9, 10, 17, 22, 34, 37])
def test_what_is_not_run_could_not_have_been_quicker(seed: int) -> None:
    """The first, then in order of floors, which no rank is below, as few are run and played as prove the quickest of all, ties included."""
    all_ways = decided(seed)
    assert all_ways
    for ways, system, taken in all_ways:
        alone = [way.run() for way in ways]
        ranks = [each.rank("compiled", system) for each in alone]
        floors = [each.floor(system) for each in alone]
        assert all(floor[0] <= rank[0] and floor[1] == rank[1] for floor, rank in zip(floors, ranks, strict=True))
        for way, floor in zip(ways, floors, strict=True):
            told = [least().cycles(system) for least in way.leasts]
            assert told == sorted(told)
            assert told[-1] <= floor[0]
        assert taken == min(range(len(ways)), key=ranks.__getitem__)


def test_ways_are_run_until_none_can_be_better() -> None:
    log: list[str] = []

    class Told:
        """A way whose floor and rank are told."""

        def __init__(self, name: str, floor: float, cycles: float) -> None:
            log.append("run " + name)
            self.name, self.told, self.ranked = name, (floor, 0.0), (cycles, 0.0)

        def floor(self, system: Any) -> Any:
            return self.told

        def rank(self, engine: Any, system: Any) -> Any:
            log.append("play " + self.name)
            return self.ranked

    class Least:
        """A bound that is told."""

        def __init__(self, name: str, cycles: int) -> None:
            log.append("bound " + name)
            self.cycles = lambda system: cycles

    told = [
        ("far", 56, 70, 90, 95),
        ("near", 20, 30, 40, 60),
        ("best", 21, 41, 50, 55),
        ("even", 35, 55, 55, 55),
        ("later", 42, 42, 54, 70),
        ("seen", 20, 54, 80, 81),
        ("unseen", 40, 57, 90, 91),
    ]
    ways = [
        Try([lambda least=least: Least("", least), partial(Least, name, near)], partial(Told, name, floor, cycles))  # type: ignore[misc]
        for name, least, near, floor, cycles in told
    ]
    assert quickest(ways, "compiled", DRAM) == 2  # type: ignore[arg-type]
    each = log[1 + len(ways) :]
    assert log[: 1 + len(ways)] == ["run far", "play far", *["bound "] * (len(ways) - 1)]
    assert each[:6] == ["bound near", "bound seen", "bound best", "run near", "play near", "bound even"]
    assert each[6:] == ["bound unseen", "run best", "play best", "bound later", "run later", "play later", "run seen", "run even"]


def test_a_large_operation_is_scheduled_by_estimate_alone() -> None:
    random = np.random.default_rng(6)
    of = elaborated(machine({"banks": 8, "bank_kib": 0.5}))
    what = operation(sparse(random, 60, 60, 0.9), sparse(random, 60, 2 * (TRIED_ENTRIES // 3000) + 2, 1.0))
    scheduled = GATHER.schedule(of, what, DRAM, 0)
    run = GATHER.run(of, what, DRAM, 0, replace(COMPILED, threads=1))
    assert sum(tile.cycles for tile in scheduled.program.tiles) < sum(tile.cycles for tile in run.program.tiles)
