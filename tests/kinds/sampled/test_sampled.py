"""Sampled products: G is NumPy's, both engines agree, every count adds up, and the hardware that they need is asked for."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.engine.engines import ENGINES
from simulator.errors import MappingError
from simulator.kinds.units.machine import UnitsMachine
from simulator.system.parts import Part
from simulator.system.program import Drain, Fill, Program, TileStep
from simulator.system.spec import SystemSpec
from simulator.system.system import System
from simulator.workload.types import Operation, Workload
from tests.strategies import activations, gather_machines, machine, run, sampled_operation, sparse, weight, workload

EXAMPLES = settings(max_examples=30)


def expected(operation: Operation) -> Any:
    assert operation.gradient is not None
    return (operation.weight.to_dense() != 0) * (operation.gradient.values() @ operation.activations.values().T)


@st.composite
def sampled(draw: st.DrawFn) -> Workload:
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    m, k, n = draw(st.integers(1, 12)), draw(st.integers(1, 12)), draw(st.integers(1, 9))
    densities = st.sampled_from([0.1, 0.5, 1.0])
    mask, gradient, x = (sparse(random, *shape, draw(densities)) for shape in ((m, k), (m, n), (k, n)))
    return workload(sampled_operation(mask, gradient, x))


@EXAMPLES
@given(of=gather_machines(lane_tree=True), what=sampled(), latency=st.integers(1, 3))
def test_g_is_numpys_and_every_count_adds_up(of: Any, what: Workload, latency: int) -> None:
    timing = run(of, what, latency=latency)
    activity, fabric, only = timing.activity, of.fabric, what.operations[0]
    assert np.array_equal(timing.outputs["op"], expected(only))
    part, counts = activity.operations[0], activity.counts
    token_words = -(-only.shape[2] // fabric.lanes)
    assert counts.list_entries == only.weight.nnz * token_words == counts.requests + counts.entries_dropped
    assert only.gradient is not None
    both = (only.gradient.values() != 0).astype(int) @ (only.activations.values() != 0).astype(int).T
    assert counts.macs_useful == int(both[only.weight.to_dense() != 0].sum()) <= counts.mac_slots == counts.replies * fabric.lanes
    assert counts.lane_reductions == counts.rows_merged
    assert counts.output_bank_reads == counts.replies
    assert sum(activity.unit_cycles.values()) == fabric.units * activity.cycles
    assert part.unit_cycles["computing"] == counts.accumulator_updates
    assert activity.cycles >= activity.bounds.largest[1]


@settings(max_examples=12)
@given(of=gather_machines(lane_tree=True), what=sampled(), latency=st.integers(1, 3))
def test_the_engines_agree(of: Any, what: Workload, latency: int) -> None:
    one, other = (run(of, what, latency=latency, engine=ENGINES[name]).activity for name in ("reference", "compiled"))
    assert (one.cycles, one.counts, one.unit_cycles, one.bounds) == (other.cycles, other.counts, other.unit_cycles, other.bounds)


def test_a_tile_by_hand() -> None:
    """One place, two token words, two lanes, all latencies 1 but A = 2: two products, then the sum over partial sums and lanes."""
    of = machine({"units": 1, "lanes": 2, "lane_tree": True, "accumulate_latency": 2})
    timing = run(of, workload(sampled_operation(np.array([[1.0]]), np.array([[1.0, 2, 3, 4]]), np.array([[5.0, 6, 7, 8]]))))
    # issued in cycles 0 and 1, consumed in 2 and 3; merged through A·(1 + log2 A + log2 lanes) = 6 stages, written in 9, done in 10
    assert timing.activity.operations[0].compute_cycles == 10
    assert timing.outputs["op"].tolist() == [[5 + 12 + 21 + 32]]
    counts = timing.activity.counts
    assert (counts.lane_reductions, counts.output_bank_reads, counts.accumulator_updates, counts.weight_bank_reads) == (1, 2, 2, 1 + 1)
    # the list without its value, then one fp32 sum
    assert counts.weight_bits_filled == UnitsMachine.of(of).sampled_entry_bits - 32 + 32


def test_bytes_by_hand() -> None:
    """4 × 6 places all sampled, 8 tokens of two groups: X and dY once, the mask without values, sums of two groups on the bus."""
    of = machine({"token_groups": 2, "lane_tree": True})
    counts = run(of, workload(sampled_operation(np.ones((4, 6)), np.ones((4, 8)), np.ones((6, 8))))).activity.counts
    # four fills, one of X and one of dY for either group, each in bursts of 64 bytes: X 6·4·2 B = 48, dY 4·4·2 B = 32
    assert counts.x_trunk_bytes == 4 * 64
    assert counts.output_bank_writes == 4 * 4
    assert counts.x_words_filled == 6 * 4
    assert counts.buffer_write_bytes == 24 * 2
    assert counts.drain_bytes == 2 * 24 * 4
    assert counts.drain_additions == 12
    assert counts.rows_merged == 2 * 24


def test_the_lists_stay_until_their_sums_have_left() -> None:
    """Lists take 50 cycles to come and their sums 50 to leave; the third may come only when the first is gone, in cycle 110."""

    def cycles(holds_w: tuple[int | None, ...]) -> int:
        fills = tuple(Fill(0, "buffer", (Part(50),)) for _ in range(3))
        drains = tuple(Drain(0, "buffer", (Part(100),), holds_w=content) for content in holds_w)
        tiles = tuple(TileStep(0, 10, 0, index, index) for index in range(3))
        spec = SystemSpec(16.0, 0, 64, 256, 1, 2, 2)
        return System(spec, Program(tiles, (Fill(0, "dram", (Part(1),)),), fills, drains, ((),))).run().cycles

    assert cycles((None, None, None)) == 50 + 50 + 50 + 10 + 50
    assert cycles((0, 1, 2)) == 110 + 50 + 10 + 50


def test_an_array_makes_every_place() -> None:
    """Cell by cell and against NumPy; a batch of two, so that blocks stay apart."""
    random = np.random.default_rng(1)
    gradient, x = sparse(random, 6, 5, 0.6), sparse(random, 8, 5, 0.7)
    op = replace(sampled_operation(np.kron(np.eye(2), np.ones((3, 4))), gradient, x), batch=2)
    of = machine({"kind": "systolic", "rows": 3, "cols": 3})
    timing = run(of, workload(op))
    blocks = [gradient[:3] @ x[:4].T, gradient[3:] @ x[4:].T]
    assert np.array_equal(timing.outputs["op"], np.concatenate(blocks))
    counts = timing.activity.counts
    assert (counts.mac_slots, counts.macs_useful) == (2 * 3 * 4 * 5, op.macs_useful)


@pytest.mark.parametrize("mapping", [{}, {"dataflow": "scatter"}])
def test_a_machine_without_the_hardware_says_what_to_set(mapping: dict[str, Any]) -> None:
    what = workload(sampled_operation(np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 2))))
    with pytest.raises(MappingError, match=r"op is an SDDMM, which needs adders .* set fabric.lane_tree: true"):
        run(machine(mapping=mapping), what)


def test_useful_pairs_of_many_rows() -> None:
    random = np.random.default_rng(3)
    mask, gradient, x = sparse(random, 600, 40, 0.1), sparse(random, 600, 30, 0.3), sparse(random, 40, 30, 0.5)
    pairs = int((((gradient != 0).astype(int) @ (x != 0).astype(int).T) * (mask != 0)).sum())
    assert sampled_operation(mask, gradient, x).macs_useful == pairs


def test_a_sampled_product_is_its_mask_large() -> None:
    op = Operation("op", "SDDMM", weight(np.eye(3)), activations(np.ones((3, 5))), gradient=activations(np.ones((3, 5))))
    assert (op.output_elements, op.shape, op.macs_dense, op.macs_useful) == (3, (3, 3, 5), 45, 15)
