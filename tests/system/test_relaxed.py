"""A program is never through before its relaxation, which is the program itself where its streams share nothing."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.engine.engines import play
from simulator.system.parts import Part, Sums
from simulator.system.program import MEMORY, Drain, Fill, Flow, OperationProgram, TileStep, joined
from simulator.system.quick_bound import QuickBound
from simulator.system.relaxed import earliest_end
from simulator.system.spec import SystemSpec
from simulator.system.system import System
from simulator.system.tensors import MemoryLevel
from tests.system.random_programs import SystemCase

SPEC = SystemSpec(
    dram_bytes_per_cycle=16.0,
    dram_latency_cycles=10,
    dram_burst_bytes=64,
    x_bytes_per_cycle=64,
    w_bytes_per_cycle=32,
    drain_bytes_per_cycle=64,
    dma_slots=2,
)
CASES = st.builds(SystemCase, st.integers(0, 2**32 - 1))


@settings(max_examples=400, deadline=None)
@given(CASES)
@example(SystemCase(seed=3_654_989_463))
@example(SystemCase(seed=4_152_894_935))
def test_no_program_is_through_before_its_relaxation(case: SystemCase) -> None:
    """Nor before its quick bound, for which it is taken as one operation; and shorter tiles end it no later."""
    spec, program = case.drawn()
    end, cycles = earliest_end(spec, program), play("compiled", spec, program).cycles
    assert end <= cycles
    assert QuickBound(OperationProgram(program.tiles, program.x_fills, program.w_fills, program.drains)).cycles(spec) <= cycles
    tiles = tuple(tile if tile.w_flow or tile.y_flow else replace(tile, cycles=tile.cycles // 2) for tile in program.tiles)
    assert earliest_end(spec, dataclasses.replace(program, tiles=tiles)) <= end


@settings(max_examples=100, deadline=None)
@given(CASES)
def test_no_operation_is_through_before_its_quick_bound_behind_those_that_it_is_made_from(case: SystemCase) -> None:
    spec, operations, made_from = case.drawn_apart()
    outcome = play("compiled", spec, joined(operations, made_from))
    free, left = 0, list[int]()
    for operation, sources in zip(operations, made_from, strict=True):
        free, there = QuickBound(operation).through(spec, free, max((left[source] for source in sources), default=0))
        left.append(there)
    assert free <= outcome.cycles
    assert all(bound <= end for bound, end in zip(left, outcome.op_end, strict=True))


def test_rows_are_where_they_belong_before_their_tile_ends() -> None:
    """A tile of 1,000 cycles that writes its rows in the first: what is made from them comes while it goes on."""
    tile, fill, drain = TileStep(0, 1000, 0, 0, 0), Fill(0, "buffer", ()), Drain(0, "buffer", (Part(64),))
    giver = OperationProgram((replace(tile, y_flow=Flow((0,), (0,))),), (fill,), (fill,), (drain,))
    taker = OperationProgram((tile,), (Fill(0, "buffer", (Part(64 * 800),), waits=True),), (fill,), (drain,)).of_operation(1)
    outcome = System(SPEC, joined([giver, taker], ((), (0,)))).run()
    free, there = QuickBound(giver).through(SPEC, 0, 0)
    assert (free, there) == (1000, outcome.op_end[0]) == (1000, 2)
    assert max(QuickBound(taker).through(SPEC, free, there)) == outcome.cycles == 2001


def test_what_the_buffer_keeps_a_copy_of_is_overtaken_on_the_trunk() -> None:
    """Its second part waits for the buffer's port before it asks for the trunk; the next part asks at once, and makes room for the last."""
    kept, others = Fill(0, "dram", (Part(2048, 300), Part(1024, 600)), kept=True), Fill(0, "dram", (Part(1024, 1), Part(3072, 1)))
    tiles = tuple(TileStep(0, 0, 0, w, 0) for w in range(2))
    program = OperationProgram(tiles, (Fill(0, "buffer", ()),), (kept, others), (Drain(0, "buffer", ()),)).by_itself()
    spec = replace(SPEC, dram_latency_cycles=1000, dma_slots=1)
    assert earliest_end(spec, program) <= System(spec, program).run().cycles < 2 * 1000 + 300 + 600


def test_rows_may_leave_before_the_first_piece_of_a_list_is_there() -> None:
    """A tile that writes a row in its first cycle, and wants a piece that takes 563 cycles in its second."""
    w = Fill(0, "dram", (Part(9000, space=MEMORY // 3),))
    tile = TileStep(0, 2, 0, 0, 0, w_flow=Flow((1,), (1,)), y_flow=Flow((0,), (0,)))
    program = OperationProgram((tile,), (Fill(0, "buffer", ()),), (w,), (Drain(0, "buffer", (Part(0, extra_bus_bytes=40_000),)),))
    cycles = System(SPEC, program.by_itself()).run().cycles
    assert QuickBound(program).cycles(SPEC) <= cycles
    assert earliest_end(SPEC, program.by_itself()) <= cycles


def test_x_from_the_buffer_comes_while_dram_has_not_answered() -> None:
    """Of two fills the second takes the trunk before the first has arrived."""
    fills = Fill(0, "dram", (Part(64),)), Fill(0, "buffer", (Part(64 * 50),))
    tiles = TileStep(0, 0, 0, 0, 0), TileStep(0, 0, 1, 0, 0)
    program = OperationProgram(tiles, fills, (Fill(0, "buffer", ()),), (Drain(0, "buffer", ()),))
    spec = replace(SPEC, dram_latency_cycles=49)
    assert QuickBound(program).cycles(spec) <= System(spec, program.by_itself()).run().cycles < 49 + 51


def test_sums_that_nothing_carries_take_no_time() -> None:
    """A drain whose sums come over no bus moves none, in a run and in its bound."""
    drain = Drain(0, "buffer", (Part(0, sums=Sums(out_bytes=1)),))
    program = joined([OperationProgram((TileStep(0, 0, 0, 0, 0),), (Fill(0, "buffer", ()),), (Fill(0, "buffer", ()),), (drain,))], ((),))
    assert earliest_end(SPEC, program) == System(SPEC, program).run().cycles == 0


def test_lists_that_stream_may_leave_room_at_once() -> None:
    """A half that comes after a small piece and a half finds room while the piece is still walked."""
    pieces = tuple(Fill(0, "dram", (Part(size, space=space),)) for size, space in ((64, MEMORY // 4), (64, MEMORY // 4), (6400, 0)))
    tiles = tuple(TileStep(0, cycles, 0, w, 0, w_flow=Flow((0,), (0,)) if w < 2 else None) for w, cycles in enumerate((5000, 1, 1)))
    program = joined([OperationProgram(tiles, (Fill(0, "buffer", ()),), pieces, (Drain(0, "buffer", ()),))], ((),))
    assert earliest_end(SPEC, program) <= System(SPEC, program).run().cycles < 5100


@pytest.mark.parametrize(("x", "w", "y"), [("buffer", "dram", "buffer"), ("dram", "dram", "buffer"), ("buffer", "dram", "dram")])
def test_the_relaxation_is_near_where_one_waits_for_the_other(x: MemoryLevel, w: MemoryLevel, y: MemoryLevel) -> None:
    tiles = tuple(TileStep(0, 300, index, index, index) for index in range(4))
    program = OperationProgram(
        tiles,
        tuple(Fill(0, x, (Part(2048),), waits=True) for _ in tiles),
        tuple(Fill(0, w, (Part(2048),)) for _ in tiles),
        tuple(Drain(0, y, (Part(512),)) for _ in tiles),
    )
    program = joined([program], ((),))
    cycles = System(SPEC, program).run().cycles
    assert 0.9 * cycles <= earliest_end(SPEC, program) <= cycles
