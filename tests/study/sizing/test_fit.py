"""The size at which a quantity reaches a target."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulator.study.sizing.scale import largest_within


@given(st.integers(1, 40), st.integers(0, 300), st.integers(1, 400), st.floats(0, 2000, allow_nan=False))
def test_it_is_what_looking_at_every_size_finds(smallest: int, extent: int, start: int, target: float) -> None:
    last = smallest + extent
    start = min(max(start, smallest), last)

    def measure(size: int) -> float | None:
        return 3.0 * size + 1 if smallest <= size <= last else None

    fitting = [size for size in range(smallest, last + 1) if 3.0 * size + 1 <= target]
    expected = None if not fitting else (fitting[-1], fitting[-1] + 1 if fitting[-1] < last else None)
    assert largest_within(measure, start, target) == expected
