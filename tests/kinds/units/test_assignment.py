import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kinds.units.rows import POLICIES, balanced, dynamic, round_robin, spread_rows


def nnz(*counts: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array(counts, dtype=np.int64)


def test_round_robin_passes_over_empty_rows() -> None:
    assert round_robin(nnz(3, 0, 1, 2, 0, 9), 2).tolist() == [0, -1, 1, 0, -1, 1]


def test_balanced_takes_the_longest_first() -> None:
    assert balanced(nnz(1, 2, 3, 4), 2).tolist() == [0, 1, 1, 0]


def test_balanced_breaks_ties_by_the_lowest_row_then_the_lowest_unit() -> None:
    assert balanced(nnz(5, 5, 5, 5, 5), 3).tolist() == [0, 1, 2, 0, 1]
    assert balanced(nnz(2, 4, 4, 2), 2).tolist() == [0, 0, 1, 1]


def test_dynamic_takes_rows_in_order_to_the_least_loaded_unit() -> None:
    assert dynamic(nnz(4, 1, 1, 0, 3, 1), 2).tolist() == [0, 1, 1, -1, 1, 0]


@pytest.mark.parametrize("policy", sorted(POLICIES))
@given(counts=st.lists(st.integers(0, 9), max_size=30), units=st.integers(1, 8))
def test_every_nonzero_is_in_one_part_of_its_row_and_every_part_has_a_unit(policy: str, counts: list[int], units: int) -> None:
    row_nnz = np.array(counts, dtype=np.int64)
    parts = spread_rows(row_nnz, units, policy)
    assert np.bincount(parts.row, weights=parts.nnz, minlength=len(counts)).tolist() == counts
    assert (parts.nnz > 0).all()
    assert ((parts.unit >= 0) & (parts.unit < units)).all()
    assert parts.row.tolist() == sorted(parts.row.tolist())
    if policy != "split":
        assert parts.row.tolist() == np.flatnonzero(row_nnz).tolist()


def test_split_cuts_rows_longer_than_an_even_share() -> None:
    parts = spread_rows(nnz(1, 10, 1, 0), 4, "split")
    assert (parts.row.tolist(), parts.nnz.tolist()) == ([0, 1, 1, 1, 1, 2], [1, 3, 3, 2, 2, 1])
    assert sorted(np.bincount(parts.unit, weights=parts.nnz).tolist()) == [3, 3, 3, 3]


@given(counts=st.lists(st.integers(1, 9), min_size=1, max_size=30), units=st.integers(1, 8))
def test_balanced_keeps_the_guarantee_of_list_scheduling(counts: list[int], units: int) -> None:
    """Graham 1966: no unit exceeds the mean load by more than the longest row's other share."""
    loads = np.bincount(balanced(np.array(counts, dtype=np.int64), units), weights=counts, minlength=units)
    assert loads.max() <= sum(counts) / units + max(counts) * (1 - 1 / units) + 1e-9
