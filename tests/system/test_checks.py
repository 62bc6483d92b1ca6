"""What is lost on purpose is missed: every conservation law stops the run that breaks it."""

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from simulator.activity import Activity, Bounds, Counts, OperationActivity, Shape
from simulator.engine.engines import play
from simulator.engine.reference.bank import BankPort
from simulator.engine.reference.flit import Flit
from simulator.errors import CheckError
from simulator.kinds.gather.unit import VectorUnit
from simulator.kinds.units.lists import SliceLists, slice_lists
from simulator.system.operation import check_operation, check_run
from simulator.system.outcome import SystemOutcome
from tests.strategies import machine, operation, run, sparse, workload


def go(units: int = 4) -> None:
    random = np.random.default_rng(2)
    run(machine({"units": units}), workload(operation(sparse(random, 8, 9, 0.7), sparse(random, 9, 4, 0.7))))


def test_an_untouched_run_breaks_no_law() -> None:
    go()


@pytest.mark.parametrize("units", [1, 4])
def test_a_lost_nonzero(monkeypatch: pytest.MonkeyPatch, units: int) -> None:
    def without_the_last(*args: Any) -> SliceLists:
        lists = slice_lists(*args)
        short = {name: getattr(lists, name)[:-1] for name in ("word", "row", "weight_index")}
        return replace(lists, unit_ptr=np.minimum(lists.unit_ptr, len(lists.word) - 1), **short)

    monkeypatch.setattr("simulator.kinds.gather.dataflow.slice_lists", without_the_last)
    with pytest.raises(CheckError, match="list entries examined"):
        go(units)


@pytest.mark.parametrize("units", [1, 4])
def test_a_lost_request(monkeypatch: pytest.MonkeyPatch, units: int) -> None:
    receive, seen = BankPort.receive, []

    def forget_the_third(self: BankPort, flit: Flit, ready: int) -> None:
        seen.append(flit)
        if len(seen) != 3:
            receive(self, flit, ready)

    monkeypatch.setattr(BankPort, "receive", forget_the_third)
    with pytest.raises(CheckError, match="a tile is not done after"):
        go(units)


def test_a_lost_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    receive, seen = VectorUnit.receive, []

    def forget_the_second(self: VectorUnit, flit: Flit, ready: int) -> None:
        seen.append(flit)
        if len(seen) != 2:
            receive(self, flit, ready)

    monkeypatch.setattr(VectorUnit, "receive", forget_the_second)
    with pytest.raises(CheckError, match="a tile is not done after"):
        go()


def test_a_lost_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    step = VectorUnit.step

    def forget_the_first(self: VectorUnit, cycle: int) -> None:
        step(self, cycle)
        if cycle == 0:
            self.causes = [0] * len(self.causes)

    monkeypatch.setattr(VectorUnit, "step", forget_the_first)
    with pytest.raises(CheckError, match="unit-cycles have a cause of"):
        go()


def test_a_wrong_word(monkeypatch: pytest.MonkeyPatch) -> None:
    touch = BankPort.touch

    def one_too_much(self: BankPort, flit: Flit) -> None:
        touch(self, flit)
        assert flit.value is not None
        flit.value = flit.value + 1

    monkeypatch.setattr(BankPort, "touch", one_too_much)
    with pytest.raises(CheckError, match="Y of a tile differs from NumPy's"):
        go()


def test_a_word_that_is_multiplied_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    consume = VectorUnit._consume

    def count_twice(self: VectorUnit, cycle: int) -> bool:
        computing = consume(self, cycle)
        self.counts["accumulator_updates"] += computing
        return computing

    monkeypatch.setattr(VectorUnit, "_consume", count_twice)
    with pytest.raises(CheckError, match="requests = replies = multiplied words"):
        go()


@pytest.mark.parametrize("counter", ["dram_read_bytes", "dram_write_bytes", "x_trunk_bytes", "w_trunk_bytes", "drain_bytes"])
def test_a_byte_that_was_not_moved(monkeypatch: pytest.MonkeyPatch, counter: str) -> None:
    def leaky(*of: Any) -> SystemOutcome:
        outcome = play(*of)
        return replace(outcome, moved_bytes={**outcome.moved_bytes, counter: outcome.moved_bytes[counter] - 1})

    monkeypatch.setattr("simulator.run.stints.play", leaky)
    with pytest.raises(CheckError, match=f"{counter}: .* bytes moved"):
        go()


def part(**changes: Any) -> OperationActivity:
    base = OperationActivity(
        "op", "GEMM", Shape(1, 1, 1), 0, 0, 9, 5, 1, Counts(macs_useful=3, mac_slots=4), {"computing": 10}, Bounds(unit_cycles=5)
    )
    return replace(base, **changes)


def test_the_laws_of_an_operation() -> None:
    check_operation(2, part())
    with pytest.raises(CheckError, match="op: 10 unit-cycles of 3 × 5"):
        check_operation(3, part())
    with pytest.raises(CheckError, match="fewer multiplier slots"):
        check_operation(2, part(counts=Counts(macs_useful=5, mac_slots=4)))
    for bound in ("unit_cycles", "bank_cycles", "network_cycles"):
        with pytest.raises(CheckError, match="op: 5 cycles beat the bound of 6"):
            check_operation(2, part(bounds=Bounds(**{bound: 6})))


def test_the_laws_of_a_run() -> None:
    whole = Activity(9, 2, Counts(dram_read_bytes=64), {"computing": 10, "dram": 8}, Bounds(dram_cycles=9), (part(),))
    check_run(whole, {"dram_read_bytes": 64})
    with pytest.raises(CheckError, match="dram_read_bytes: 65 bytes moved, 64 counted"):
        check_run(whole, {"dram_read_bytes": 65})
    with pytest.raises(CheckError, match="18 unit-cycles of 2 × 10"):
        check_run(replace(whole, cycles=10), {})
    with pytest.raises(CheckError, match="no cause has a negative count"):
        check_run(replace(whole, unit_cycles={"computing": 20, "dram": -2}), {})
    with pytest.raises(CheckError, match="9 cycles beat the dram_cycles bound of 10"):
        check_run(replace(whole, bounds=Bounds(dram_cycles=10)), {})
