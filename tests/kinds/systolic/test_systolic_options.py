"""What a systolic array skips and packs: held cell by cell against the masks' formulas, NumPy and the conservation laws."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from simulator.kinds.systolic.array_product import packed, product_of
from simulator.kinds.systolic.contents import contents
from simulator.kinds.systolic.fills import EdgeFills
from simulator.kinds.systolic.folds import Axis, Dataflow, fold_axes, fold_steps, read_steps
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.reference import run_array
from simulator.kinds.systolic.schedule import SystolicSchedule
from simulator.kinds.systolic.tiles import array_tiles
from simulator.kinds.systolic.timing import compute_cycles, fold_plan, tile_times
from simulator.machine.model import Machine
from simulator.system.program import LoopOrder
from simulator.system.tensors import Residency
from simulator.workload.storage import StorageSpec
from simulator.workload.types import Operation
from tests.strategies import machine, operation, run, sparse, workload

DRAM = Residency("dram", "dram")


def one_tile(of: Machine, op: Operation, flow: Dataflow) -> SystolicSchedule:
    m, k, n = (((0, extent),) for extent in op.block_shape)
    return SystolicSchedule(ArrayMachine.of(of).fabric, product_of(op), flow, m, k, n, "m_rounds")


def array(rows: int, cols: int, **keys: object) -> Machine:
    return machine({"kind": "systolic", "rows": rows, "cols": cols, **keys})


def decoding(of: Machine, decoder: bool = True) -> Machine:
    return of.model_copy(update={"weight_decoder": decoder})


def spans(size: int, cuts: list[int], step: int = 1) -> tuple[tuple[int, int], ...]:
    edges = [0, *sorted({cut * step for cut in cuts if 0 < cut * step < size}), size]
    return tuple(itertools.pairwise(edges))


def two_of_four(random: np.random.Generator, m: int, k: int) -> np.ndarray:
    """At most two nonzeros in every four columns, often fewer."""
    w = np.zeros((m, -(-k // 4) * 4))
    for row, group in np.ndindex(m, w.shape[1] // 4):
        places = random.choice(4, size=2, replace=False)
        w[row, group * 4 + places] = random.integers(0, 4, size=2)
    return w[:, :k]


@settings(max_examples=150, deadline=None)
@given(
    edge=st.tuples(st.sampled_from([2, 4]), st.integers(1, 4)),
    flow=st.sampled_from(["ws", "os", "is"]),
    weight_load=st.sampled_from(["overlapped", "serial"]),
    skip=st.booleans(),
    column_skip=st.booleans(),
    pack=st.booleans(),
    extent=st.tuples(st.integers(1, 7), st.integers(1, 9), st.integers(1, 7)),
    order=st.sampled_from(["m_rounds", "rounds_m"]),
    cuts=st.lists(st.integers(1, 4), max_size=2),
    density=st.sampled_from([0.0, 0.1, 0.4]),
    seed=st.integers(0, 99),
)
def test_cells_skip_and_pack_as_the_masks_say(
    edge: tuple[int, int],
    flow: Dataflow,
    weight_load: str,
    skip: bool,
    column_skip: bool,
    pack: bool,
    extent: tuple[int, int, int],
    order: LoopOrder,
    cuts: list[int],
    density: float,
    seed: int,
) -> None:
    m, k, n = extent
    random = np.random.default_rng(seed)
    w, x = two_of_four(random, m, k) * sparse(random, m, k, 0.5), sparse(random, k, n, density or 0.8)
    of = array(*edge, weight_load=weight_load, skip_zero_tiles=skip, column_skip=column_skip, n_m="2:4")
    product = product_of(operation(w, x))
    if pack and flow != "is":
        selected = packed(product, 2, 4)
        assert selected is not None
        product = selected
    k_spans = spans(product.shape[1], cuts, product.kept)
    plan = SystolicSchedule(of.fabric, product, flow, spans(m, cuts), k_spans, spans(n, cuts), order)
    cycles, y = run_array(plan, w, x)
    folds = fold_plan(plan)
    tiles = array_tiles(ArrayMachine.of(of), plan, folds, tile_times(plan, folds)).each()
    assert cycles == compute_cycles(plan) == sum(tile.cycles for tile in tiles)
    assert (y == w @ x).all()
    slots = sum(tile.counts.mac_slots for tile in tiles)
    useful = int(((w != 0).astype(int) @ (x != 0).astype(int)).sum())
    assert useful <= slots
    assert slots + sum(tile.edge_pe_cycles for tile in tiles) <= edge[0] * edge[1] * cycles
    assert sum(tile.counts.y_buffer_reads - tile.counts.y_buffer_writes for tile in tiles) == 0


@settings(max_examples=60, deadline=None)
@given(
    extent=st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 9)),
    options=st.fixed_dictionaries(
        {
            "skip_zero_tiles": st.booleans(),
            "column_skip": st.booleans(),
            "n_m": st.sampled_from(["none", "2:4", "1:2"]),
            "dataflow": st.sampled_from(["best", "os", "ws"]),
        }
    ),
    decoder=st.booleans(),
    density=st.sampled_from([0.02, 0.2, 0.6, 1.0]),
    seed=st.integers(0, 50),
)
def test_every_option_keeps_the_laws_of_a_run(
    extent: tuple[int, int, int], options: dict[str, object], decoder: bool, density: float, seed: int
) -> None:
    """`run` checks causes, bounds, moved bytes and Y of every operation."""
    m, k, n = extent
    random = np.random.default_rng(seed)
    op = operation(sparse(random, m, k, density), sparse(random, k, n, 0.5))
    of = decoding(array(4, 4, x_buffer_kib=0.1, w_buffer_kib=0.12, y_buffer_kib=0.1, **options), decoder)
    timing = run(of, workload(op))
    assert (timing.outputs["op"] == op.weight.to_dense() @ op.activations.values()).all()
    if options["dataflow"] == "best":
        plain = array(4, 4, x_buffer_kib=0.1, w_buffer_kib=0.12, y_buffer_kib=0.1)
        if options["n_m"] == "none":
            assert timing.activity.cycles <= 1.02 * run(decoding(plain, decoder), workload(op)).activity.cycles


@pytest.mark.parametrize("cols", [8, 32])
@pytest.mark.parametrize("density", [1 / 8, 1 / 64, 1 / 256])
def test_column_skip_on_a_uniform_mask_takes_its_share_of_the_time(cols: int, density: float) -> None:
    """A step survives with probability 1 − (1 − d)^C: the output features of a fold lie on the array's C columns."""
    m, k, n = 1024, 2048, 16
    random = np.random.default_rng(7)
    op = operation((random.random((m, k)) < density).astype(float), np.ones((k, n)))
    buffers = {"x_buffer_kib": 4096, "w_buffer_kib": 16384, "y_buffer_kib": 4096}
    on, off = (array(8, cols, dataflow="os", column_skip=skip, **buffers) for skip in (True, False))
    cycles = [compute_cycles(one_tile(of, op, "os")) for of in (on, off)]
    assert cycles[0] / cycles[1] == pytest.approx(1 - (1 - density) ** cols, rel=0.02)


def test_two_of_four_takes_half_of_the_steps_and_any_other_mask_runs_dense() -> None:
    random = np.random.default_rng(3)
    w, x = two_of_four(random, 16, 64), np.ones((64, 100))
    of = decoding(array(8, 8, dataflow="ws", n_m="2:4"), False)
    packs = run(of, workload(operation(w, x))).activity.operations[0]
    w[0, :3] = 1
    dense = run(of, workload(operation(w, x))).activity.operations[0]
    assert (packs.details["weight_format"], dense.details["weight_format"]) == ("2:4", "dense")
    assert packs.counts.pe_selections == packs.counts.mac_slots == 16 * 32 * 100
    assert (dense.counts.pe_selections, dense.counts.mac_slots) == (0, 16 * 64 * 100)
    assert packs.counts.dram_read_bytes < dense.counts.dram_read_bytes


def test_an_empty_tile_costs_no_fold_no_load_and_no_sum() -> None:
    w = np.zeros((8, 8))
    w[:4, :4] = 1
    of = array(4, 4, dataflow="ws", skip_zero_tiles=True, weight_load="serial")
    activity = run(of, workload(operation(w, np.ones((8, 16))))).activity.operations[0]
    assert activity.details["folds"] == 1
    assert (activity.counts.w_buffer_reads, activity.counts.y_buffer_writes, activity.counts.mac_slots) == (16, 64, 256)
    assert activity.compute_cycles == 4 + 16 + 4 + 4 - 2
    assert (activity.counts.presence_bits_filled, activity.counts.presence_bits_scanned) == (4, 4)


def test_a_product_of_nothing_takes_no_cycle_of_the_array_and_gives_zeros() -> None:
    of = decoding(array(4, 4, skip_zero_tiles=True, column_skip=True))
    timing = run(of, workload(operation(np.zeros((8, 8)), np.ones((8, 8)))))
    assert timing.activity.operations[0].compute_cycles == 0
    assert not timing.outputs["op"].any()


ONE = contents(np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.bool_))
"""Of an operation in one tile."""


def test_compressed_weights_move_the_least_of_their_forms() -> None:
    random = np.random.default_rng(1)
    fetched = {}
    for density in (1.0, 0.25, 1 / 64):
        op = operation((random.permutation(64 * 64) < density * 64 * 64).reshape(64, 64).astype(float), np.ones((64, 4)))
        for decoder in (False, True):
            of = decoding(array(8, 8, dataflow="ws"), decoder)
            fill = EdgeFills(ArrayMachine.of(of), one_tile(of, op, "ws"), op, op).w_fills(ONE)
            assert (fill.decoded_elements[0] > 0) == (decoder and density < 1)
            fetched[density, decoder] = int(fill.bytes[0])
    assert fetched[1.0, True] == fetched[1.0, False] == fetched[1 / 64, False] == 8192
    assert fetched[0.25, True] == 64 * 64 // 8 + 1024 * 2
    assert fetched[1 / 64, True] == pytest.approx((64 * (16 + 6) + 65 * 7) / 8, abs=1)


def test_weights_that_are_decoded_are_counted_as_they_are_fetched() -> None:
    w = (np.random.default_rng(1).permutation(64 * 64) < 64).reshape(64, 64).astype(float)
    for decoder in (False, True):
        of = decoding(array(8, 8, dataflow="ws", weight_load="serial"), decoder)
        activity = run(of, workload(operation(w, np.ones((64, 4))))).activity.operations[0]
        counts = activity.counts
        assert (counts.w_elements_decoded > 0) == (counts.weight_bits_decoded > 0) == decoder
        assert 0 <= counts.w_trunk_bytes - counts.weight_value_bytes - counts.weight_metadata_bytes < 64 * activity.details["w_fills"]


def test_a_format_that_an_operation_names_is_what_is_fetched() -> None:
    w = np.zeros((8, 16))
    w[:, ::4] = 1
    of, op = decoding(array(4, 4, dataflow="ws")), operation(w, np.ones((16, 4)))
    coo = replace(op, storage=StorageSpec(format="coo"))
    named, own = (EdgeFills(ArrayMachine.of(of), one_tile(of, each, "ws"), each, each).w_fills(ONE) for each in (coo, op))
    # 32 nonzeros of 16 bits, each with 3 bits of row and 4 of column; the tile is all of W
    assert (named.value_bytes, named.metadata_bytes) == (64, 28)
    # a bitmap is the least: a bit for each of 128 elements
    assert (own.value_bytes, own.metadata_bytes) == (64, 16)
    assert [run(of, workload(each)).activity.operations[0].details["weight_format"] for each in (coo, op)] == ["coo", "bitmap"]


def test_a_decoder_writes_only_words_that_hold_a_nonzero() -> None:
    """32 weights in words of four, on two banks: rows 0 and 2 lie in bank 0, row 1 in bank 1."""
    w = np.zeros((4, 8))
    w[0, [0, 3, 7]] = w[1, 5] = w[2, 6] = 1
    of, op = decoding(array(2, 2, dataflow="ws")), operation(w, np.ones((8, 2)))
    fills = EdgeFills(
        ArrayMachine.of(of), SystolicSchedule(of.fabric, product_of(op), "ws", ((0, 4),), ((0, 8),), ((0, 2),), "m_rounds"), op, op
    )
    fill = fills.w_fills(ONE)
    assert (fill.decoded_elements.tolist(), fill.bank_cycles.tolist()) == ([4 * 4], [3])
    from_others = replace(op, weight_home="activation")
    made = EdgeFills(ArrayMachine.of(of), fills.schedule, from_others, from_others).w_fills(ONE)
    assert (made.decoded_elements.tolist(), made.bank_cycles.tolist(), made.bytes.tolist()) == ([0], [4], [64])


def test_a_word_of_steps_is_read_whole_or_not_at_all() -> None:
    """Ten steps in words of four: steps 1 and 9 remain, in the first word and in the last, which holds two."""
    w = np.zeros((1, 10))
    w[0, [1, 9]] = 1
    product = product_of(operation(w, np.ones((10, 1))))
    of = array(1, 1, column_skip=True).fabric
    axes = fold_axes(of, "os", (((0, 1),), ((0, 10),), ((0, 1),)))
    assert fold_steps(of, product, "os", axes).tolist() == [[[[2]]]]
    assert read_steps(product, axes, 4).tolist() == [[[[6]]]]


def test_a_fold_whose_outputs_nobody_wants_is_not_run() -> None:
    product = product_of(operation(np.ones((4, 3)), np.ones((3, 4))))
    sampled = np.zeros((4, 4), dtype=np.bool_)
    sampled[0, 3] = True
    wanted = type(product)(product.name, 1, product.shape, None, None, sampled)
    of = array(2, 2, skip_zero_tiles=True)
    plan = SystolicSchedule(of.fabric, wanted, "os", ((0, 4),), ((0, 3),), ((0, 4),), "m_rounds")
    w, x = np.ones((4, 3)), np.ones((3, 4))
    cycles, y = run_array(plan, w, x)
    assert cycles == compute_cycles(plan) == 3 + 2 + 2 - 2 + 2
    assert y[sampled].tolist() == [3.0]
    assert np.count_nonzero(y) == 4


def test_blocks_lie_within_tiles() -> None:
    axis = Axis.cut(((0, 5), (5, 8)), 2)
    assert (axis.edges, axis.first) == ((0, 2, 4, 5, 7, 8), (0, 3, 5))
    assert (axis.sizes.tolist(), axis.blocks(1)) == ([2, 2, 1, 2, 1], slice(3, 5))
