import itertools

import pytest

from simulator.system.program import (
    Drain,
    Fill,
    OperationProgram,
    Part,
    TileStep,
    content_changes,
    content_indices,
    interleaved,
    joined,
)


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
