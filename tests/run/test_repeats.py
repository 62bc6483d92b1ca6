"""Equal operations are simulated once, and nothing but that can be told from the results."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.run.run import Timing
from simulator.workload.types import Operation
from tests.run.test_workload_properties import numbers
from tests.strategies import machine, operation, run, sampled_operation, sparse, workload


def products(seed: int, sampled: bool, layers: int) -> list[Operation]:
    """Layers of one pair of operands, each of the layer before; the last has a mask of its own."""
    random = np.random.default_rng(seed)
    w, other, x, dy = (sparse(random, *size, 0.4) for size in ((6, 6), (6, 6), (6, 8), (6, 8)))

    def layer(index: int) -> Operation:
        mask = other if index == layers - 1 else w
        after = (f"h{index - 1}",) if index else ()
        name = f"h{index}"
        return sampled_operation(mask, dy, x, name, after) if sampled else operation(mask, x, name, after)

    return [layer(index) for index in range(layers)]


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), sampled=st.booleans(), layers=st.integers(2, 5), buffer_kib=st.sampled_from([0.0625, 64]))
def test_repeating_an_operation_is_exact(seed: int, sampled: bool, layers: int, buffer_kib: float) -> None:
    what = workload(*products(seed, sampled, layers))
    of = machine({"lane_tree": True}, activation_buffer_kib=buffer_kib)
    every, reused = run(of, what), run(of, what, reuse_tiles=True)
    assert numbers(every.activity) == numbers(reused.activity)
    assert [part.name for part in reused.activity.operations] == [part.name for part in every.activity.operations]
    assert [part.counts for part in reused.activity.operations] == [part.counts for part in every.activity.operations]
    assert reused.checked["tiles_simulated"] + reused.checked["tiles_reused"] == every.checked["tiles_simulated"]


def simulated(timing: Timing) -> list[int]:
    return [part.details["tiles_simulated"] for part in timing.activity.operations]


def test_an_operation_of_equal_operands_is_simulated_once() -> None:
    timing = run(machine(), workload(*products(3, sampled=False, layers=4)), reuse_tiles=True)
    first, second, third, own_mask = simulated(timing)
    assert timing.activity.operations[0].details["x_home"] == "dram"
    assert timing.activity.operations[1].details["x_home"] == "buffer"
    assert first > 0
    assert second > 0, "its X lies elsewhere than the first's"
    assert third == 0
    assert own_mask > 0


def test_where_w_comes_from_tells_operations_apart() -> None:
    random = np.random.default_rng(5)
    first = operation(np.ones((6, 6)), sparse(random, 6, 8, 0.5), "first")
    stored = replace(first, name="stored", depends_on=("first",))
    made = replace(stored, name="made", weight_home="activation")
    timing = run(machine(), workload(first, stored, made), reuse_tiles=True)
    assert simulated(timing)[2] > 0


def test_an_array_repeats_itself_too() -> None:
    array = machine({"kind": "systolic", "rows": 4, "cols": 4, "x_buffer_kib": 1, "w_buffer_kib": 1, "y_buffer_kib": 1})
    what = workload(*products(3, sampled=False, layers=4))
    every, reused = run(array, what), run(array, what, reuse_tiles=True)
    assert numbers(every.activity) == numbers(reused.activity)
    assert simulated(reused)[2] == 0
    assert np.array_equal(every.outputs["h2"], reused.outputs["h2"])
