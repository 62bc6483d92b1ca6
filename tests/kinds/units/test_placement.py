import numpy as np
import pytest

from simulator.kinds.units.placement import PLACEMENTS, hashed, interleaved


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
