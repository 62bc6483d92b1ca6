from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.errors import MappingError
from simulator.kinds import kind_of
from simulator.kinds.units.placement import PLACEMENTS, hashed, interleaved
from simulator.machine import Machine
from tests.strategies import machine, operation, run, sparse, workload


def test_interleaved_is_modulo() -> None:
    assert interleaved(7, 3).tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_hashed_folds_the_digits_of_the_index() -> None:
    assert hashed(12, 4).tolist() == [0, 1, 2, 3, 1, 0, 3, 2, 2, 3, 0, 1]
    assert hashed(64, 4)[0b10_11_01] == 0b10 ^ 0b11 ^ 0b01


@pytest.mark.parametrize("banks", [1, 2, 4, 8, 64, 1024])
def test_hashed_uses_every_bank_once_in_each_aligned_run(banks: int) -> None:
    runs = hashed(banks * 37, banks).reshape(37, banks)
    assert (np.sort(runs, axis=1) == np.arange(banks)).all()


@pytest.mark.parametrize("name", ["interleaved", "hashed"])
@pytest.mark.parametrize(("words", "banks"), [(0, 4), (1, 8), (5, 4), (64, 8), (100, 16)])
def test_no_bank_holds_more_than_its_share(name: str, words: int, banks: int) -> None:
    bank = PLACEMENTS[name](words, banks)
    assert len(bank) == words
    assert bank.dtype == np.int32
    assert np.bincount(bank, minlength=banks).max() == -(-words // banks)


def test_hashed_spreads_a_stride_that_interleaving_sends_to_one_bank() -> None:
    stride = np.arange(16) * 16
    assert len(set(interleaved(256, 16)[stride].tolist())) == 1
    assert len(set(hashed(256, 16)[stride].tolist())) == 16


def from_file(folder: Path, dataflow: str, banks: list[int], **fabric: Any) -> Machine:
    """A copy of 4 banks, each of 16 words or of 8 words of partial sums, which are twice as wide, placed by the file."""
    np.save(folder / "banks.npy", np.array(banks, dtype=np.int16))
    mapping = {"dataflow": dataflow, "placement": "file", "placement_file": str(folder / "banks.npy")}
    return machine(fabric, mapping=mapping)


IN_TURN = [word % 4 for word in range(64)]
FILLED = [word // 8 for word in range(32)]
"""Eight words a bank, one bank after the other."""


@pytest.mark.parametrize(
    ("dataflow", "words"), [("gather", IN_TURN), ("scatter", IN_TURN), ("scatter", FILLED), ("scatter", IN_TURN[:32]), ("both", IN_TURN)]
)
def test_a_file_places_what_the_banks_hold(tmp_path: Path, dataflow: str, words: list[int]) -> None:
    of = from_file(tmp_path, dataflow, words)
    kind_of(of).check_files(of)


@pytest.mark.parametrize(
    ("dataflow", "words", "message"),
    [
        ("gather", IN_TURN[:32], "at least 64 words$"),
        ("both", IN_TURN[:32], "at least 64 words$"),
        ("scatter", IN_TURN[:31], "at least 32 words of partial sums$"),
        ("gather", [0, *IN_TURN[1:63], 0], "one bank is given 17 words, but holds 16"),
        # 16 to a bank is what it holds of activations, and twice what it holds of sums
        ("scatter", [word // 16 for word in range(64)], "one bank is given 16 words of partial sums, but holds 8"),
        ("both", [word // 16 for word in range(64)], "one bank is given 16 words of partial sums, but holds 8"),
        ("scatter", [*IN_TURN[:31], 4], "bank indices run from 0 to 4; allowed are 0 to 3"),
    ],
)
def test_a_file_that_does_not_place_them_is_refused(tmp_path: Path, dataflow: str, words: list[int], message: str) -> None:
    of = from_file(tmp_path, dataflow, words)
    with pytest.raises(MappingError, match=message):
        kind_of(of).check_files(of)


@pytest.mark.parametrize(("banks", "busiest"), [(IN_TURN[:32], 16), (FILLED, 32)])
def test_sums_are_where_the_file_places_them(tmp_path: Path, banks: list[int], busiest: int) -> None:
    """Sixteen rows of four nonzeros: 64 accumulations, by all four banks or by the two that eight sums a bank fill."""
    random = np.random.default_rng(5)
    what = workload(operation(sparse(random, 16, 4, 1.0), sparse(random, 4, 2, 1.0)))
    timing = run(from_file(tmp_path, "scatter", banks), what)
    assert timing.activity.bounds.bank_cycles == busiest
    assert timing.activity.operations[0].compute_cycles >= busiest
    only = what.operations[0]
    assert np.array_equal(timing.outputs["op"], only.weight.to_dense() @ only.activations.values())
