"""`abs_topk`: masks of activations after a top-k: some channels nearly always on, and much the same from token to token."""

from __future__ import annotations

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
        chosen = _walk(logs, self._on(shape[0]), shape[1], self._keep(logs, seed), np.random.default_rng(seed))
        return np.sort((chosen * np.int64(shape[1]) + np.arange(shape[1])[:, None]).ravel())

    def _on(self, channels: int) -> int:
        return max(1, round(self.density * channels))

    def _keep(self, logs: NDArray[np.float64], seed: int) -> float:
        """Return the probability of kept noise at which consecutive tokens overlap by `jaccard`, by halving."""
        on = self._on(len(logs))
        if self.jaccard is None or on == len(logs):
            return 0.0

        tokens = min(128, max(16, _PROBED // len(logs)))

        def overlap(keep: float) -> float:
            return _jaccard(_walk(logs, on, tokens, keep, np.random.default_rng(seed)), len(logs))

        least = overlap(0.0)
        if self.jaccard < least - 0.02:
            raise OperandError(f"jaccard = {self.jaccard}: skew and density alone make tokens overlap by {least:.2f}; allowed: from there")
        low, high = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if overlap(middle) < self.jaccard else (low, middle)
        return (low + high) / 2


def _walk(logs: NDArray[np.float64], on: int, tokens: int, keep: float, generator: np.random.Generator) -> Places:
    """[tokens, on] channels of each token."""
    noise = generator.gumbel(size=len(logs))
    chosen = np.empty((tokens, on), dtype=np.int64)
    for token in range(tokens):
        chosen[token] = np.argpartition(-(logs + noise), on - 1)[:on]
        fresh = np.flatnonzero(generator.random(len(logs)) >= keep)
        noise[fresh] = generator.gumbel(size=len(fresh))
    return chosen


def _jaccard(chosen: Places, channels: int) -> float:
    """Mean overlap of consecutive tokens."""
    tokens, on = chosen.shape
    mask = np.zeros((tokens, channels), dtype=np.bool_)
    mask[np.arange(tokens)[:, None], chosen] = True
    shared = (mask[1:] & mask[:-1]).sum(axis=1)
    return float(np.mean(shared / (2 * on - shared)))
