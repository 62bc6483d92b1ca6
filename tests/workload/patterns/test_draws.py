"""Random choices without repetition, and what they are made of."""

import numpy as np
import pytest

from simulator.workload.patterns.draws import first_of_each


@pytest.mark.parametrize("size", [1, 7, 10**6, 2**50, 2**62])
@pytest.mark.parametrize("length", [0, 1, 2, 300])
def test_each_place_is_found_where_it_is_for_the_first_time(size: int, length: int) -> None:
    """Also where a place and its index do not fit into one number."""
    sequence = np.random.default_rng(size % 97).integers(max(0, size - 50), size, length)
    expected = [index for index, place in enumerate(sequence.tolist()) if place not in sequence[:index].tolist()]
    assert first_of_each(sequence, size).tolist() == expected
