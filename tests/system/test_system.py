"""The system level in programs small enough to be worked out by hand (rules 5, 6, 7 and 8).

DRAM moves 16 bytes a cycle in bursts of 64 and answers after 10 cycles; every trunk and bus moves 64 bytes a cycle.
"""

from typing import get_args

import numpy as np
import pytest
from msgspec.structs import replace

from simulator.system.outcome import SystemOutcome
from simulator.system.parts import Part
from simulator.system.program import Drain, Fill, Program, TileStep
from simulator.system.relaxed import earliest_end
from simulator.system.spec import SystemSpec
from simulator.system.system import System
from simulator.system.tensors import MemoryLevel
from simulator.system.waiting import Waiting
from tests.strategies import machine, operation, run, workload

SPEC = SystemSpec(
    dram_bytes_per_cycle=16.0,
    dram_latency_cycles=10,
    dram_burst_bytes=64,
    x_bytes_per_cycle=64,
    w_bytes_per_cycle=64,
    drain_bytes_per_cycle=64,
    dma_slots=2,
)
AT_ONCE = replace(SPEC, dram_bytes_per_cycle=1e9, dram_latency_cycles=0)


def fill(home: MemoryLevel, *sizes: int, bank_cycles: int = 0, op: int = 0, waits: bool = False) -> Fill:
    return Fill(op, home, tuple(Part(size, bank_cycles) for size in sizes), waits=waits)


def drain(home: MemoryLevel, *sizes: int, delay: int = 0, op: int = 0) -> Drain:
    return Drain(op, home, tuple(Part(size) for size in sizes), delay)


def tiles(*steps: tuple[int, int, int, int]) -> tuple[TileStep, ...]:
    """(cycles, x, w, y) of each tile."""
    return tuple(TileStep(0, *step) for step in steps)


def outcome(program: Program, spec: SystemSpec = SPEC) -> SystemOutcome:
    return System(spec, program).run()


def one_tile(x: Fill, y: Drain, cycles: int = 5) -> Program:
    return Program(tiles((cycles, 0, 0, 0)), (x,), (fill("dram", 64),), (y,), ((),))


def test_a_tile_from_dram_and_back() -> None:
    # X: DRAM 0-8, latency to 18, trunk to 20. W: DRAM 8-12, latency to 22, trunk to 23. Tile 23-28. Bus 29, DRAM 33.
    result = outcome(one_tile(fill("dram", 128), drain("dram", 64)))
    assert (result.cycles, result.op_start, result.op_end) == (33, (23,), (33,))
    assert result.busy_cycles == {"dram": 16, "buffer_read": 0, "buffer_write": 0, "x_trunk": 2, "w_trunk": 1, "drain_bus": 1}


def test_a_tile_from_the_activation_buffer_and_back() -> None:
    # X: buffer 0-2. W: DRAM 0-4, latency to 14, trunk to 15. Tile 15-20. Bus and buffer 21.
    result = outcome(one_tile(fill("buffer", 128), drain("buffer", 64)))
    assert (result.cycles, result.op_start, result.op_end) == (21, (15,), (21,))
    assert (result.busy_cycles["buffer_read"], result.busy_cycles["buffer_write"]) == (2, 1)


def test_dram_moves_whole_bursts() -> None:
    moved = outcome(one_tile(fill("dram", 65), drain("dram", 1))).moved_bytes
    assert (moved["dram_read_bytes"], moved["dram_write_bytes"]) == (128 + 64, 64)
    assert (moved["x_trunk_bytes"], moved["w_trunk_bytes"], moved["drain_bytes"]) == (128, 64, 64)


def test_the_buffer_moves_what_is_asked() -> None:
    moved = outcome(one_tile(fill("buffer", 65), drain("buffer", 1))).moved_bytes
    assert (moved["buffer_read_bytes"], moved["buffer_write_bytes"], moved["dram_read_bytes"]) == (65, 1, 64)


@pytest.mark.parametrize(("bank_cycles", "start"), [(0, 20), (20, 20), (21, 21), (300, 300)])
def test_a_fill_waits_for_its_fullest_bank(bank_cycles: int, start: int) -> None:
    assert outcome(one_tile(fill("buffer", 20 * 64, bank_cycles=bank_cycles), drain("buffer", 64))).op_start == (start,)


def test_the_fills_of_token_groups_follow_one_another_on_the_trunk() -> None:
    result = outcome(one_tile(fill("buffer", 640, 640, 640, 100), drain("buffer", 64, 64, 64, 64)))
    assert result.op_start == (10 + 10 + 10 + 2,)
    assert result.cycles == 32 + 5 + 4


def test_dram_latency_is_paid_once_for_all_parts_of_a_fill() -> None:
    # DRAM 0-16 for X and 4-8 for W among them; the last part arrives at 20 + 10 + 1.
    assert outcome(one_tile(fill("dram", 64, 64, 64, 64), drain("buffer", 64))).op_start == (31,)


def test_the_next_fill_is_requested_while_the_last_is_on_its_way() -> None:
    # X0: DRAM 0-4, W: 4-8, X1: 8-12. X0 lands at 15, W at 19, X1 at 23: tiles 19-20 and 23-24.
    program = Program(
        tiles((1, 0, 0, 0), (1, 1, 0, 0)), (fill("dram", 64), fill("dram", 64)), (fill("dram", 64),), (drain("buffer", 64),), ((),)
    )
    assert outcome(program).cycles == 24 + 1


@pytest.mark.parametrize(("slots", "start"), [(1, 16 * (256 + 10 + 64)), (2, 16 * 256 + 10 + 64), (9, 16 * 256 + 10 + 64)])
def test_staging_bounds_what_is_on_its_way(slots: int, start: int) -> None:
    """16 chunks of 4,096 bytes: 256 cycles of DRAM, 10 of latency and 64 of trunk each; W comes from the side."""
    program = Program(tiles((1, 0, 0, 0)), (fill("dram", 65536),), (fill("buffer", 64),), (drain("buffer", 64),), ((),))
    assert outcome(program, replace(SPEC, dma_slots=slots)).op_start == (start,)


def test_a_half_is_filled_again_when_its_content_has_been_used() -> None:
    # X0 0-10, X1 10-20. Tile 0: 10-60. X2 waits for it: 60-160. Tile 1: 60-110. Tile 2: 160-210. Bus 211.
    xs = tuple(fill("buffer", size) for size in (640, 640, 6400))
    program = Program(tiles((50, 0, 0, 0), (50, 1, 0, 0), (50, 2, 0, 0)), xs, (fill("dram", 64),), (drain("buffer", 64),), ((),))
    assert outcome(program, AT_ONCE).cycles == 211


def test_tiles_of_the_same_content_need_no_fill() -> None:
    # X 0-10, W0 at 2 (a cycle of DRAM, one of trunk), W1 at 4: three tiles back to back.
    program = Program(
        tiles((7, 0, 0, 0), (7, 0, 1, 0), (7, 0, 1, 1)),
        (fill("buffer", 640),),
        (fill("dram", 64), fill("dram", 64)),
        (drain("buffer", 64), drain("buffer", 64)),
        ((),),
    )
    result = outcome(program, AT_ONCE)
    assert (result.cycles, result.busy_cycles["x_trunk"], result.busy_cycles["w_trunk"]) == (10 + 21 + 1, 10, 2)


def test_a_tile_waits_until_its_y_half_has_been_drained() -> None:
    # Tiles of 10 cycles, drains of 100: tile 0 2-12, tile 1 12-22, drain 0 12-112, tile 2 112-122, drain 1 112-212,
    # tile 3 212-222, drains 2 and 3 to 312 and 412.
    program = Program(
        tiles(*((10, 0, 0, y) for y in range(4))),
        (fill("buffer", 64),),
        (fill("dram", 64),),
        tuple(drain("buffer", 6400) for _ in range(4)),
        ((),),
    )
    assert outcome(program, AT_ONCE).cycles == 412


def test_rows_leave_once_the_skew_has_run_out() -> None:
    assert outcome(one_tile(fill("buffer", 64), drain("buffer", 64, delay=9))).cycles == 15 + 5 + 9 + 1


def test_rows_for_dram_free_their_half_when_the_bus_has_taken_them() -> None:
    # Tile 0 2-12, bus 12-22, DRAM 12-... at 1 byte a cycle; tile 2 waits for the bus only.
    slow = replace(AT_ONCE, dram_bytes_per_cycle=64.0)
    program = Program(
        tiles(*((1, 0, 0, y) for y in range(3))),
        (fill("buffer", 64),),
        (fill("buffer", 64),),
        tuple(drain("dram", 640) for _ in range(3)),
        ((),),
    )
    # X 0-1, W 1-2 (one read port). Tiles 2-3 and 3-4; bus 3-13; tile 2 13-14; bus 13-23, 23-33; DRAM 13-23, 23-33, 33-43.
    assert outcome(program, slow).cycles == 43


def two_operations(depends_on: tuple[int, ...], home: MemoryLevel) -> Program:
    return Program(
        tiles=(TileStep(0, 5, 0, 0, 0), TileStep(1, 5, 1, 1, 1)),
        x_fills=(fill("dram", 128), fill(home, 64, op=1, waits=True)),
        w_fills=(fill("dram", 64), fill("dram", 64, op=1)),
        drains=(drain(home, 64), drain("dram", 64, op=1)),
        depends_on=((), depends_on),
    )


def test_an_operation_waits_for_what_it_is_made_from_and_its_weights_come_ahead() -> None:
    # Operation 0 as in the first test: written back at 33. X: DRAM 33-37, latency to 47, trunk to 48. Tile 48-53, 54, 58.
    result = outcome(two_operations((0,), "dram"))
    assert (result.op_start, result.op_end) == ((23, 48), (33, 58))
    # In the buffer: drained at 29, X in at 30, tile 30-35.
    kept = outcome(two_operations((0,), "buffer"))
    assert (kept.op_start, kept.op_end) == ((23, 30), (29, 40))


def test_an_operation_that_depends_on_nothing_waits_for_nothing() -> None:
    # X0 0-8, W0 8-12, X1 12-16, W1 16-20 on DRAM; W1 lands at 31, behind tile 0 (23-28).
    result = outcome(two_operations((), "dram"))
    assert result.op_start == (23, 31)


def test_a_perfect_dram_answers_at_once() -> None:
    result = outcome(one_tile(fill("dram", 128), drain("dram", 64)), SPEC.made_ideal("dram"))
    assert (result.op_start, result.cycles) == ((2,), 2 + 5 + 1)
    assert result.moved_bytes["dram_read_bytes"] == 192


@pytest.mark.parametrize(("bytes_", "bank_cycles", "link"), [(128, 0, 2), (128, 7, 7), (0, 0, 0)])
def test_what_a_tile_leaves_goes_over_bus_and_trunk_into_the_next_ones_x(bytes_: int, bank_cycles: int, link: int) -> None:
    """X: buffer 0-1. W: buffer 0-1, 1-2. Tile 2-7, link of 2 cycles (7, by the banks) or none, tile of 5, bus and buffer 1."""
    left = Drain(0, "chip", (Part(bytes_, bank_cycles),))
    taken = Fill(1, "chip", (Part(bytes_, bank_cycles),), source=0)
    program = Program(
        (TileStep(0, 5, 0, 0, 0), TileStep(1, 5, 1, 1, 1)),
        (fill("buffer", 64), taken),
        (fill("buffer", 64), fill("buffer", 64, op=1)),
        (left, drain("buffer", 64, op=1)),
        ((), ()),
    )
    result = outcome(program)
    assert result.op_start == (2, 7 + link)
    assert result.cycles == 7 + link + 5 + 1
    assert result.moved_bytes["drain_bytes"] == result.moved_bytes["x_trunk_bytes"] == bytes_ + 64
    assert result.moved_bytes["buffer_write_bytes"] == 64
    assert result.waited["dependence"] == link
    assert earliest_end(SPEC, program) <= result.cycles


def test_lists_of_two_operations_stay_while_their_tiles_take_turns() -> None:
    program = Program(
        tuple(TileStep(place % 2, 5, place, place % 2, place) for place in range(6)),
        tuple(fill("buffer", 64) if place % 2 == 0 else Fill(1, "chip", (Part(64),), source=place - 1) for place in range(6)),
        (fill("buffer", 64), fill("buffer", 64, op=1)),
        tuple(Drain(0, "chip", (Part(64),)) if place % 2 == 0 else drain("buffer", 64, op=1) for place in range(6)),
        ((), ()),
    )
    result = outcome(program)
    assert result.moved_bytes["w_trunk_bytes"] == 128
    assert result.cycles >= 6 * 5
    assert earliest_end(SPEC, program) <= result.cycles


def test_an_empty_program_takes_no_time() -> None:
    assert outcome(Program((), (), (), (), ())).cycles == 0


def test_a_whole_run_by_hand() -> None:
    """1 unit × 2 lanes, 2 × 2 ones on one token word, everything from DRAM."""
    of = machine(
        {"units": 1, "banks": 1, "accumulate_latency": 1, "scan_width": 1},
        trunks={"x_bytes_per_cycle": 64, "w_bytes_per_cycle": 64, "drain_bytes_per_cycle": 64},
        activation_buffer_kib=0.001,
        mapping={"placement": "interleaved"},
    )
    activity = run(of, workload(operation(np.ones((2, 2)), np.ones((2, 2))))).activity
    # A fill takes a cycle a word of its only bank, or an entry of the list. W asks first, for X looks at what it is made from:
    # W: DRAM 0-4, latency to 14, bank to 18. X: DRAM 4-8, latency to 18, bank to 20. Words are consumed in 2-5 of the tile and
    # the last row is written in 6: 20-27. Bus 28, DRAM 32.
    only = activity.operations[0]
    assert (only.start_cycle, only.compute_cycles, activity.cycles) == (20, 7, 32)
    standing = {cause: activity.unit_cycles[cause] for cause in get_args(Waiting)}
    assert standing == {"dependence": 0, "dram": 18, "trunk": 2, "write_back": 5}
    assert {cause: n for cause, n in only.unit_cycles.items() if n} == {"issue": 1, "latency": 1, "computing": 4, "drain": 1}
    counts = activity.counts
    assert (counts.macs_useful, counts.mac_slots, counts.requests, counts.rows_merged) == (8, 8, 4, 2)
    assert (counts.x_words_filled, counts.weight_bits_filled, counts.output_bank_drains) == (2, 4 * 16, 2)
    assert (counts.dram_read_bytes, counts.dram_write_bytes) == (128, 64)
