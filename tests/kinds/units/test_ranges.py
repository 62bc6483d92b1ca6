import itertools

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import MappingError
from simulator.kinds.units.ranges import Capacity, FittedRows, fit_rows, line_entries
from simulator.kinds.units.rows import POLICIES, part_entries, spread_rows


@st.composite
def masks(draw: st.DrawFn) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
    shape = draw(st.integers(1, 24)), draw(st.integers(1, 12))
    return np.random.default_rng(draw(st.integers(0, 999))).random(shape) < draw(st.sampled_from([0.05, 0.3, 0.9]))


def entries_of(mask: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]", width: int) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    weight = scipy.sparse.csr_matrix(mask)
    return line_entries(weight.indptr, weight.indices, width, -(-mask.shape[1] // width))


def loads(fitted: FittedRows, units: int, span: tuple[int, int]) -> tuple[int, int]:
    here = fitted.parts.of_rows(*span)
    held = np.bincount(fitted.parts.unit[here], minlength=units).max()
    filled = max(np.bincount(fitted.parts.unit[here], weights=column, minlength=units).max() for column in fitted.entries[here].T)
    return int(held), int(filled)


@given(mask=masks(), width=st.integers(1, 12))
def test_entries_of_rows_are_counted_by_tile(mask: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]", width: int) -> None:
    expected = [mask[:, start : start + width].sum(axis=1) for start in range(0, mask.shape[1], width)]
    assert entries_of(mask, width).T.tolist() == [each.tolist() for each in expected]


def test_entries_of_many_rows_are_counted_run_by_run(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = np.random.default_rng(5).random((24, 12)) < 0.4
    whole = entries_of(mask, 5)
    monkeypatch.setattr("simulator.workload.csr.AT_ONCE", 7)
    assert entries_of(mask, 5).tolist() == whole.tolist()


@given(mask=masks(), width=st.integers(1, 12), units=st.integers(1, 5))
def test_a_cut_rows_parts_take_its_nonzeros_in_column_order(
    mask: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]", width: int, units: int
) -> None:
    parts = spread_rows(mask.sum(axis=1).astype(np.int64), units, "split")
    counted = part_entries(entries_of(mask, width), parts)
    weight = scipy.sparse.csr_matrix(mask)
    place = np.repeat(np.arange(len(parts.row)), parts.nnz)
    for part, tile in itertools.product(range(len(parts.row)), range(counted.shape[1])):
        assert counted[part, tile] == np.count_nonzero(weight.indices[place == part] // width == tile)


@pytest.mark.parametrize("policy", sorted(POLICIES))
@given(mask=masks(), width=st.integers(1, 12), units=st.integers(1, 5), rows=st.integers(1, 6), entries=st.integers(1, 20))
def test_ranges_fit_cover_all_rows_and_hold_every_nonzero_once(
    policy: str, mask: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]", width: int, units: int, rows: int, entries: int
) -> None:
    counted, capacity = entries_of(mask, width), Capacity(units, policy, rows, entries)
    try:
        fitted = fit_rows(counted, capacity)
    except MappingError:
        alone = [fits_alone(row, capacity) for row in counted]
        assert not all(alone)
        return
    assert [start for start, _ in fitted.spans] == [0, *(stop for _, stop in fitted.spans[:-1])]
    assert fitted.spans[-1][1] == len(mask)
    assert all(held <= rows and filled <= entries for held, filled in (loads(fitted, units, span) for span in fitted.spans))
    assert np.bincount(fitted.parts.row, weights=fitted.parts.nnz, minlength=len(mask)).tolist() == mask.sum(axis=1).tolist()
    assert fitted.entries.sum(axis=0).tolist() == counted.sum(axis=0).tolist()


def fits_alone(row: "np.ndarray[tuple[int], np.dtype[np.int64]]", capacity: Capacity) -> bool:
    try:
        fit_rows(row[None], capacity)
    except MappingError:
        return False
    return True


def test_each_range_is_balanced_by_itself() -> None:
    """Spread over the whole operation, the long rows of each range would all lie on one unit."""
    counted = np.array([4, 1, 4, 1, 4, 1, 4, 1])[:, None]
    fitted = fit_rows(counted, Capacity(units=2, policy="balanced", parts=2, entries=5))
    assert fitted.spans == ((0, 4), (4, 8))
    assert [loads(fitted, 2, span) for span in fitted.spans] == [(2, 5), (2, 5)]


def test_what_fits_at_once_is_one_range() -> None:
    counted = np.array([3, 0, 2, 2])[:, None]
    assert fit_rows(counted, Capacity(2, "balanced", 2, 4)).spans == ((0, 4),)


def test_a_row_that_fits_nowhere_is_named_with_what_the_banks_hold() -> None:
    counted = np.array([1, 9])[:, None]
    with pytest.raises(MappingError, match=r"row 1 alone .* 9 entries; its banks hold 4 parts and 8 entries; .*split cuts long rows"):
        fit_rows(counted, Capacity(2, "balanced", 4, 8))
    assert fit_rows(counted, Capacity(2, "split", 4, 8)).spans == ((0, 2),)
