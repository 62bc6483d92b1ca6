"""The quick walk over tokens chooses what the exact one does, and leaves to it what it cannot decide."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.workload.patterns import abs_topk
from simulator.workload.patterns.abs_topk import AbsTopK, _exact_walk, _noise, _taken_from, _walk


@given(
    channels=st.integers(1, 40),
    share=st.floats(0, 1),
    tokens=st.integers(1, 9),
    keep=st.sampled_from([0.0, 0.3, 0.9, 1.0]),
    cv=st.sampled_from([0.0, 2.0]),
    seed=st.integers(0, 2**32),
)
def test_it_chooses_what_the_exact_walk_does(channels: int, share: float, tokens: int, keep: float, cv: float, seed: int) -> None:
    logs, on = cv * np.random.default_rng(seed + 1).normal(size=channels), max(1, round(share * channels))
    exact, quick = np.empty((tokens, channels), dtype=np.bool_), np.empty((channels, tokens), dtype=np.bool_).T
    _exact_walk(logs, on, exact, keep, seed)
    assert (exact.sum(axis=1) == on).all()
    before = np.random.default_rng(seed).random((1 + 2 * tokens) * channels)
    for take in (np.random.default_rng(seed).random, _taken_from(before)):
        quick[:] = ~exact
        _walk(logs, on, quick, keep, seed, take)
        assert (quick == exact).all()


def test_noise_is_the_generators() -> None:
    noise = _noise(np.random.default_rng(3).random(5000))
    assert noise is not None
    assert np.abs(noise - np.random.default_rng(3).gumbel(size=5000)).max() < abs_topk._NEARLY / 100


@pytest.mark.parametrize("numbers", ["nearly the same", "a zero"])
def test_what_is_not_certain_is_left_to_the_exact_walk(numbers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pattern = AbsTopK(pattern="abs_topk", density=0.25, channel_cv=1.0, jaccard=0.4)
    expected = pattern.places((64, 12), np.random.default_rng(1))
    asked = []
    if numbers == "a zero":
        monkeypatch.setattr(abs_topk, "_noise", lambda numbers: None)
    else:
        monkeypatch.setattr(abs_topk, "_NEARLY", np.inf)
    monkeypatch.setattr(abs_topk, "_exact_walk", lambda *givens: asked.append(givens) or _exact_walk(*givens))
    assert pattern.places((64, 12), np.random.default_rng(1)).tolist() == expected.tolist()
    assert len(asked) == 10
    assert _noise(np.array([0.5, 0.0])) is None
