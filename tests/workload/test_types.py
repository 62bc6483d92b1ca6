"""Operands in memory."""

import numpy as np
import pytest

from simulator.workload.types import Activations


@pytest.mark.parametrize("lanes", [1, 2, 3, 4, 6, 8, 12, 16, 24, 64])
@pytest.mark.parametrize("tokens", [1, 5, 16, 48, 50])
def test_a_word_is_there_where_any_of_its_lanes_is(tokens: int, lanes: int) -> None:
    mask = np.random.default_rng(tokens).random((tokens, 9)).T < 0.1
    words = Activations(mask.shape, mask, None, "").words(lanes)
    assert words is not None
    assert words.tolist() == [mask[:, start : start + lanes].any(axis=1).tolist() for start in range(0, tokens, lanes)]


def test_words_of_what_is_dense_are_all_there() -> None:
    assert Activations((9, 5), None, None, "").words(4) is None
