"""Grouped products (mixture of experts): which tokens go to which expert."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt, model_validator

from simulator.specs import FileModel
from simulator.workload.generate import derived_seed


class ExpertsSpec(FileModel):
    """A routing: every token goes to `top_k` different experts, drawn by how popular they are."""

    count: PositiveInt = Field(le=4096, description="experts, each with a W of its own")
    top_k: PositiveInt = Field(1, description="experts of a token")
    skew: float = Field(0.0, ge=0, le=10, description="how unevenly experts are liked: σ of their log-normal popularity; 0: all alike")
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(0, description="seed of the routing, beside the workload's; equal ones are alike")

    @model_validator(mode="after")
    def _enough_experts(self) -> ExpertsSpec:
        if self.top_k > self.count:
            raise ValueError(f"top_k: found {self.top_k}; allowed: at most count = {self.count}")
        return self


def routed_tokens(spec: ExpertsSpec, tokens: int, base_seed: int) -> tuple[NDArray[np.int64], ...]:
    """Tokens of each expert, ascending; an expert may have none.

    Popularity is exp(skew · z), z normal. A token takes the `top_k` experts with the largest log popularity + Gumbel noise, which
    draws them without replacement in proportion to popularity.
    """
    random = np.random.default_rng(derived_seed(base_seed, f"experts/{spec.seed}", "routing"))
    liked = spec.skew * random.standard_normal(spec.count) + random.gumbel(size=(tokens, spec.count))
    chosen = np.argpartition(-liked, spec.top_k - 1, axis=1)[:, : spec.top_k]
    return tuple(np.flatnonzero((chosen == expert).any(axis=1)) for expert in range(spec.count))
