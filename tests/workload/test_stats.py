"""Statistics of a pattern, by hand."""

import numpy as np
import pytest
import scipy.sparse as sp

from simulator.workload import Activations, Weight, pattern_stats

PATTERN = np.array([[1, 1, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0]], dtype=bool)


def weight(pattern: np.ndarray) -> Weight:
    csr = sp.csr_array(pattern.astype(float))
    return Weight((pattern.shape[0], pattern.shape[1]), csr.indptr.astype(np.int64), csr.indices.astype(np.int32), None, "00" * 32)


def test_of_both_operands() -> None:
    for operand in (weight(PATTERN), Activations((3, 4), PATTERN, None, "00" * 32)):
        stats = pattern_stats(operand)
        assert (stats.nnz, stats.empty_rows, stats.empty_cols) == (4, 1, 1)
        assert stats.density == pytest.approx(4 / 12)
        assert stats.row_degree_cv == pytest.approx(np.std([3, 0, 1]) / np.mean([3, 0, 1]))
        assert stats.col_degree_cv == pytest.approx(np.std([2, 1, 1, 0]))
        assert (stats.row_max_over_mean, stats.col_max_over_mean) == (3 / (4 / 3), 2.0)


def test_of_dense_and_of_empty() -> None:
    dense = pattern_stats(Activations((3, 4), None, None, "00" * 32))
    assert (dense.density, dense.row_degree_cv, dense.col_degree_cv, dense.row_max_over_mean) == (1.0, 0.0, 0.0, 1.0)
    empty = pattern_stats(weight(np.zeros((2, 2), dtype=bool)))
    assert (empty.nnz, empty.row_degree_cv, empty.col_max_over_mean, empty.empty_rows) == (0, 0.0, 0.0, 2)
