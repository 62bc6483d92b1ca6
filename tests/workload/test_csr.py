"""Matrices of many nonzeros are worked on in pieces: what comes out is that of the whole."""

import hashlib

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from simulator.workload import csr
from simulator.workload.csr import dense_pattern_sha256, flat_csr, occurrences, runs_of_lines
from simulator.workload.patterns import draws
from simulator.workload.patterns.plain import dense


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csr, "AT_ONCE", 4)
    monkeypatch.setattr(draws, "_DRAWN_AT_ONCE", 4)


@st.composite
def matrices(draw: st.DrawFn) -> "scipy.sparse.csr_array":
    shape, seed = (draw(st.integers(1, 9)), draw(st.integers(1, 9))), draw(st.integers(0, 99))
    return scipy.sparse.csr_array(np.random.default_rng(seed).random(shape) < draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])))


@given(matrix=matrices())
def test_places_become_rows_and_columns(matrix: "scipy.sparse.csr_array") -> None:
    built = flat_csr(matrix.shape, np.flatnonzero(matrix.toarray()), None)
    assert (built.indptr.tolist(), built.indices.tolist()) == (matrix.indptr.tolist(), matrix.indices.tolist())
    assert (built.indptr.dtype, built.indices.dtype) == (np.int64, np.int32)


@given(matrix=matrices())
def test_indices_are_counted(matrix: "scipy.sparse.csr_array") -> None:
    assert occurrences(matrix.indices, matrix.shape[1]).tolist() == matrix.toarray().sum(axis=0).tolist()


@given(matrix=matrices())
def test_runs_of_lines_cover_all_in_order_and_are_longer_by_less_than_a_line(matrix: "scipy.sparse.csr_array") -> None:
    runs = list(runs_of_lines(matrix.indptr))
    assert [line for run in runs for line in range(run.start, run.stop)] == list(range(matrix.shape[0]))
    longest = int(np.diff(matrix.indptr).max())
    assert all(matrix.indptr[run.stop] - matrix.indptr[run.start] < 4 + max(1, longest) for run in runs)


@given(shape=st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_the_hash_of_a_dense_pattern_is_that_of_its_csr(shape: tuple[int, int]) -> None:
    assert dense_pattern_sha256(shape) == dense(shape).sha256()


def test_a_hash_is_of_shape_pointers_indices_and_values() -> None:
    digest = hashlib.sha256(b"csr values\n")
    for array in (np.array([1, 3], "<i8"), np.array([0, 2], "<i8"), np.array([0, 2], "<i4"), np.array([5.0, -1.0], "<f8")):
        digest.update(array.tobytes())
    assert flat_csr((1, 3), np.array([0, 2]), np.array([5.0, -1.0])).sha256() == digest.hexdigest()


@given(size=st.sampled_from([1, 2, 9, 40, 2**32, 2**40]), seed=st.integers(0, 99), data=st.data())
def test_distinct_places_are_those_of_turn_after_turn(size: int, seed: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, min(size, 40)))
    generator, expected = np.random.default_rng(seed), np.empty(0, dtype=np.int64)
    while len(expected) < count:
        expected = np.unique(np.concatenate([expected, generator.integers(0, size, size=count - len(expected))]))
    assert draws._distinct(size, count, np.random.default_rng(seed)).tolist() == expected.tolist()
