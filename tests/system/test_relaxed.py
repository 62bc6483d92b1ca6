"""A program is never through before its relaxation, which is the program itself where its streams share nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.system.program import Drain, Fill, OperationProgram, Part, TileStep, joined
from simulator.system.relaxed import earliest_end
from simulator.system.system import System, SystemSpec
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
BOTH: tuple[MemoryLevel, ...] = ("buffer", "dram")
HOMES = st.sampled_from(BOTH)


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
        tuple(Drain(index, draw(HOMES), draw(PARTS), draw(st.integers(0, 50))) for _ in range(y + 1)),
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
