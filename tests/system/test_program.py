import itertools

import pytest

from simulator.system.program import content_changes, content_indices


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
