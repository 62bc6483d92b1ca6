"""`abs_topk`: masks of activations after a top-k: some channels nearly always on, and much the same from token to token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from simulator.errors import OperandError
from simulator.workload.csr import check_size
from simulator.workload.patterns.base import Matrix, Places, Seeded
from simulator.workload.patterns.skewed import lognormal

_PROBED = 2**18
"""Channels, over all tokens, on which the persistence for a wanted overlap is found: of 16 to 128 tokens."""
_HALVINGS = 8
_SCORES_AT_ONCE = 2**15
"""Scores that are looked through at once; they stay in the cache."""
_NEARLY = 1e-11
"""Scores are below 100 and exact to some 1e-14."""


class AbsTopK(Seeded):
    """Every token (column) has exactly round(density × channels) channels on, chosen by weight and by a noise that persists.

    Channels have lognormal weights. A channel's score is the log of its weight and Gumbel noise, so that a token's
    channels are a draw by weight without repetition; from one token to the next a channel keeps its noise with a
    probability that is found so that consecutive tokens overlap as `jaccard` says.
    """

    pattern: Literal["abs_topk"] = Field(description="each token has the same number of channels on; channels skewed, tokens persistent")
    density: float = Field(gt=0, le=1, description="round(density × channels), at least 1, on for every token")
    channel_cv: float = Field(0.0, ge=0, le=100, description="coefficient of variation of the channels' latent weights")
    jaccard: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        None, description="mean overlap (intersection ÷ union) of the channels of consecutive tokens; default: that of independent tokens"
    )

    def nonzeros(self, shape: Matrix) -> int:
        """Return tokens × channels that are on."""
        return shape[1] * self._on(shape[0])

    def places(self, shape: Matrix, generator: np.random.Generator) -> Places:
        """Return the places of one walk over the tokens."""
        check_size(shape, shape[0] * shape[1])
        logs = np.log(lognormal(shape[0], self.channel_cv, generator))
        seed = int(generator.integers(2**63))
        keep = self._keep(logs, seed)
        chosen = np.empty(shape, dtype=np.bool_)
        _walk(logs, self._on(shape[0]), chosen.T, keep, seed, np.random.default_rng(seed).random)
        return np.flatnonzero(chosen).astype(np.int64, copy=False)

    def _on(self, channels: int) -> int:
        return max(1, round(self.density * channels))

    def _keep(self, logs: NDArray[np.float64], seed: int) -> float:
        """Return the probability of kept noise at which consecutive tokens overlap by `jaccard`, by halving."""
        on = self._on(len(logs))
        if self.jaccard is None or on == len(logs):
            return 0.0

        tokens = min(128, max(16, _PROBED // len(logs)))
        numbers = np.random.default_rng(seed).random((1 + 2 * tokens) * len(logs))
        chosen = np.empty((tokens, len(logs)), dtype=np.bool_)

        def overlap(keep: float) -> float:
            _walk(logs, on, chosen, keep, seed, _taken_from(numbers))
            return _jaccard(chosen)

        least = overlap(0.0)
        if self.jaccard < least - 0.02:
            raise OperandError(f"jaccard = {self.jaccard}: skew and density alone make tokens overlap by {least:.2f}; allowed: from there")
        low, high = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if overlap(middle) < self.jaccard else (low, middle)
        return (low + high) / 2


Reals = NDArray[np.float64]
Take = Callable[[int], Reals]
"""So many → the next uniform numbers of the generator of a seed, as `random` and `gumbel` take them, one for each of theirs."""
Chosen = NDArray[np.bool_]
"""[tokens, channels]"""


def _taken_from(numbers: Reals) -> Take:
    """Numbers that were drawn before: walks of one seed begin alike."""
    first = 0

    def take(count: int) -> Reals:
        nonlocal first
        first += count
        return numbers[first - count : first]

    return take


def _walk(logs: Reals, on: int, chosen: Chosen, keep: float, seed: int, take: Take) -> None:
    """Note in `chosen` the channels of each token; it lies in memory as whoever reads it next goes through it."""
    if not _quick_walk(logs, on, chosen, keep, take):
        _exact_walk(logs, on, chosen, keep, seed)


def _quick_walk(logs: Reals, on: int, chosen: Chosen, keep: float, take: Take) -> bool:
    """As `_exact_walk` chooses, several times sooner; False where only that one can tell.

    NumPy's logarithms of whole arrays are quicker than the generator's, and may differ from them in the last bits. That decides
    nothing unless the last score that is chosen and the first that is not are nearly the same.
    """
    noise = _noise(take(len(logs)))
    if noise is None:
        return False
    step = max(1, _SCORES_AT_ONCE // len(logs))
    for start in range(0, len(chosen), step):
        scores = np.empty((min(step, len(chosen) - start), len(logs)))
        fresh, numbers = [], []
        for _ in scores:
            fresh.append((take(len(logs)) >= keep).nonzero()[0])
            numbers.append(take(len(fresh[-1])))
        drawn = _noise(np.concatenate(numbers))
        if drawn is None:
            return False
        first = 0
        for score, channels in zip(scores, fresh, strict=True):
            np.add(logs, noise, out=score)
            noise[channels] = drawn[first : (first := first + len(channels))]
        least = _least_chosen(scores, on)
        if least is None:
            return False
        np.greater_equal(scores, least[:, None], out=chosen[start : start + step])
    return True


def _noise(numbers: Reals) -> Reals | None:
    """Gumbel noise of uniform numbers, but for its last bits; None where the generator would pass one over, the 0."""
    if numbers.min(initial=1.0) == 0.0:
        return None
    noise: Reals = np.subtract(1.0, numbers)
    for _ in range(2):
        np.negative(np.log(noise, out=noise), out=noise)
    return noise


def _least_chosen(scores: Reals, on: int) -> Reals | None:
    """[tokens] the `on`-th largest score; None where another one is nearly the same."""
    below = scores.shape[1] - on
    if not below:
        return np.asarray(scores.min(axis=1))
    parted = np.partition(scores, below, axis=1)
    least = parted[:, below]
    return None if np.any(least - parted[:, :below].max(axis=1) < _NEARLY) else least


def _exact_walk(logs: Reals, on: int, chosen: Chosen, keep: float, seed: int) -> None:
    """Every token chooses by the scores of the generator's own noise."""
    generator = np.random.default_rng(seed)
    noise = generator.gumbel(size=len(logs))
    chosen[:] = False
    for token in chosen:
        token[np.argpartition(-(logs + noise), on - 1)[:on]] = True
        fresh = np.flatnonzero(generator.random(len(logs)) >= keep)
        noise[fresh] = generator.gumbel(size=len(fresh))


def _jaccard(chosen: Chosen) -> float:
    """Mean overlap of consecutive tokens."""
    on = np.count_nonzero(chosen[0])
    shared = np.array([np.count_nonzero(both) for both in chosen[1:] & chosen[:-1]])
    return float(np.mean(shared / (2 * on - shared)))
