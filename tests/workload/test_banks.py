"""Estimates of bank conflicts and loads, by hand, and what they promise in the simulator."""

from pathlib import Path

import numpy as np
import pytest

from simulator import load_machine, load_workload, simulate
from simulator.workload.blocks import Stack
from simulator.workload.csr import coordinates_csr
from simulator.workload.operands import weight
from simulator.workload.patterns.plain import uniform
from simulator.workload.stats import bank_stats, xor_fold
from simulator.workload.types import Weight


def of(shape: tuple[int, int], *places: tuple[int, int]) -> Weight:
    rows, columns = (np.array(part, dtype=np.int64) for part in zip(*places, strict=True))
    return weight(Stack(1, coordinates_csr(shape, rows, columns, None)))


def test_strides_collide_and_folding_spreads_them() -> None:
    stats = bank_stats(of((1, 1024), *((0, 32 * step) for step in range(32))))
    assert (stats.conflict32, stats.conflict32_hashed, stats.load32_max_over_mean) == (32, 1, 32)
    neighbours = bank_stats(of((1, 1024), *((0, 7 + step) for step in range(32))))
    assert (neighbours.conflict32, neighbours.load32_max_over_mean) == (1, 1)


def test_a_repeated_column_is_one_word_and_a_partial_window_is_left_out() -> None:
    same = bank_stats(of((32, 64), *((row, 5) for row in range(32))))
    assert same.conflict32 == 1
    assert bank_stats(of((1, 64), *((0, step) for step in range(31)))).conflict32 == 0
    two = [(0, step) for step in range(32)] + [(1, 32 * (step % 2) + step // 2) for step in range(32)] + [(2, 0)]
    assert bank_stats(of((3, 64), *two)).conflict32 == (1 + 2) / 2


def test_tiles_and_folds() -> None:
    assert bank_stats(of((128, 64), (0, 0), (1, 1))).tile64_cv == 1
    assert bank_stats(of((64, 64), (0, 0))).tile64_cv == 0
    assert xor_fold(np.array([0, 33, 1023, 1024])).tolist() == [0, 0, 0, 1]


def test_a_dense_matrix_has_no_conflict_whichever_way_it_is_counted() -> None:
    assert bank_stats(weight(Stack(1, uniform((8, 64), 512, 0)))).conflict32 == 1


def test_uniform_masks_conflict_about_as_32_balls_in_32_urns() -> None:
    assert bank_stats(weight(Stack(1, uniform((512, 4096), 40_000, 0)))).conflict32 == pytest.approx(3.5, abs=0.08)


@pytest.mark.parametrize(
    ("pattern", "conflicts"), [("bank_balanced, density: 0.125, banks: 64, units: 64", False), ("per_row, count: 64", True)]
)
def test_a_bank_balanced_mask_makes_the_crossbar_free_of_conflicts(tmp_path: Path, pattern: str, conflicts: bool) -> None:
    file = tmp_path / "w.yaml"
    operation = f"{{name: a, kind: SpMM, shape: {{m: 128, k: 512, n: 16}}, weight: {{pattern: {pattern}}}, activation: {{pattern: dense}}}}"
    file.write_text(f"name: w\noperations:\n  - {operation}\n")
    machine = load_machine("crossbar-64", ["mapping.placement=interleaved", "mapping.assignment=round_robin"])
    causes = simulate(machine, load_workload(file)).unit_cycles
    assert (causes["bank_conflict"] > 0, causes["imbalance"] + causes["network_contention"] > 0) == (conflicts, conflicts)
