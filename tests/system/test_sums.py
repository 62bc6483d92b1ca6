"""Partial sums that leave with a drain and come back to a later one (rule 9), in programs worked out by hand.

DRAM moves 16 bytes a cycle in bursts of 64 and answers after 10 cycles; every trunk and bus moves 64 bytes a cycle.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from simulator.system.outcome import SystemOutcome
from simulator.system.parts import Part, Sums
from simulator.system.program import Drain, Fill, MemoryLevel, OperationProgram, TileStep, in_sequence, joined
from simulator.system.spec import SystemSpec
from simulator.system.system import System

SPEC = SystemSpec(16.0, 10, 64, 64, 64, 64, 2)


def operation(*drains: Drain) -> OperationProgram:
    """A tile of 5 cycles for each drain; X and W are there from cycle 1."""
    tiles = tuple(TileStep(0, 5, 0, 0, y) for y in range(len(drains)))
    return OperationProgram(tiles, (Fill(0, "buffer", (Part(64),)),), (Fill(0, "buffer", (Part(1),)),), drains)


def outcome(*drains: Drain) -> SystemOutcome:
    program = operation(*drains)
    result = System(SPEC, joined([program], ((),))).run()
    assert {name: getattr(program.traffic(SPEC.dram_burst_bytes), name) for name in result.moved_bytes} == result.moved_bytes
    return result


def rows(size: int, out: int, back: int, bus: int, extra: int = 0) -> tuple[Part, ...]:
    return (Part(size, extra_bus_bytes=extra, sums=Sums(out, back, bus)),)


BEGUN = outcome(Drain(0, "buffer", (Part(0),))).op_start[0]


@pytest.mark.parametrize(("out", "back", "bus", "cycles"), [(640, 0, 640, 10), (320, 640, 320, 10), (64, 64, 1280, 20)])
def test_sums_in_the_buffer_take_both_ports_and_the_bus(out: int, back: int, bus: int, cycles: int) -> None:
    result = outcome(Drain(0, "buffer", rows(0, out, back, bus)))
    assert result.cycles == BEGUN + 5 + cycles
    assert (result.busy_cycles["drain_bus"], result.busy_cycles["buffer_write"]) == (cycles, cycles)
    assert result.moved_bytes["drain_bytes"] == bus


def test_sums_that_nothing_carries_are_not_moved() -> None:
    assert outcome(Drain(0, "buffer", rows(0, 640, 0, 0))).moved_bytes["buffer_write_bytes"] == 0


def test_finished_rows_follow_their_sums() -> None:
    # bus and ports 1 cycle for the sums, then 2 for 64 bytes of rows that travel as 128; DRAM takes 4 for a burst
    result = outcome(Drain(0, "dram", rows(64, 64, 64, 64, extra=64)))
    assert result.cycles == BEGUN + 5 + 1 + 2 + 4
    moved = result.moved_bytes
    assert (moved["dram_write_bytes"], moved["buffer_write_bytes"], moved["drain_bytes"]) == (64, 64, 192)


@pytest.mark.parametrize("sums_home", ["buffer", "dram"])
def test_a_bus_that_carries_what_nothing_is_written_of_is_taken_for_it(sums_home: MemoryLevel) -> None:
    # parts of rows that are added on the bus to nothing of this transfer: 2 cycles of the bus, and none of DRAM
    result = outcome(Drain(0, "dram", rows(0, 0, 0, 0, extra=128), sums_home=sums_home))
    assert (result.cycles, result.busy_cycles["drain_bus"]) == (BEGUN + 5 + 2, 2)
    assert (result.moved_bytes["drain_bytes"], result.moved_bytes["dram_write_bytes"]) == (128, 0)


def test_sums_from_dram_are_awaited_in_the_staging() -> None:
    # bus 1, DRAM reads a burst in 4 and answers after 10, is written in 4
    result = outcome(Drain(0, "dram", rows(0, 64, 64, 64), sums_home="dram"))
    assert result.cycles == BEGUN + 5 + 1 + 4 + 10 + 4
    assert (result.moved_bytes["dram_read_bytes"], result.moved_bytes["dram_write_bytes"]) == (64, 64)


def test_sums_that_only_come_back_end_as_finished_rows() -> None:
    result = outcome(Drain(0, "dram", rows(32, 0, 64, 0, extra=32), sums_home="dram"))
    assert result.cycles == BEGUN + 5 + 2 + 4 + 10 + 4, "the bus carries a burst of rows and what they are longer by"
    assert (result.moved_bytes["dram_read_bytes"], result.moved_bytes["dram_write_bytes"]) == (64, 64)


def test_a_drain_waits_until_the_sums_before_it_are_there() -> None:
    first, second = Drain(0, "dram", rows(0, 640, 0, 640), sums_home="dram"), Drain(0, "dram", rows(64, 0, 64, 0), sums_home="dram")
    # the first: tile to 5, bus 10, DRAM 40; the second, whose tile ended long before: bus 1, DRAM 4 + 10 + 4
    assert outcome(first, replace(second, after=0)).cycles == BEGUN + 5 + 10 + 40 + 1 + 4 + 10 + 4
    assert outcome(first, second).cycles < BEGUN + 5 + 10 + 40 + 1 + 4 + 10 + 4


def test_what_a_drain_comes_after_is_numbered_on() -> None:
    first = operation(Drain(0, "buffer", ()), Drain(0, "buffer", (), after=0))
    assert [drain.after for drain in in_sequence([first, first]).drains] == [None, 0, None, 2]
