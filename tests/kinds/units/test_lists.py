"""Work lists, presence bits and tile values."""

import numpy as np
from hypothesis import given, settings

from simulator.kinds.gather.schedule import schedule_gather
from simulator.kinds.units.lists import CopiedWords, cluster_work, slice_lists, tile_values
from simulator.kinds.units.machine import UnitsMachine
from simulator.kinds.units.present import present_words
from simulator.system.tensors import Residency
from tests.strategies import PACE, Case, cases, machine, operation, work

DRAM = Residency("dram", "dram")


@settings(max_examples=60)
@given(case=cases())
def test_every_nonzero_meets_every_token_word_exactly_once(case: Case) -> None:
    of, op = case.machine, case.workload.operations[0]
    plan, fabric = schedule_gather(UnitsMachine.of(of), op, DRAM, PACE), of.fabric
    present = present_words(UnitsMachine.of(of), op)
    met = np.zeros((op.weight.nnz, plan.token_words), dtype=np.int64)
    for m, r, k in plan.positions():
        lists = slice_lists(plan, m, k, fabric.units_per_group)
        for group in range(fabric.token_groups):
            tokens = plan.group_tokens(r, group)
            copied = CopiedWords.of(UnitsMachine.of(of), plan, k, tokens, present)
            for replica in range(fabric.replicas if tokens[0] < tokens[1] else 0):
                tile = cluster_work(plan, lists, copied, replica, fabric.replicas)
                assert tile.units == fabric.units_per_cluster
                assert (tile.word + plan.k_tiles[k][0] == op.weight.indices[tile.weight_index]).all()
                for token in range(*tokens):
                    met[tile.weight_index, token] += 1
    assert (met == 1).all()


@settings(max_examples=60)
@given(case=cases())
def test_rows_ascend_in_a_list_and_have_places_of_their_own(case: Case) -> None:
    of = case.machine
    plan = schedule_gather(UnitsMachine.of(of), case.workload.operations[0], DRAM, PACE)
    units_of_row: dict[int, set[int]] = {}
    for row, unit in zip(plan.parts.row.tolist(), plan.parts.unit.tolist(), strict=True):
        units_of_row.setdefault(row, set()).add(unit)
    for m in range(len(plan.m_tiles)):
        places: dict[tuple[int, int], int] = {}
        for k in range(len(plan.k_tiles)):
            lists = slice_lists(plan, m, k, of.fabric.units_per_group)
            for unit in range(of.fabric.units_per_group):
                span = slice(lists.unit_ptr[unit], lists.unit_ptr[unit + 1])
                keys = list(zip(lists.row[span].tolist(), lists.word[span].tolist(), strict=True))
                assert len(keys) == len(set(keys))
                assert lists.row[span].tolist() == sorted(lists.row[span].tolist())
                if of.mapping.order == "natural":
                    assert keys == sorted(keys)
                for row, place in zip(lists.global_row[span].tolist(), lists.row[span].tolist(), strict=True):
                    assert unit in units_of_row[row]
                    assert places.setdefault((unit, place), row) == row
                    stays = len(plan.k_tiles) > 1 and plan.sums_home is None
                    assert not stays or place < UnitsMachine.of(of).output_words


def test_a_word_is_present_if_any_lane_is_nonzero() -> None:
    x = np.array([[1, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 1, 1, 0, 1], [0, 0, 0, 1, 0]], dtype=np.float64)
    op = operation(np.ones((1, 4)), x)
    assert present_words(UnitsMachine.of(machine()), op).astype(int).tolist() == [[1, 0, 1, 0], [0, 0, 1, 1], [0, 0, 1, 0]]
    assert present_words(UnitsMachine.of(machine({"zero_skip": False})), op).all()


def test_the_last_token_word_is_padded_with_zeros() -> None:
    x = np.arange(1.0, 11.0).reshape(2, 5)
    tile = work([[(0, 0), (0, 1)]], token_words=1)
    values = tile_values(tile.weight_index, (0, 2), (2, 3), 2, np.array([7.0, 8.0]), x)
    assert values.weights.tolist() == [7.0, 8.0]
    assert values.words.tolist() == [[5.0, 0.0], [10.0, 0.0]]


def test_words_of_a_tile_are_numbered_token_word_by_token_word() -> None:
    x = np.arange(12.0).reshape(3, 4)
    tile = work([[(0, 0)]], k_words=2, token_words=2)
    values = tile_values(tile.weight_index, (1, 3), (0, 2), 2, np.array([1.0]), x)
    assert values.words.tolist() == [[4, 5], [8, 9], [6, 7], [10, 11]]


def test_the_end_of_row_flag_marks_the_last_entry_of_each_row_and_unit() -> None:
    tile = work([[(0, 0), (0, 1), (1, 0)], [], [(1, 1)]])
    assert tile.ends_row().tolist() == [False, True, True, True]


def test_equal_digests_mean_equal_tiles() -> None:
    base = work([[(0, 0), (0, 1)], [(0, 2)]], banks=4)
    assert base.digest() == work([[(0, 0), (0, 1)], [(0, 2)]], banks=4).digest()
    others = [
        work([[(0, 0)], [(0, 1), (0, 2)]], banks=4),
        work([[(0, 0), (1, 1)], [(0, 2)]], banks=4),
        work([[(0, 0), (0, 1)], [(0, 2)]], banks=2),
        work([[(0, 0), (0, 1)], [(0, 2)]], banks=4, k_words=4),
        work([[(0, 0), (0, 1)], [(0, 2)]], banks=4, token_words=2),
        work([[(0, 0), (0, 1)], [(0, 2)]], banks=4, zero_words=[1]),
        work([[(0, 0), (0, 1)], [(0, 2)], []], banks=4),
    ]
    assert len({tile.digest() for tile in (base, *others)}) == 1 + len(others)
