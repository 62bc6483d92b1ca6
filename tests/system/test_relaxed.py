"""A program is never through before its relaxation, which is the program itself where its streams share nothing."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.system.parts import Part, Sums
from simulator.system.program import MEMORY, Drain, Fill, Flow, OperationProgram, TileStep, joined
from simulator.system.quick_bound import QuickBound
from simulator.system.relaxed import earliest_end
from simulator.system.spec import SystemSpec
from simulator.system.system import System
from simulator.system.tensors import MemoryLevel

SPEC = SystemSpec(
    dram_bytes_per_cycle=16.0,
    dram_latency_cycles=10,
    dram_burst_bytes=64,
    x_bytes_per_cycle=64,
    w_bytes_per_cycle=32,
    drain_bytes_per_cycle=64,
    dma_slots=2,
)
PARTS = st.lists(st.builds(Part, st.integers(0, 9000), st.integers(0, 200), st.integers(0, 500)), max_size=3).map(tuple)
SUMS = st.builds(Sums, st.integers(0, 9000), st.integers(0, 9000), st.integers(0, 9000))
BOTH: tuple[MemoryLevel, ...] = ("buffer", "dram")
HOMES = st.sampled_from(BOTH)


@st.composite
def drains(draw: st.DrawFn, index: int, before: int) -> Drain:
    """Rows that leave, now and then with partial sums, after those of the drain before it."""
    home, parts, delay = draw(HOMES), draw(PARTS), draw(st.integers(0, 50))
    if not draw(st.booleans()):
        return Drain(index, home, parts, delay)
    with_sums = tuple(replace(part, sums=draw(SUMS)) for part in parts)
    after = draw(st.sampled_from([None, before - 1])) if before else None
    return Drain(index, home, with_sums, delay, sums_home=draw(HOMES) if home == "dram" else "buffer", after=after)


@st.composite
def flows(draw: st.DrawFn, pieces: int, places: int) -> Flow:
    """When a tile takes pieces of which its FIFO holds so many: none before there is room for it."""
    first: list[int] = []
    last: list[int] = []
    for piece in range(pieces):
        after = max(first[-1] if first else 0, last[piece - places] + 1 if piece >= places else 0)
        first.append(after + draw(st.integers(0, 20)))
        last.append(max(first[-1], last[-1] if last else 0) + draw(st.integers(0, 20)))
    return Flow(tuple(first), tuple(last))


@st.composite
def streamed(draw: st.DrawFn, program: OperationProgram) -> OperationProgram:
    """The same, some of its lists in pieces; its tiles take as long as they need at least, and what several walk fits whole."""
    users = Counter(tile.w for tile in program.tiles)
    places = [draw(st.sampled_from([0, 0, 1, 2, 3])) if fill.parts else 0 for fill in program.w_fills]
    places = [
        held and max(held, len(fill.parts) * (users[w] > 1)) for w, (held, fill) in enumerate(zip(places, program.w_fills, strict=True))
    ]
    fills = [
        replace(fill, parts=tuple(replace(part, space=MEMORY // held) for part in fill.parts)) if held else fill
        for fill, held in zip(program.w_fills, places, strict=True)
    ]
    tiles = []
    for tile in program.tiles:
        if places[tile.w]:
            flow = draw(flows(len(fills[tile.w].parts), places[tile.w]))
            tile = replace(tile, w_flow=flow, cycles=max(tile.cycles, flow.last[-1] + 1))
        tiles.append(tile)
    return replace(program, tiles=tuple(tiles), w_fills=tuple(fills))


@st.composite
def programs(draw: st.DrawFn, index: int) -> OperationProgram:
    """An operation of a few tiles, in which each content is used by one or more of them in sequence."""
    steps = draw(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans(), st.integers(0, 300)), min_size=1, max_size=6))
    x = w = y = 0
    tiles = []
    for place, (new_x, new_w, new_y, cycles) in enumerate(steps):
        x, w, y = x + (new_x and place > 0), w + (new_w and place > 0), y + (new_y and place > 0)
        tiles.append(TileStep(index, cycles, x, w, y))
    return OperationProgram(
        tuple(tiles),
        tuple(Fill(index, draw(HOMES), draw(PARTS), waits=True) for _ in range(x + 1)),
        tuple(Fill(index, draw(HOMES), draw(PARTS), waits=draw(st.booleans())) for _ in range(w + 1)),
        tuple(draw(drains(index, before)) for before in range(y + 1)),
    )


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from([2.0, 16.0, 100.0]), st.integers(1, 3))
def test_no_program_is_through_before_its_relaxation(data: st.DataObject, rate: float, slots: int) -> None:
    depends_on = data.draw(st.sampled_from([((), (0,), (0, 1)), ((), (), ()), ((), (), (0,))]))
    drawn = [data.draw(programs(index)) for index in range(3)]
    spec = replace(SPEC, dram_bytes_per_cycle=rate, dma_slots=slots)
    program = joined(drawn, depends_on)
    end = earliest_end(spec, program)
    assert end <= System(spec, program).run().cycles
    shorter = [replace(program, tiles=tuple(replace(tile, cycles=tile.cycles // 2) for tile in program.tiles)) for program in drawn]
    assert earliest_end(spec, joined(shorter, depends_on)) <= end


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from([2.0, 16.0, 100.0]), st.integers(1, 3))
def test_nor_is_one_whose_lists_stream(data: st.DataObject, rate: float, slots: int) -> None:
    depends_on = data.draw(st.sampled_from([((), (0,), (0, 1)), ((), (), ())]))
    program = joined([data.draw(programs(index).flatmap(streamed)) for index in range(3)], depends_on)
    spec = replace(SPEC, dram_bytes_per_cycle=rate, dma_slots=slots)
    assert earliest_end(spec, program) <= System(spec, program).run().cycles


@settings(max_examples=60, deadline=None)
@given(programs(0), st.sampled_from([2.0, 16.0, math.inf]), st.data())
def test_the_quick_bound_is_one_too(whole: OperationProgram, rate: float, data: st.DataObject) -> None:
    program = data.draw(streamed(whole))
    spec = replace(SPEC, dram_bytes_per_cycle=rate)
    assert QuickBound(program).cycles(spec) <= System(spec, program.by_itself()).run().cycles


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
