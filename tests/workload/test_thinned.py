"""A workload of fewer tokens and blocks has the features, and nearly the density, of the whole."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from simulator import load_machine, simulate
from simulator.workload.thinned import LEAST_BLOCKS, LEAST_TOKENS, thinned
from simulator.workload.types import Workload
from tests.run.test_fusion import diagonal
from tests.strategies import operation, sampled_operation, sparse

PART = 4
random = np.random.default_rng(11)
TOKENS, BLOCKS = PART * LEAST_TOKENS, PART * LEAST_BLOCKS
WIDE = operation(sparse(random, 24, 16, 0.3), sparse(random, 16, TOKENS, 0.5), "wide")
NARROW = replace(operation(sparse(random, 8, 24, 0.3), sparse(random, 24, TOKENS - 1, 0.5), "narrow"), depends_on=("wide",))
BATCHED = replace(
    operation(diagonal([sparse(random, 3, 2, 0.6) for _ in range(BLOCKS)]), sparse(random, 2 * BLOCKS, 8, 0.5), "batched"),
    batch=BLOCKS,
    depends_on=("wide",),
)
SAMPLED = sampled_operation(sparse(random, 24, 16, 0.2), sparse(random, 24, TOKENS, 0.5), sparse(random, 16, TOKENS, 0.5), "sampled")
WHOLE = Workload("whole", (WIDE, NARROW, BATCHED))


def test_there_are_so_many_fewer_tokens_and_blocks() -> None:
    wide, narrow, batched = thinned(WHOLE, PART).operations
    assert wide.shape == (24, 16, LEAST_TOKENS)
    assert wide.weight is WIDE.weight
    assert narrow is NARROW
    assert (batched.batch, batched.block_shape) == (LEAST_BLOCKS, BATCHED.block_shape)
    assert [each.depends_on for each in (wide, narrow, batched)] == [(), ("wide",), ("wide",)]
    assert wide.activations.mask is not None
    assert WIDE.activations.mask is not None
    assert np.array_equal(wide.activations.mask, WIDE.activations.mask[:, :LEAST_TOKENS])


def test_it_runs_as_a_workload() -> None:
    machine = load_machine("crossbar", ["fabric.units=8", "fabric.lanes=4", "fabric.banks=8"])
    part, whole = simulate(machine, thinned(WHOLE, PART)), simulate(machine, WHOLE)
    assert part.cycles < whole.cycles
    assert part.activity.counts.macs_useful == sum(each.macs_useful for each in thinned(WHOLE, PART).operations)


def test_a_sampled_product_reduces_over_fewer_tokens() -> None:
    (sampled,) = thinned(Workload("sampled", (SAMPLED,)), PART).operations
    assert sampled.gradient is not None
    assert sampled.gradient.shape == (24, LEAST_TOKENS)
    assert sampled.activations.shape == (16, LEAST_TOKENS)
    assert sampled.output_elements == SAMPLED.output_elements
    assert sampled.macs_useful < SAMPLED.macs_useful
