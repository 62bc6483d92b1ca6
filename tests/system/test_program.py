import itertools

import pytest

from simulator.system.parts import Part
from simulator.system.program import Drain, Fill, OperationProgram, Program, TileStep, content_changes, content_indices, interleaved, joined


def test_what_was_made_last_of_a_program_that_is_kept_is_found_again() -> None:
    made = iter(range(9))
    once, kept = Program((), (), (), (), ()), Program((), (), (), (), ()).kept()
    assert [once.latest(key, lambda: next(made)) for key in "aa"] == [0, 1]
    assert [kept.latest(key, lambda: next(made)) for key in "aabba"] == [2, 2, 3, 3, 4]


def test_contents_are_numbered_by_change() -> None:
    assert content_indices([(0, 0), (0, 0), (0, 1), (0, 0)], 3) == [3, 3, 4, 5]
    assert content_indices([], 0) == []


@pytest.mark.parametrize("order", ["m_rounds", "rounds_m"])
def test_changes_are_those_of_the_walk(order: str) -> None:
    for m_tiles, rounds, k_tiles in itertools.product((1, 2, 3), repeat=3):
        outer = [(m, r) for m in range(m_tiles) for r in range(rounds)]
        if order == "rounds_m":
            outer = [(m, r) for r in range(rounds) for m in range(m_tiles)]
        walk = [(m, r, k) for m, r in outer for k in range(k_tiles)]
        x = content_indices([(r, k) for _, r, k in walk], 0)[-1] + 1
        w = content_indices([(m, k) for m, _, k in walk], 0)[-1] + 1
        assert content_changes(order, m_tiles, rounds, k_tiles) == (x, w)  # type: ignore[arg-type]


def test_fused_operations_take_turns_and_each_x_is_what_the_tile_before_leaves() -> None:
    """Lists of the first stay over both tiles, those of the second come anew."""
    parts = (Part(4),)
    first = OperationProgram(
        tiles=(TileStep(0, 5, 0, 0, 0), TileStep(0, 6, 1, 0, 1)),
        x_fills=(Fill(0, "dram", parts), Fill(0, "dram", parts)),
        w_fills=(Fill(0, "dram", parts),),
        drains=(Drain(0, "chip", parts), Drain(0, "chip", parts)),
    )
    second = OperationProgram(
        tiles=(TileStep(1, 7, 0, 0, 0), TileStep(1, 8, 1, 1, 1)),
        x_fills=(Fill(1, "chip", parts), Fill(1, "chip", parts)),
        w_fills=(Fill(1, "buffer", parts), Fill(1, "buffer", parts)),
        drains=(Drain(1, "buffer", parts), Drain(1, "buffer", parts)),
    )
    program = joined([first.of_operation(0), interleaved([first.of_operation(1), second.of_operation(2)])], ((), (), ()))
    assert [(tile.operation, tile.x, tile.w, tile.y) for tile in program.tiles] == [
        (0, 0, 0, 0),
        (0, 1, 0, 1),
        (1, 2, 1, 2),
        (2, 3, 2, 3),
        (1, 4, 1, 4),
        (2, 5, 3, 5),
    ]
    assert [fill.source for fill in program.x_fills] == [None, None, None, 2, None, 4]
    assert [fill.operation for fill in program.w_fills] == [0, 1, 2, 2]


def test_the_first_of_two_fused_operations_may_be_a_tile_ahead() -> None:
    """What it leaves comes into the half of its next X, which both of the next two tiles need; the last comes by itself."""
    parts = (Part(4),)
    first = OperationProgram(
        tiles=tuple(TileStep(0, 5, place, 0, place) for place in range(3)),
        x_fills=(Fill(0, "dram", parts),) * 3,
        w_fills=(Fill(0, "dram", parts),),
        drains=(Drain(0, "chip", parts),) * 3,
        ahead=True,
    )
    second = OperationProgram(
        tiles=tuple(TileStep(1, 7, place, 0, place) for place in range(3)),
        x_fills=(Fill(1, "chip", parts),) * 3,
        w_fills=(Fill(1, "buffer", parts),),
        drains=(Drain(1, "buffer", parts),) * 3,
    )
    program = joined([first.of_operation(0), interleaved([first.of_operation(1), second.of_operation(2)])], ((), (), ()))
    assert [(tile.operation, tile.x, tile.w, tile.y, tile.awaits) for tile in program.tiles[3:]] == [
        (1, 3, 1, 3, None),
        (1, 4, 1, 4, None),
        (2, 4, 2, 5, 3),
        (1, 5, 1, 6, None),
        (2, 5, 2, 7, 4),
        (2, 6, 2, 8, 6),
    ]
    assert [fill.source for fill in program.x_fills] == [None] * 6 + [6]
    assert [drain.home for drain in program.drains[3:]] == ["chip", "chip", "buffer", "chip", "buffer", "buffer"]
