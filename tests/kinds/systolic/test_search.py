"""What the search for an array's schedules leaves out, it may leave out."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from msgspec.structs import replace

from simulator.errors import MappingError
from simulator.kinds import kind_of
from simulator.kinds.systolic import candidates as candidates_module
from simulator.kinds.systolic import chains as chains_module
from simulator.kinds.systolic import search as search_module
from simulator.kinds.systolic.array_product import in_row_order, product_of
from simulator.kinds.systolic.candidates import Candidate, candidates
from simulator.kinds.systolic.chains import ArrayChain
from simulator.kinds.systolic.families import Family, grouped, known_product
from simulator.kinds.systolic.fills import Known
from simulator.kinds.systolic.machine import ArrayMachine
from simulator.kinds.systolic.program import array_program
from simulator.kinds.systolic.search import PLANNING, Rank, _InOrder, _Outlines, _Search, least_tiles, plan_systolic
from simulator.kinds.systolic.ways import Ways
from simulator.machine import Machine
from simulator.recall import NOTHING, Recall
from simulator.system import program as program_module
from simulator.system.spec import SystemSpec
from simulator.system.tensors import Residency
from simulator.telling import telling
from simulator.workload.made import whole_product
from tests.kinds.systolic.laws import case
from tests.run.test_fusion import chain_of, fused
from tests.strategies import elaborated, machine, operation, workload

SEEDS = range(3000, 3008)
MOST = 12


@cache
def search(seed: int) -> _Search:
    of = case(seed, 6.5)
    array = Machine.model_validate({"name": "array", "fabric": of.fabric, **of.machine})
    spec = SystemSpec.of(elaborated(array)).made_ideal(of.ideal)
    (home,) = kind_of(array).residency(array, workload(of.operation))
    return _Search(Ways(ArrayMachine.of(array), of.operation, home), spec)


@cache
def ways(of: _Search) -> tuple[Family, ...]:
    """Each with its output features as they are, and grouped where that decides anything."""
    return tuple(one for family in of.natural for one in (family, grouped(family)) if one is not None)


def found(of: _Search, family: Family) -> list[Candidate]:
    return candidates(of.machine, family, of.residency, of.spec, MOST)


tried = cache(found)


@pytest.mark.parametrize("seed", SEEDS)
def test_sizes_that_are_not_estimated_are_not_among_the_best(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    of = search(seed)
    for family in ways(of):
        listed = []
        for few in (MOST, 10**9):  # as few as can be, and all
            monkeypatch.setattr(candidates_module, "FEW", few)
            listed.append([(each.cycles, each.fabric, each.tile, each.loop_order) for each in found(of, family)])
        assert listed[0] == listed[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_schedule_goes_below_what_is_known_of_it_before_it_is_made(seed: int) -> None:
    of = search(seed)
    for family in ways(of):
        outlines = _Outlines(of, family)
        for each in tried(of, family):
            outlined = outlines.outline(each)
            assert each.at_least <= outlined.rank[0]
            assert outlines.steps(each) == outlined.steps


@pytest.mark.parametrize("seed", SEEDS)
def test_a_schedule_does_the_same_whatever_others_have_found_of_its_cuts(seed: int) -> None:
    of = search(seed)
    for family in of.natural:
        array, known = in_row_order(whole_product(of.operation), family.product.row_order), Known()
        for each in tried(of, family)[:6]:
            givens = of.machine, each.schedule(family), of.operation, array, of.residency
            alone, among_others = array_program(*givens), array_program(*givens, known)
            assert alone.program == among_others.program
            assert alone.bytes_moved == among_others.bytes_moved


def ranks_within(of: _Search, family: Family, listed: list[Candidate], cycles: float) -> list[Rank]:
    in_order = _InOrder(_Outlines(of, family), listed)
    return [one.rank for one in iter(lambda: in_order.next_within(cycles), None)]


@pytest.mark.parametrize("seed", SEEDS)
def test_candidates_come_in_the_order_of_their_bounds(seed: int) -> None:
    of = search(seed)
    for family in of.natural:
        listed = tried(of, family)
        ranks = ranks_within(of, family, listed, float("inf"))
        assert ranks == sorted(ranks)
        assert len(ranks) == len(listed)
        if ranks:
            middle = ranks[len(ranks) // 2][0]
            assert ranks_within(of, family, listed, middle) == [rank for rank in ranks if rank[0] <= middle]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_search_decides_the_same_after_one_for_another_system(seed: int) -> None:
    of = search(seed)
    slower = replace(of.spec, dram_bytes_per_cycle=2.0, w_bytes_per_cycle=8)
    recall = Recall(10**6)
    for spec in (of.spec, slower, of.spec):
        alone, after = (plan_systolic(of.machine, of.operation, of.residency, spec, each) for each in (NOTHING, recall))
        assert alone.program == after.program
    assert recall.pieces == Ways.pieces + known_product(of.operation, recall).pieces


@pytest.mark.parametrize("seed", SEEDS[::2])
def test_a_search_decides_the_same_after_one_for_another_array(seed: int) -> None:
    of, recall = search(seed), Recall(10**6)
    fabric = of.machine.fabric
    others = ({"x_buffer_kib": 2 * fabric.x_buffer_kib}, {"rows": 2 * fabric.rows}, {"n_m": "none"})
    for keys in ({}, *others):
        array = ArrayMachine.of(of.machine.machine.model_copy(update={"fabric": fabric.model_copy(update=keys)}))
        alone, after = (plan_systolic(array, of.operation, of.residency, of.spec, each) for each in (NOTHING, recall))
        assert alone.program == after.program


def test_a_search_tells_how_far_it_is() -> None:
    of, heard = search(SEEDS[0]), list[float]()
    with telling(heard.append, every_s=0):
        plan_systolic(of.machine, of.operation, of.residency, of.spec)
    assert heard == sorted(heard)
    assert 0 < heard[0] < heard[-1] <= PLANNING


@pytest.mark.parametrize("seed", SEEDS)
def test_no_schedule_has_fewer_tiles_than_are_foretold(seed: int) -> None:
    of = search(seed)
    least = least_tiles(of.machine, of.operation)
    assert all(least <= one.tiles(family) for family in ways(of) for one in tried(of, family))


def test_what_would_take_too_many_tiles_is_refused_before_any_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    of = search(SEEDS[0])
    monkeypatch.setattr(search_module, "candidates", lambda *_: pytest.fail("looked at"))
    # memories of four times the size make an eighth of it, which is the first power of two that leaves half of what may be
    monkeypatch.setattr(search_module, "least_tiles", lambda *_: 15_258_789)
    x = 4 * of.machine.fabric.x_buffer_kib
    with pytest.raises(
        MappingError, match=rf"takes at least 15,258,789 tiles; allowed: 4,000,000.* \(--set fabric.x_buffer_kib={x:g} --set"
    ):
        plan_systolic(of.machine, of.operation, of.residency, of.spec)


def test_schedules_of_too_many_tiles_are_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    of = search(SEEDS[0])
    tiles = plan_systolic(of.machine, of.operation, of.residency, of.spec).tiles
    monkeypatch.setattr(search_module, "MOST_TILES", tiles)
    assert plan_systolic(of.machine, of.operation, of.residency, of.spec).tiles <= tiles
    monkeypatch.setattr(search_module, "MOST_TILES", 0)
    monkeypatch.setattr(program_module, "MOST_TILES", 0)
    with pytest.raises(MappingError, match="tiles; allowed: 0"):
        plan_systolic(of.machine, of.operation, of.residency, of.spec)


@pytest.mark.parametrize("density", [0.3, 1.0])
def test_cuts_of_a_chain_that_are_not_made_are_not_among_the_quickest(density: float, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    options = {"skip_zero_tiles": True, "column_skip": True} if density < 1 else {}
    array = machine({"kind": "systolic", "rows": 8, "cols": 4, "x_buffer_kib": 1, "w_buffer_kib": 8, "y_buffer_kib": 1, **options})
    chain = fused(*chain_of(random, [24, 9, 30], 2, 40, density, 1.0)).operations[1:]
    homes = (Residency("dram", "chip"), Residency("chip", "dram"))
    of = ArrayChain(ArrayMachine.of(array), chain, homes)
    products = [product_of(each) for each in chain]
    quickest = [(each.cycles, [schedule.fabric for schedule in each.schedules]) for each in of._quickest(products)]
    monkeypatch.setattr(chains_module._Least, "cycles", lambda self, cut: 0)
    assert quickest == [(each.cycles, [schedule.fabric for schedule in each.schedules]) for each in of._quickest(products)]


def test_lines_are_compared_in_pieces() -> None:
    """Of more steps, blocks and tokens than one piece has."""
    random = np.random.default_rng(3)
    w, x = random.random((300, 700)) < 0.02, random.random((700, 200)) < 0.02
    product = product_of(operation(w.astype(float), x.astype(float)))
    common = product.common_steps(tuple(range(301)), (0, 300, 700), tuple(range(201)))
    whole = [w[:, a:b].astype(np.int64) @ x[a:b].astype(np.int64) for a, b in ((0, 300), (300, 700))]
    assert (common[0] == np.stack(whole, axis=1)).all()
