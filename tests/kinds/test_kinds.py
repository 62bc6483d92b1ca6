"""Every kind of product against SciPy, and what it costs a fabric of words: one token, one lane, more groups than words."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.errors import MappingError
from simulator.kinds.units.machine import UnitsMachine
from simulator.machine.model import Machine
from tests.strategies import gather_machines, machine, operation, run, sparse, workload

EXAMPLES = settings(max_examples=30)


@EXAMPLES
@given(
    of=gather_machines(lanes=1, zero_skip=True, bank_kib=12 * 2 / 1024, output_bank_kib=12 * 4 / 1024),
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 6)),
    densities=st.tuples(st.sampled_from([0.1, 0.5, 1.0]), st.sampled_from([0.1, 0.5, 1.0])),
    seed=st.integers(0, 2**32 - 1),
)
def test_one_lane_intersects_both_sides(of: Machine, shape: tuple[int, int, int], densities: tuple[float, float], seed: int) -> None:
    """A word of one activation is dropped when it is zero: only pairs of nonzeros are requested, and all of them are useful."""
    random = np.random.default_rng(seed)
    m, k, n = shape
    w, x = sparse(random, m, k, densities[0]), sparse(random, k, n, densities[1])
    timing = run(of, workload(operation(w, x)))
    product = scipy.sparse.csr_array(w) @ scipy.sparse.csr_array(x)
    assert np.array_equal(timing.outputs["op"], product.toarray())
    counts = timing.activity.counts
    pairs = int((scipy.sparse.csr_array(w != 0).astype(int) @ scipy.sparse.csr_array(x != 0).astype(int)).sum())
    assert counts.requests == counts.mac_slots == counts.macs_useful == pairs


@EXAMPLES
@given(
    of=gather_machines(zero_skip=True),
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 9)),
    density=st.sampled_from([0.1, 0.4, 0.9]),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_word_is_dropped_when_all_its_lanes_are_zero(of: Machine, shape: tuple[int, int, int], density: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    m, k, n = shape
    w, x = sparse(random, m, k, 0.6), sparse(random, k, n, density)
    lanes = of.fabric.lanes
    counts = run(of, workload(operation(w, x))).activity.counts
    words = np.array([(x[:, start : start + lanes] != 0).any(axis=1) for start in range(0, n, lanes)])
    assert counts.requests == int(((w != 0).sum(axis=0) * words).sum())


@EXAMPLES
@given(of=gather_machines(), density=st.sampled_from([0.2, 1.0]), sparse_x=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_one_token_fills_one_lane_of_each_word(of: Machine, density: float, sparse_x: bool, seed: int) -> None:
    """Decode: N = 1 is one token word for one group; the other lanes and groups have nothing to do."""
    random = np.random.default_rng(seed)
    w, x = sparse(random, 10, 8, density), sparse(random, 8, 1, 0.5 if sparse_x else 1.0)
    timing = run(of, workload(operation(w, x)))
    assert np.array_equal(timing.outputs["op"], (scipy.sparse.csr_array(w) @ x))
    counts, fabric = timing.activity.counts, of.fabric
    assert counts.mac_slots == counts.replies * fabric.lanes
    assert counts.macs_useful <= counts.replies
    if not sparse_x:
        assert counts.macs_useful * fabric.lanes == counts.mac_slots


@pytest.mark.parametrize("dataflow", ["gather", "scatter"])
def test_more_groups_than_token_words(dataflow: str) -> None:
    """Of four groups one has a token; the other units wait at the barrier."""
    of = machine({"token_groups": 4}, mapping={"dataflow": dataflow})
    random = np.random.default_rng(5)
    w, x = sparse(random, 6, 5, 0.8), np.arange(1.0, 6.0)[:, None]
    timing = run(of, workload(operation(w, x)))
    assert np.array_equal(timing.outputs["op"], w @ x)
    only = timing.activity.operations[0]
    assert only.unit_cycles["imbalance"] >= 3 * only.compute_cycles


@EXAMPLES
@given(
    of=gather_machines(multicast=False),
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 6)),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_transposed_product_reads_the_lists_of_the_other_by_columns(of: Machine, shape: tuple[int, int, int], seed: int) -> None:
    """Units own the rows of W, which are the columns of Wᵀ: the fabric does what a scattering one does with Wᵀ."""
    assume(UnitsMachine.of(of).copy_sums >= 1)
    random = np.random.default_rng(seed)
    w, gradient = sparse(random, shape[0], shape[1], 0.5), sparse(random, shape[0], shape[2], 0.7)
    both = of.model_copy(update={"mapping": of.mapping.model_copy(update={"dataflow": "both", "order": "natural"})})
    transposed = replace(operation(w.T.copy(), gradient), transpose="scatter")
    timing = run(both, workload(transposed))
    assert np.array_equal(timing.outputs["op"], w.T @ gradient)
    alone = run(UnitsMachine.of(both).in_dataflow("scatter").machine, workload(operation(w.T.copy(), gradient)))
    assert timing.activity.cycles == alone.activity.cycles
    assert timing.activity.counts == alone.activity.counts


def test_the_hardware_for_it_is_asked_for() -> None:
    what = workload(replace(operation(np.ones((2, 2)), np.ones((2, 2))), transpose="scatter"))
    for dataflow in ("gather", "scatter"):
        with pytest.raises(MappingError, match=r"op has transpose: scatter, .* set mapping.dataflow: both"):
            run(machine(mapping={"dataflow": dataflow}), what)
