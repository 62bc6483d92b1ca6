"""The ladder of sizes of a systolic array: every rung is a legal machine of the same shape."""

import math

from hypothesis import given
from hypothesis import strategies as st

from simulator.machine.model import Machine
from simulator.study.sizing.scale import BySize, resized, size_of
from tests.strategies import machine


def array(rows: int, cols: int, n_m: str) -> Machine:
    return machine({"kind": "systolic", "rows": rows, "cols": cols, "n_m": n_m})


@given(
    groups=st.integers(1, 12),
    cols=st.integers(1, 48),
    n_m=st.sampled_from(["none", "1:2", "2:4", "4:8"]),
    size=st.integers(1, 16),
)
def test_every_rung_keeps_the_shape_and_whole_groups(groups: int, cols: int, n_m: str, size: int) -> None:
    kept = 1 if n_m == "none" else int(n_m[0])
    of = array(groups * kept, cols, n_m)
    assert resized(of, size_of(of)) == of
    other = resized(of, size)
    assert other is not None
    fabric = other.fabric
    assert fabric.rows * cols == fabric.cols * groups * kept
    assert fabric.rows % kept == 0


@given(groups=st.integers(1, 12), cols=st.integers(1, 48), n_m=st.sampled_from(["none", "2:4", "4:8"]))
def test_no_legal_array_of_the_shape_lies_between_two_rungs(groups: int, cols: int, n_m: str) -> None:
    kept = 1 if n_m == "none" else int(n_m[0])
    rows = groups * kept
    smallest = resized(array(rows, cols, n_m), 1)
    assert smallest is not None
    part = math.gcd(rows, cols)
    legal = next(count for count in range(1, part + 1) if rows // part * count % kept == 0)
    assert (smallest.fabric.rows, smallest.fabric.cols) == (rows // part * legal, cols // part * legal)


def test_a_cap_is_filled_as_far_as_the_groups_allow() -> None:
    """6 × 6 cells under a cap of 120: 10 × 10 are the most, 12 × 12 the next; halving the interval meets no odd edge."""
    rung = BySize(array(6, 6, "2:4"), None, lambda sized: float(sized.multipliers)).within(120)
    assert rung is not None
    assert (rung.machine.fabric.rows, rung.value, rung.next_value) == (10, 100, 144)
