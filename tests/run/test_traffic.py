"""What DRAM, buffer and trunks move is decided by tensors: not by lanes, units or banks, where nothing is cut.

Bytes are whole bursts of 64 a transfer where DRAM moves them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.activity import Activity, Counts
from simulator.engine.engines import ENGINES
from simulator.errors import MappingError
from simulator.machine.model import Machine
from simulator.run.run import run_workload
from simulator.workload.types import Operation
from tests.strategies import Case, Matrix, cases, elaborated, machine, operation, run, sampled_operation, sparse, workload

WIDE = {"bank_kib": 64, "weight_bank_kib": 64, "output_bank_kib": 64, "accumulators": 64}
"""Banks and accumulators for which nothing is cut."""
WHOLE = {"placement": "interleaved", "tokens_per_tile": 40}
"""Tiles of all tokens: each round of them would end in a burst of its own."""


def of_units(units: int, lanes: int, banks: int, dataflow: str = "gather") -> Machine:
    fabric = {"units": units, "lanes": lanes, "banks": banks, "lane_tree": dataflow == "gather", **WIDE}
    return machine(fabric, mapping={"dataflow": dataflow, **WHOLE})


ARRAY = {"kind": "systolic", "rows": 64, "cols": 64, "dataflow": "ws", "weight_load": "serial"}  # always whole: nothing is cut
ANY = st.sampled_from(["gather", "scatter", "systolic"])
MOVED = ("dram_read_bytes", "dram_write_bytes", "buffer_read_bytes", "buffer_write_bytes", "x_trunk_bytes", "w_trunk_bytes", "drain_bytes")


def roomy(kind: str, **keys: Any) -> Machine:
    """A machine of a kind in which nothing is cut."""
    if kind == "systolic":
        return machine(ARRAY, **keys)
    mapping = {"dataflow": kind, **WHOLE}
    return machine({"units": 3, "lanes": 4, "replicas": 1, **WIDE}, mapping=mapping, **keys)


def activity(of: Machine, *operations: Operation) -> Activity:
    return run(of, workload(*operations), engine=ENGINES["compiled"]).activity


def counts(of: Machine, *operations: Operation) -> Counts:
    return activity(of, *operations).counts


def masked(random: np.random.Generator, rows: int, columns: int, density: float) -> Matrix:
    """Exactly so much of it nonzero."""
    chosen = random.permutation(rows * columns) < round(density * rows * columns)
    return random.choice([1.0, 2.0, -3.0], size=(rows, columns)) * chosen.reshape(rows, columns)


def bursts(size: float) -> int:
    return -(-int(size) // 64) * 64


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


@pytest.mark.parametrize("kind", ["gather", "scatter", "systolic"])
@pytest.mark.parametrize("density", [1 / 64, 1 / 4, 1 / 2, 15 / 16])
def test_a_bitmap_takes_density_and_a_sixteenth_of_dense(kind: str, density: float) -> None:
    random = np.random.default_rng(3)
    op = operation(np.ones((4, 64)), masked(random, 64, 64, density))
    packed, dense = (counts(roomy(kind, activation_format=name), op).x_trunk_bytes for name in ("auto", "dense"))
    assert packed == min(dense, (density + 1 / 16) * dense)


@settings(max_examples=60, deadline=None)
@given(
    ANY,
    st.sampled_from(["auto", "dense", "bitmap"]),
    st.sampled_from([0.01, 64.0]),
    st.lists(st.sampled_from([0.0, 0.1, 0.6, 1.0]), min_size=1, max_size=3),
    st.integers(0, 99),
)
def test_what_is_read_of_a_tensor_is_what_was_written(kind: str, form: str, buffer_kib: float, densities: list[float], seed: int) -> None:
    """One product, and one or more that read its output, each with nonzeros of its own."""
    random = np.random.default_rng(seed)
    m, k, n = (int(size) for size in random.integers(1, 40, 3))
    of = roomy(kind, activation_format=form, activation_buffer_kib=buffer_kib)
    readers = [
        operation(np.ones((2, m)), masked(random, m, n, density), f"reader{index}", ("writer",)) for index, density in enumerate(densities)
    ]
    writer, *others = activity(of, operation(np.ones((m, k)), np.ones((k, n)), "writer"), *readers).operations
    written = writer.counts.dram_write_bytes + writer.counts.buffer_write_bytes
    for reader in others:
        assert reader.counts.x_trunk_bytes == written
        assert reader.details["x_home"] == writer.details["y_home"]
    if form == "auto" and len(set(densities)) == 1 and densities[0] in (0.0, 1.0):
        expected = m * n * 2 if densities[0] == 1.0 else min(m * n * 2, -(-m * n // 8))
        assert written == (bursts(expected) if writer.details["y_home"] == "dram" else expected)


@settings(max_examples=40, deadline=None)
@given(ANY, st.integers(0, 99), st.sampled_from([0.1, 0.5, 1.0]))
def test_a_workload_in_two_parts_moves_the_boundary_once_more(kind: str, seed: int, density: float) -> None:
    """Everything in DRAM: the second part reads of its X what the first wrote of its Y, in the form in which it has nonzeros."""
    random = np.random.default_rng(seed)
    of = roomy(kind, activation_buffer_kib=0.001)
    a, b, c = (int(size) for size in random.integers(1, 30, 3))
    assume(b * c > 8)  # a mask of no more bits is a byte, which a buffer of one holds
    first = operation(masked(random, b, a, 0.5), masked(random, a, c, density), "first")
    second = operation(masked(random, 3, b, 0.5), masked(random, b, c, density), "second", ("first",))
    whole = counts(of, first, second)
    one, other = counts(of, first), counts(of, replace(second, depends_on=()))
    assert whole.dram_read_bytes == one.dram_read_bytes + other.dram_read_bytes
    boundary = bursts(b * c * 2) - activity(of, first, second).operations[0].counts.dram_write_bytes
    assert whole.dram_write_bytes == one.dram_write_bytes + other.dram_write_bytes - boundary


@settings(max_examples=60, deadline=None)
@given(ANY, st.integers(0, 99), st.sampled_from([0.1, 0.5, 1.0]), st.sampled_from([0.1, 0.5, 1.0]))
def test_the_order_of_tokens_and_of_rows_moves_nothing(kind: str, seed: int, w_density: float, x_density: float) -> None:
    random = np.random.default_rng(seed)
    m, k, n = (int(size) for size in random.integers(1, 25, 3))
    w, x = masked(random, m, k, w_density), masked(random, k, n, x_density)
    of = roomy(kind, weight_decoder=kind == "systolic")  # lists of units end on whole bytes
    plain = counts(of, operation(w, x))
    for other in (operation(w, x[:, random.permutation(n)]), operation(w[random.permutation(m)], x)):
        moved = counts(of, other)
        for name in MOVED:
            assert abs(moved.to_dict()[name] - plain.to_dict()[name]) <= (64 if name.startswith(("w_", "dram_read")) else 0)
        assert moved.macs_useful == plain.macs_useful


@pytest.mark.parametrize("kind", ["gather", "scatter", "systolic"])
def test_nothing_jumps_at_density_0_or_1(kind: str) -> None:
    """One nonzero more or less brings its feature's tokens, and what rounds up to a burst."""
    random = np.random.default_rng(1)
    m, k, n = 40, 50, 32

    def moved(w: Matrix, x: Matrix) -> int:
        found = counts(roomy(kind), operation(w, x))
        return found.dram_read_bytes + found.dram_write_bytes

    full, almost = np.ones((m, k)), masked(random, m, k, 1 - 1 / (m * k))
    empty, one = np.zeros((m, k)), masked(random, m, k, 1 / (m * k))
    x, x_almost = np.ones((k, n)), masked(random, k, n, 1 - 1 / (k * n))
    x_empty, x_one = np.zeros((k, n)), masked(random, k, n, 1 / (k * n))
    assert abs(moved(full, x) - moved(almost, x)) <= 64
    assert abs(moved(full, x) - moved(full, x_almost)) <= 64
    assert abs(moved(full, x_empty) - moved(full, x_one)) <= 64
    assert abs(moved(empty, x) - moved(one, x)) <= 2 * n + 2 * 64


def test_features_that_no_list_names_stay_where_they_are() -> None:
    """Six of eight features are met by no row; of a W that is made on the way all are brought."""
    w = np.zeros((5, 8))
    w[1, 2] = w[3, 5] = w[4, 5] = 1
    op = operation(w, np.ones((8, 32)))
    for kind in ("gather", "scatter"):
        found, made = (counts(roomy(kind), each) for each in (op, replace(op, weight_home="activation", depends_on=())))
        assert (found.x_trunk_bytes, made.x_trunk_bytes) == (2 * 64, 8 * 64)
        written = "x_words_filled" if kind == "gather" else "output_bank_writes"
        assert (found.to_dict()[written], made.to_dict()[written]) == ((2 * 8, 8 * 8) if kind == "gather" else (2 * 8, 2 * 8))
    (array,) = activity(roomy("systolic"), op).operations
    assert array.counts.x_trunk_bytes == 8 * 64


def test_a_fill_that_serves_several_m_tiles_brings_what_any_of_them_names() -> None:
    """Two rows of sums a copy, so that M is cut in two; the five features of 4 tokens take 40 bytes, in one burst."""
    w = np.zeros((4, 16))
    w[:2, :3] = w[2:, 2:5] = 1
    fabric = {"units": 1, "lanes": 4, "banks": 2, "bank_kib": 2 * 8 / 1024}
    of = machine(fabric, mapping={"placement": "interleaved", "dataflow": "scatter", "loop_order": "rounds_m"}, weight_decoder=False)
    (only,) = activity(of, operation(w, np.ones((16, 32)))).operations
    assert (only.details["m_tiles"], only.details["rounds"], only.details["x_fills"]) == (2, 8, 8)
    assert only.counts.x_trunk_bytes == 8 * 64


@settings(max_examples=60, deadline=None)
@given(case=cases(), faster=st.sampled_from([1.03, 1.5, 2.0, 8.0]))
def test_more_bandwidth_is_never_slower(case: Case, faster: float) -> None:
    """Within what the order of requests at DRAM can turn round: a chunk of one stream before that of another."""
    try:
        slow, fast = (at_rate(case, 4.0 * times) for times in (1.0, faster))
    except MappingError:
        return
    assert fast <= slow + 64  # two chunks of these small fills


def at_rate(case: Case, rate: float) -> int:
    of = elaborated(case.machine, latency=case.latency, dram_bytes_per_cycle=rate)
    keys: dict[str, Any] = {"ideal": "none", "reuse_tiles": True, "threads": 1, "progress": lambda name, fraction: None}
    return run_workload(of, case.workload, ENGINES["compiled"], **keys).activity.cycles
