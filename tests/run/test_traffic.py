"""What DRAM, buffer and trunks move is decided by tensors: not by lanes, units or banks, where nothing is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.activity import Counts
from simulator.machine.model import Machine
from tests.strategies import machine, operation, run, sampled_operation, sparse, workload

WIDE = {"bank_kib": 64, "weight_bank_kib": 64, "output_bank_kib": 64}
"""Banks in which nothing is cut."""


def of_units(units: int, lanes: int, banks: int, dataflow: str = "gather") -> Machine:
    fabric = {"units": units, "lanes": lanes, "banks": banks, "lane_tree": dataflow == "gather", **WIDE}
    return machine(fabric, mapping={"dataflow": dataflow, "placement": "interleaved"})


def counts(of: Machine, *operations: object) -> Counts:
    return run(of, workload(*operations)).activity.counts  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 8), st.integers(1, 40), st.integers(1, 9), st.sampled_from(["gather", "scatter"]), st.integers(1, 30), st.integers(1, 9)
)
def test_x_bytes_know_nothing_of_the_fabric(units: int, lanes: int, banks: int, dataflow: str, k: int, n: int) -> None:
    op = operation(np.ones((3, k)), np.ones((k, n)))
    assert counts(of_units(units, lanes, banks, dataflow), op).x_trunk_bytes == -(-k * n * 2 // 64) * 64


@pytest.mark.parametrize("lanes", [1, 3, 16])
def test_dy_of_a_sampled_product_is_not_padded(lanes: int) -> None:
    random = np.random.default_rng(0)
    mask = sparse(random, 6, 10, 1.0)
    op = sampled_operation(mask, sparse(random, 6, 5, 1.0), sparse(random, 10, 5, 1.0))
    moved = counts(of_units(2, lanes, 4), op)
    assert moved.x_trunk_bytes == -(-10 * 5 * 2 // 64) * 64 + -(-6 * 5 * 2 // 64) * 64


def test_a_fill_takes_the_words_of_its_fullest_bank_or_its_bytes() -> None:
    """64 words of 2 bytes that fill 8 lanes: 16 cycles of 4 banks beside a trunk of 256 bytes, 32 of one of 4."""
    op = operation(np.ones((1, 64)), np.ones((64, 1)))
    fabric = {"units": 1, "lanes": 8, "banks": 4, **WIDE}
    for rate, waits in ((256, 16), (4, 32)):
        of = machine(fabric, trunks={"x_bytes_per_cycle": rate}, mapping={"placement": "interleaved"})
        activity = run(of, workload(op), ideal="dram").activity
        assert activity.operations[0].start_cycle == waits
