"""Tiles of a gather fabric: everything covered once, nothing over capacity, as large as can be."""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.errors import MappingError
from simulator.kinds.gather.cut import Cut
from simulator.kinds.gather.dataflow import GatherDataflow
from simulator.kinds.gather.schedule import GatherSchedule, cut_gather, schedule_gather
from simulator.kinds.units.loops import Pace, token_tiles
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.operation import UnitsPlan, keeps
from simulator.kinds.units.rows import RowParts, spread_rows
from simulator.machine.model import Machine
from simulator.system.program import LoopOrder, Span
from simulator.system.tensors import Residency
from simulator.workload.types import Operation
from tests.strategies import PACE, Case, cases, machine, operation, sparse

DRAM = Residency("dram", "dram")
SLOW = Pace(replace(PACE.system, dram_bytes_per_cycle=0.01, dram_burst_bytes=1), PACE.unloaded_cycles)
Counts = NDArray[np.int64]


def schedule(of: Machine, m: int, k: int, n: int, density: float = 1.0, residency: Residency = DRAM) -> GatherSchedule:
    random = np.random.default_rng(0)
    return schedule_gather(UnitsMachine.of(of), operation(sparse(random, m, k, density), np.ones((k, n))), residency, PACE)


def staying(of: Machine) -> Machine:
    """A machine whose sums stay on chip between K tiles."""
    return of.model_copy(update={"mapping": of.mapping.model_copy(update={"partial_sums": "stay"})})


def entries(plan: GatherSchedule, units: int, m: Span, k: Span) -> Counts:
    """[units] nonzeros of each unit in one tile: parts take a row's nonzeros in column order."""
    weight = plan.operation.weight
    row = np.repeat(np.arange(weight.shape[0]), np.diff(weight.indptr))
    unit = np.repeat(plan.parts.unit, plan.parts.nnz)
    inside = (row >= m[0]) & (row < m[1]) & (weight.indices >= k[0]) & (weight.indices < k[1])
    return np.bincount(unit[inside], minlength=units)


def rows_of(plan: GatherSchedule, units: int, m: Span) -> Counts:
    """[units] rows, or parts of rows, that each unit holds of an M tile."""
    inside = (plan.parts.row >= m[0]) & (plan.parts.row < m[1])
    return np.bincount(plan.parts.unit[inside], minlength=units)


@settings(max_examples=60)
@given(case=cases())
def test_tiles_cover_everything_once_and_fit_every_bank(case: Case) -> None:
    of, fabric = case.machine, case.machine.fabric
    plan = schedule_gather(UnitsMachine.of(of), case.workload.operations[0], DRAM, PACE)
    m, k, n = plan.operation.shape
    for spans, size in ((plan.m_tiles, m), (plan.k_tiles, k)):
        assert [i for span in spans for i in range(*span)] == list(range(size))
    groups = [plan.group_tokens(r, g) for r in range(plan.rounds) for g in range(fabric.token_groups)]
    assert [i for span in groups for i in range(*span)] == list(range(-(-n // fabric.lanes)))
    assert len(set(plan.positions())) == len(plan.positions())
    assert sorted(plan.positions()) == [
        (i, r, j) for i in range(len(plan.m_tiles)) for r in range(plan.rounds) for j in range(len(plan.k_tiles))
    ]
    most = max(stop - start for start, stop in groups)
    assert most <= fabric.accumulators
    for k_span in plan.k_tiles:
        assert most * (k_span[1] - k_span[0]) <= UnitsMachine.of(of).copy_words
    if len(plan.k_tiles) == 1:
        assert len(plan.m_tiles) == 1
    if len(plan.k_tiles) > 1 and plan.sums_home is None:
        for m_span in plan.m_tiles:
            assert most * rows_of(plan, fabric.units_per_group, m_span).max() <= UnitsMachine.of(of).output_words


@settings(max_examples=60)
@given(case=cases())
def test_row_tiles_are_the_longest_that_fit_where_sums_stay(case: Case) -> None:
    of, fabric = staying(case.machine), case.machine.fabric
    plan = schedule_gather(UnitsMachine.of(of), case.workload.operations[0], DRAM, PACE)
    for (first, last), _ in itertools.pairwise(plan.m_tiles):
        assert too_much(of, plan, fabric.units_per_group, (first, last + 1))


def too_much(of: Machine, plan: GatherSchedule, units: int, m: Span) -> bool:
    """Whether rows overflow a bank of some unit as one M tile, spread over the units anew: not as two tiles spread them."""
    weight = plan.operation.weight
    parts = spread_rows(np.diff(weight.indptr)[m[0] : m[1]], units, of.mapping.assignment)
    rest = spread_rows(np.diff(weight.indptr)[m[1] :], units, of.mapping.assignment)
    before = plan.parts.of_rows(0, m[0])
    rows = np.concatenate([plan.parts.row[before], parts.row + m[0], rest.row + m[1]])
    nnz = np.concatenate([plan.parts.nnz[before], parts.nnz, rest.nnz])
    longer = dataclasses.replace(plan, parts=RowParts(rows, nnz, np.concatenate([plan.parts.unit[before], parts.unit, rest.unit])))
    return bool(plan.tile_token_words * rows_of(longer, units, m).max() > UnitsMachine.of(of).output_words)


def test_k_is_cut_at_the_capacity_of_a_copy_as_evenly_as_can_be() -> None:
    assert schedule(machine(), 4, 150, 2).k_tiles == ((0, 50), (50, 100), (100, 150))


def test_lists_and_rows_that_no_bank_holds_cut_nothing() -> None:
    of = machine({"weight_bank_kib": 10 * 16 / 8192, "output_bank_kib": 2 * 8 / 1024})
    plan = schedule(of, 40, 64, 2)
    assert (len(plan.m_tiles), len(plan.k_tiles)) == (1, 1)


def test_token_words_are_capped_by_copies_and_accumulators_and_spread_evenly_over_the_rounds() -> None:
    """More words a tile make fewer tiles, each with an empty fabric at its ends; but one row must not wait for another."""
    plan = schedule(machine({"accumulators": 64, "bank_kib": 64 * 4 / 1024}), 4, 80, 2 * 7)
    assert len(plan.k_tiles) == 1
    assert plan.tile_token_words <= 3
    assert plan.rounds == -(-7 // plan.tile_token_words)
    few = schedule(machine({"accumulators": 2, "bank_kib": 64 * 4 / 1024}), 4, 80, 2 * 7)
    assert few.tile_token_words <= 2


def test_token_groups_share_the_token_words_of_a_round_evenly() -> None:
    plan = schedule(machine({"token_groups": 2, "banks": 4}, mapping={"tokens_per_tile": 3}), 4, 20, 2 * 10)
    assert (plan.tile_token_words, plan.rounds) == (3, 2)
    assert [[plan.group_tokens(r, g) for g in range(2)] for r in range(2)] == [[(0, 3), (3, 6)], [(6, 8), (8, 10)]]


def test_a_group_without_tokens_has_an_empty_span() -> None:
    plan = schedule(machine({"token_groups": 4}), 4, 4, 3)
    assert [plan.group_tokens(0, g) for g in range(4)] == [(0, 1), (1, 2), (2, 2), (2, 2)]


def test_tokens_per_tile_overrides() -> None:
    plan = schedule(machine(mapping={"tokens_per_tile": 4}), 4, 40, 2 * 6)
    assert (plan.tile_token_words, plan.rounds) == (4, 2)
    assert plan.k_tiles == ((0, 14), (14, 28), (28, 40))


@pytest.mark.parametrize("fabric", [{"output_bank_kib": 3 * 8 / 1024}, {"accumulators": 3}])
def test_tokens_per_tile_that_a_unit_has_no_room_for_is_refused_with_the_reason(fabric: dict[str, float]) -> None:
    of = machine(fabric, mapping={"tokens_per_tile": 4})
    with pytest.raises(MappingError, match=r"tokens_per_tile = 4.*fabric\.accumulators = .*output bank holds"):
        schedule(of, 4, 4, 16)


def test_where_k_is_cut_rows_are_cut_where_half_of_an_output_bank_is_full() -> None:
    of = machine({"units": 2, "banks": 4, "bank_kib": 4 / 1024, "output_bank_kib": 4 * 8 / 1024}, mapping={"assignment": "round_robin"})
    assert schedule(staying(of), 20, 8, 2).m_tiles == ((0, 8), (8, 16), (16, 20))


def test_empty_rows_have_no_unit_and_cut_nothing() -> None:
    w = np.zeros((9, 4))
    w[[2, 5]] = 1.0
    of = machine({"units": 1, "banks": 2, "bank_kib": 4 / 1024, "output_bank_kib": 8 / 1024})
    plan = schedule_gather(UnitsMachine.of(staying(of)), operation(w, np.ones((4, 2))), DRAM, PACE)
    assert (plan.parts.row.tolist(), plan.parts.unit.tolist()) == ([2, 5], [0, 0])
    assert plan.m_tiles == ((0, 5), (5, 9))


def test_a_weight_without_nonzeros_is_one_tile() -> None:
    plan = schedule_gather(UnitsMachine.of(machine()), operation(np.zeros((5, 4)), np.ones((4, 2))), DRAM, PACE)
    assert plan.m_tiles == ((0, 5),)
    assert len(plan.parts.row) == 0


def dram_bytes(of: UnitsMachine, plan: GatherSchedule) -> int:
    """What a schedule moves over DRAM, by the program that the system level would execute."""
    dataflow = GatherDataflow(of, plan, "")
    tiles = plan.positions()
    plan = UnitsPlan(dataflow, 0, 1)
    least = plan.least_program([0] * len(tiles), of.output_words, w_kept=keeps(plan.least_room, dataflow.room_bytes))
    moved = least.traffic(SLOW.system.dram_burst_bytes)
    return moved.dram_read_bytes + moved.dram_write_bytes


def all_cuts(of: UnitsMachine, what: Operation, home: Residency, words: int) -> Iterator[Cut]:
    """Every number of token words, of input features and, where sums leave, of output features; in every order."""
    m, k = what.weight.shape
    for tile in range(1, min(of.fabric.accumulators, of.copy_words, of.output_words) + 1):
        for k_tile in range(1, min(k, of.copy_words // tile) + 1):
            shape = *token_tiles(words, 1, tile), k_tile
            yield from (Cut(*shape, order, "balanced") for order in ("m_rounds", "rounds_m"))
            if k_tile < k:
                orders: tuple[LoopOrder, ...] = ("m_rounds", "m_k_rounds")
                yield from (Cut(*shape, order, "balanced", "dram") for order in orders)
                for order, m_tile in itertools.product(orders, sorted({-(-m // tiles) for tiles in range(1, m + 1)})):
                    cut = Cut(*shape, order, "balanced", "buffer", m_tile)
                    if cut.sums_bytes(of, what) <= home.room_bytes:
                        yield cut


@settings(max_examples=8, deadline=None)
@given(
    m=st.integers(1, 10),
    k=st.integers(1, 14),
    words=st.integers(1, 6),
    pattern=st.sampled_from([0.05, 0.1, 0.3, 1.0, "banded"]),
    copy=st.sampled_from([4, 8, 32]),
    places=st.sampled_from([2, 8, 32]),
    lists=st.sampled_from([8, 64]),
    room=st.sampled_from([0, 64, 256, 4096]),
    seed=st.integers(0, 99),
)
def test_where_dram_is_slow_no_cut_of_the_memories_moves_much_less(
    m: int, k: int, words: int, pattern: float | str, copy: int, places: int, lists: int, room: int, seed: int
) -> None:
    """Sums may stay, or go out and back; and features that no list of a tile names are not fetched."""
    fabric = {"units": 2, "banks": 4, "bank_kib": copy / 1024, "output_bank_kib": places * 8 / 1024, "weight_bank_kib": lists * 4 / 1024}
    of, random = UnitsMachine.of(machine(fabric)), np.random.default_rng(seed)
    if isinstance(pattern, str):
        w = np.abs(np.arange(m)[:, None] * k - np.arange(k)[None, :] * m) <= 2 * max(m, k) + 0.0
    else:
        w = sparse(random, m, k, pattern)
    what, home = operation(w.astype(np.float64), np.ones((k, 2 * words))), Residency("dram", "dram", room_bytes=room)
    chosen = dram_bytes(of, schedule_gather(of, what, home, SLOW))
    least = min(dram_bytes(of, cut_gather(of, what, home, cut)) for cut in all_cuts(of, what, home, words))
    assert chosen <= 1.05 * least + 16, "parts end on whole bytes"


@pytest.mark.parametrize("order", ["m_rounds", "rounds_m"])
def test_the_outer_order_can_be_set(order: str) -> None:
    of = machine(mapping={"loop_order": order})
    plan = schedule(of, 4, 4, 2)
    assert plan.loop_order == order
