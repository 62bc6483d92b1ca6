"""DRAM's exact rate: a chunk begins where the one before ended, within a cycle."""

from fractions import Fraction
from math import ceil, inf

from hypothesis import given
from hypothesis import strategies as st

from simulator.system.rate import ExactRate

SIZES = st.lists(st.integers(0, 10_000), min_size=1, max_size=20)
RATES = st.floats(0.01, 1e6)


@given(SIZES, RATES)
def test_what_comes_at_once_takes_its_bytes_over_the_rate(sizes: list[int], rate: float) -> None:
    dram = ExactRate(rate)
    ends = [dram.serve(size, asked=7) for size in sizes]
    assert ends[-1] == 7 + ceil(sum(sizes) / Fraction(rate)) == 7 + dram.busy


@given(st.integers(1, 10_000), st.integers(1, 20), st.integers(1, 8), RATES)
def test_several_stacks_are_so_many_times_one(size: int, chunks: int, stacks: int, rate: float) -> None:
    one, several = ExactRate(rate), ExactRate(rate * stacks)
    for _ in range(chunks):
        one.serve(size, asked=0)
    for _ in range(chunks * stacks):
        several.serve(size, asked=0)
    assert abs(one.busy - several.busy) <= 1  # the product of two floats is rounded


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 500)), min_size=1, max_size=20), st.sampled_from([0.3, 7.25, 16.0, 51.7]))
def test_it_is_a_queue_of_exact_fractions(asked: list[tuple[int, int]], rate: float) -> None:
    dram, end, now = ExactRate(rate), Fraction(0), 0
    for wait, size in asked:
        now += wait
        end = max(end, Fraction(now)) + size / Fraction(rate)
        assert dram.serve(size, now) == ceil(end)


def test_a_channel_of_any_rate_takes_no_time() -> None:
    dram = ExactRate(inf)
    assert [dram.serve(4096, asked=3), dram.serve(4096, asked=3), dram.serve(64, asked=9), dram.busy] == [3, 3, 9, 0]
