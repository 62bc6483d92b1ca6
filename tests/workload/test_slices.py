"""Some blocks of a batched product as a product of their own."""

import numpy as np
import pytest
from msgspec.structs import replace

from simulator.workload.slices import slices
from tests.run.test_fusion import diagonal
from tests.strategies import operation, sparse


@pytest.mark.parametrize(("blocks", "sizes"), [(1, [1, 1, 1, 1, 1]), (2, [2, 2, 1]), (5, [5]), (9, [5])])
def test_all_of_them_are_the_whole_product(blocks: int, sizes: list[int]) -> None:
    random = np.random.default_rng(5)
    whole = replace(operation(diagonal([sparse(random, 3, 2, 0.6) for _ in range(5)]), sparse(random, 10, 4, 0.5)), batch=5)
    parts = slices(whole, blocks, values=True)
    assert [part.batch for part in parts] == sizes
    assert {part.block_shape for part in parts} == {whole.block_shape}
    assert sum(part.macs_useful for part in parts) == whole.macs_useful
    y = np.vstack([part.weight.to_dense() @ part.activations.values() for part in parts])
    assert np.array_equal(y, whole.weight.to_dense() @ whole.activations.values())


def test_without_values_patterns_are_the_same() -> None:
    random = np.random.default_rng(5)
    whole = replace(operation(diagonal([sparse(random, 3, 2, 0.6) for _ in range(4)]), sparse(random, 8, 4, 0.5)), batch=4)
    for bare, full in zip(slices(whole, 2, values=False), slices(whole, 2, values=True), strict=True):
        assert bare.weight.data is None
        assert np.array_equal(bare.weight.indices, full.weight.indices)
        assert np.array_equal(bare.weight.indptr, full.weight.indptr)
        assert np.array_equal(bare.activations.mask, full.activations.mask)
