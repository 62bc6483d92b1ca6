"""Generated patterns: exact in number, reproducible, uniform, and sparing with memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import OperandError
from simulator.workload.csr import dense_pattern_sha256
from simulator.workload.patterns.base import derived_seed
from simulator.workload.patterns.plain import dense, uniform


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 1), st.integers(0, 2**32))
def test_exactly_as_many_as_asked_each_once(rows: int, columns: int, fraction: float, seed: int) -> None:
    nnz = round(fraction * rows * columns)
    matrix = uniform((rows, columns), nnz, seed)
    flat = matrix.rows() * columns + matrix.indices
    assert (matrix.nnz, matrix.indptr[0], matrix.data) == (nnz, 0, None)
    assert np.all(np.diff(flat) > 0)
    assert nnz == 0 or (flat[0] >= 0 and flat[-1] < rows * columns)


def test_the_seed_alone_decides() -> None:
    assert uniform((50, 60), 300, 7).sha256() == uniform((50, 60), 300, 7).sha256()
    assert uniform((50, 60), 300, 7).sha256() != uniform((50, 60), 300, 8).sha256()
    assert derived_seed(0, "a", "weight") != derived_seed(0, "a", "activation")


@pytest.mark.parametrize("nnz", [6, 18])
def test_every_place_is_equally_likely(nnz: int) -> None:
    hits = np.zeros(24)
    for seed in range(2000):
        matrix = uniform((4, 6), nnz, seed)
        hits[matrix.rows() * 6 + matrix.indices] += 1
    expected, deviation = 2000 * nnz / 24, np.sqrt(2000 * nnz / 24 * (1 - nnz / 24))
    assert np.all(np.abs(hits - expected) < 4.5 * deviation)


def test_memory_follows_the_nonzeros_not_the_size() -> None:
    assert uniform((10**5, 2**27), 1000, 0).nnz == 1000


def test_too_many_are_refused() -> None:
    with pytest.raises(OperandError, match="17 nonzeros in 4 × 4 elements"):
        uniform((4, 4), 17, 0)
    with pytest.raises(OperandError, match="allowed: at most"):
        dense((2**20, 2**20))


def test_a_dense_pattern_has_the_hash_of_its_nonzeros() -> None:
    assert dense((7, 5)).sha256() == uniform((7, 5), 35, 0).sha256() == dense_pattern_sha256((7, 5))
