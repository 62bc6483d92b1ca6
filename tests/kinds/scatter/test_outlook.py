"""How a product too large to be tried is cut: by what estimates cannot know, and the first tile shows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from simulator.engine.engines import ENGINES
from simulator.kinds.scatter.outlook import Cut, Outlook
from simulator.kinds.units.tries import TRIED_ENTRIES
from tests.strategies import machine, operation, run, sparse, workload

SIZES = {"units": 8, "banks": 8, "lanes": 1, "bank_kib": 1, "weight_bank_kib": 1, "output_bank_kib": 1, "accumulate_latency": 8}


def test_a_product_whose_rows_are_long_is_not_cut_into_tiles_of_few_tokens() -> None:
    """Eight rows of 400: a sum is added to every eight cycles, and a tile of more tokens has more sums to add to meanwhile."""
    random = np.random.default_rng(0)
    what = workload(operation(sparse(random, 8, 400, 1.0), np.ones((400, 16))))
    (one,) = what.operations
    assert one.weight.nnz * 16 > TRIED_ENTRIES
    cycles = {}
    for tokens in ("auto", 1, 2, 4, 8, 16):
        found = run(machine(SIZES, mapping={"dataflow": "scatter", "tokens_per_tile": tokens}), what, engine=ENGINES["compiled"])
        cycles[tokens] = found.activity.cycles
    assert cycles["auto"] == min(cycles.values()) < 0.5 * cycles[1]


def test_each_likely_shape_is_looked_at_once_and_the_quickest_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever it is: every other one is said to take three times as long as its busiest part."""
    random = np.random.default_rng(0)
    what = workload(operation(sparse(random, 60, 128, 0.5), np.ones((128, 16))))
    of = machine(SIZES | {"accumulate_latency": 1}, mapping={"dataflow": "scatter"})
    looked: list[tuple[int, int]] = []
    quickest = Outlook.quickest

    def patched(self: Outlook, first_tile: Callable[[Cut], int]) -> Cut:
        def told(cut: Cut) -> int:
            looked.append((cut.m_tile, cut.token_words))
            return 1 if len(looked) == 3 else 100 * first_tile(cut)

        return quickest(self, told)

    monkeypatch.setattr(Outlook, "quickest", patched)
    details = run(of, what, engine=ENGINES["compiled"]).activity.operations[0].details
    assert 3 <= len(looked) == len(set(looked)) <= 8
    assert details["token_words_per_tile"] == looked[2][1]
