"""Laws of array schedules on random products, end to end; `python -m tests.kinds.systolic.laws 200` tries as many as one likes."""

import pytest

from tests.kinds.systolic.laws import lost_to_a_fixed_dataflow, more_used_than_there_is, slower_when_larger

SMALL = 6.5


@pytest.mark.parametrize("seed", range(1000, 1016))
def test_the_best_dataflow_never_loses_to_a_fixed_one(seed: int) -> None:
    assert lost_to_a_fixed_dataflow(seed, SMALL) == ""


@pytest.mark.parametrize("seed", range(1000, 1030))
def test_no_array_gets_slower_by_what_is_added_to_it(seed: int) -> None:
    assert slower_when_larger(seed, SMALL) == ""


@pytest.mark.parametrize("seed", range(1000, 1016))
def test_no_level_of_the_memory_system_is_used_beyond_what_it_has(seed: int) -> None:
    assert more_used_than_there_is(seed, SMALL) == ""
