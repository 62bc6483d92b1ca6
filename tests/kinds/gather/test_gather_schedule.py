"""Tiles of a gather fabric: everything covered once, nothing over capacity, as large as can be."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.errors import MappingError
from simulator.kinds.gather.schedule import GatherSchedule, schedule_gather
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.rows import RowParts, spread_rows
from simulator.machine.model import Machine
from simulator.system.program import Span
from simulator.system.tensors import Residency
from tests.strategies import Case, cases, machine, operation, sparse

DRAM = Residency("dram", "dram")
Counts = NDArray[np.int64]


def schedule(of: Machine, m: int, k: int, n: int, density: float = 1.0, residency: Residency = DRAM) -> GatherSchedule:
    random = np.random.default_rng(0)
    return schedule_gather(UnitsMachine.of(of), operation(sparse(random, m, k, density), np.ones((k, n))), residency)


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
    plan = schedule_gather(UnitsMachine.of(of), case.workload.operations[0], DRAM)
    m, k, n = plan.operation.shape
    for spans, size in ((plan.m_tiles, m), (plan.k_tiles, k)):
        assert [i for span in spans for i in range(*span)] == list(range(size))
    groups = [plan.group_tokens(r, g) for r in range(plan.rounds) for g in range(fabric.token_groups)]
    assert [i for span in groups for i in range(*span)] == list(range(-(-n // fabric.lanes)))
    assert sorted(plan.positions()) == [
        (i, r, j) for i in range(len(plan.m_tiles)) for r in range(plan.rounds) for j in range(len(plan.k_tiles))
    ]
    most = max(stop - start for start, stop in groups)
    bank_entries = int(fabric.weight_bank_kib * 8192) // plan.entry_bits
    for k_span in plan.k_tiles:
        assert most * (k_span[1] - k_span[0]) <= UnitsMachine.of(of).copy_words
        for m_span in plan.m_tiles:
            assert entries(plan, fabric.units_per_group, m_span, k_span).max() <= bank_entries
    for m_span in plan.m_tiles:
        assert most * rows_of(plan, fabric.units_per_group, m_span).max() <= UnitsMachine.of(of).output_words


@settings(max_examples=60)
@given(case=cases())
def test_row_tiles_are_the_longest_that_fit(case: Case) -> None:
    of, fabric = case.machine, case.machine.fabric
    plan = schedule_gather(UnitsMachine.of(of), case.workload.operations[0], DRAM)
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
    longer = replace(plan, parts=RowParts(rows, nnz, np.concatenate([plan.parts.unit[before], parts.unit, rest.unit])))
    bank_entries = int(of.fabric.weight_bank_kib * 8192) // plan.entry_bits
    too_many_rows = plan.tile_token_words * rows_of(longer, units, m).max() > UnitsMachine.of(of).output_words
    return bool(too_many_rows) or any(entries(longer, units, m, k).max() > bank_entries for k in plan.k_tiles)


def test_k_is_cut_greedily_at_the_capacity_of_a_copy() -> None:
    assert schedule(machine(), 4, 150, 2).k_tiles == ((0, 64), (64, 128), (128, 150))


def test_k_is_cut_shorter_where_one_row_would_overflow_a_weight_bank() -> None:
    of = machine({"weight_bank_kib": 10 * 16 / 8192})
    plan = schedule(of, 4, 64, 2)
    assert plan.entry_bits == 16
    assert [stop - start for start, stop in plan.k_tiles] == [10] * 6 + [4]


def test_a_copy_holds_as_many_token_words_as_fit_spread_evenly_over_the_rounds() -> None:
    plan = schedule(machine(), 4, 20, 2 * 7)
    assert (plan.token_words, plan.tile_token_words, plan.rounds) == (7, 3, 3)
    even = schedule(machine(), 4, 20, 2 * 4)
    assert (even.tile_token_words, even.rounds) == (2, 2)


def test_token_words_are_capped_by_the_output_bank() -> None:
    plan = schedule(machine({"output_bank_kib": 4 * 8 / 1024}), 8, 4, 2 * 10)
    assert UnitsMachine.of(machine({"output_bank_kib": 4 * 8 / 1024})).output_words == 4
    assert (plan.tile_token_words, plan.rounds, plan.m_tiles) == (2, 5, ((0, 8),))


def test_token_groups_share_the_token_words_of_a_round_evenly() -> None:
    plan = schedule(machine({"token_groups": 2, "banks": 4}), 4, 20, 2 * 10)
    assert (plan.tile_token_words, plan.rounds) == (3, 2)
    assert [[plan.group_tokens(r, g) for g in range(2)] for r in range(2)] == [[(0, 3), (3, 6)], [(6, 8), (8, 10)]]


def test_a_group_without_tokens_has_an_empty_span() -> None:
    plan = schedule(machine({"token_groups": 4}), 4, 4, 3)
    assert [plan.group_tokens(0, g) for g in range(4)] == [(0, 1), (1, 2), (2, 2), (2, 2)]


def test_tokens_per_tile_overrides() -> None:
    plan = schedule(machine(mapping={"tokens_per_tile": 4}), 4, 40, 2 * 6)
    assert (plan.tile_token_words, plan.rounds) == (4, 2)
    assert plan.k_tiles == ((0, 16), (16, 32), (32, 40))


def test_tokens_per_tile_that_no_output_bank_holds_is_refused_with_the_reason() -> None:
    of = machine({"output_bank_kib": 3 * 8 / 1024}, mapping={"tokens_per_tile": 4})
    with pytest.raises(MappingError, match=r"tokens_per_tile = 4.*the 3 words of an output bank"):
        schedule(of, 4, 4, 16)


def test_rows_are_cut_where_a_weight_bank_is_full() -> None:
    of = machine({"units": 2, "banks": 4, "weight_bank_kib": 8 * 16 / 8192}, mapping={"assignment": "round_robin"})
    assert schedule(of, 10, 4, 2).m_tiles == ((0, 4), (4, 8), (8, 10))


def test_empty_rows_have_no_unit_and_cut_nothing() -> None:
    w = np.zeros((9, 4))
    w[[2, 5]] = 1.0
    of = machine({"units": 1, "output_bank_kib": 8 / 1024})
    plan = schedule_gather(UnitsMachine.of(of), operation(w, np.ones((4, 2))), DRAM)
    assert (plan.parts.row.tolist(), plan.parts.unit.tolist()) == ([2, 5], [0, 0])
    assert plan.m_tiles == ((0, 5), (5, 9))


def test_a_weight_without_nonzeros_is_one_tile() -> None:
    plan = schedule_gather(UnitsMachine.of(machine()), operation(np.zeros((5, 4)), np.ones((4, 2))), DRAM)
    assert plan.m_tiles == ((0, 5),)
    assert len(plan.parts.row) == 0


def moved(plan: GatherSchedule, of: Machine, order: str) -> tuple[float, float]:
    """(DRAM, buffer) bytes of an order, counted fill by fill."""
    ms, rs, ks = range(len(plan.m_tiles)), range(plan.rounds), range(len(plan.k_tiles))
    walk = [(m, r, k) for m in ms for r in rs for k in ks] if order == "m_rounds" else [(m, r, k) for r in rs for m in ms for k in ks]
    x = w = 0.0
    before: tuple[int, int, int] | None = None
    for m, r, k in walk:
        width = plan.k_tiles[k][1] - plan.k_tiles[k][0]
        if before is None or (before[1], before[2]) != (r, k):
            words = sum(stop - start for start, stop in (plan.group_tokens(r, g) for g in range(plan.groups)))
            x += words * width * UnitsMachine.of(of).word_bytes
        if before is None or (before[0], before[2]) != (m, k):
            w += int(entries(plan, of.fabric.units_per_group, plan.m_tiles[m], plan.k_tiles[k]).sum()) * plan.entry_bits / 8
        before = (m, r, k)
    return (x + w, 0.0) if plan.residency.x == "dram" else (w, x)


@settings(max_examples=60)
@given(
    m=st.integers(1, 24), k=st.integers(1, 12), n=st.integers(1, 24).map(lambda words: 2 * words), home=st.sampled_from(["dram", "buffer"])
)
def test_the_outer_order_is_the_one_that_moves_the_fewest_bytes(m: int, k: int, n: int, home: str) -> None:
    of = machine({"units": 2, "bank_kib": 3 * 4 / 1024, "weight_bank_kib": 16 * 16 / 8192, "output_bank_kib": 9 * 8 / 1024})
    plan = schedule(of, m, k, n, residency=Residency(home, "dram"))  # type: ignore[arg-type]
    first, second = moved(plan, of, "m_rounds"), moved(plan, of, "rounds_m")
    assert plan.loop_order == ("rounds_m" if second < first else "m_rounds")


@pytest.mark.parametrize("order", ["m_rounds", "rounds_m"])
def test_the_outer_order_can_be_set(order: str) -> None:
    of = machine(mapping={"loop_order": order})
    plan = schedule(of, 4, 4, 2)
    assert plan.loop_order == order
