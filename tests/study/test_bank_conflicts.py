"""The engine's banks beside a GPU's: a cycle for each distinct word of the most wanted bank, and 1/3.53 of full rate at random."""

from __future__ import annotations

from collections import Counter
from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import Polynomial

from simulator.kinds.gather.reference import run_cluster
from simulator.study.bank_conflicts import BANKS, LANES, bank_conflicts, load_cycles
from tests.clusters import changed, run_compiled
from tests.strategies import BARE, work


def most_wanted(words: list[int]) -> int:
    """Distinct words of the bank that has most of them."""
    return max(Counter(word % BANKS for word in set(words)).values())


@given(st.lists(st.integers(0, 255), min_size=LANES, max_size=LANES))
def test_a_load_takes_a_cycle_for_each_distinct_word_of_the_most_wanted_bank(words: list[int]) -> None:
    assert load_cycles(words) == most_wanted(words)


@pytest.mark.parametrize("words", [1, 2, 5, 32])
def test_both_engines_take_as_much_longer_as_the_banks(words: int) -> None:
    """A whole cluster of 32 units with an entry each: what it takes beyond a load without conflicts is what the banks do."""
    spec = changed(BARE, units=LANES, banks=BANKS, bank_queue=LANES, accumulators=LANES, reply_depth=LANES, multicast=True, network="ideal")

    def cycles(wanted: list[int]) -> list[int]:
        tile = work([[(lane, word)] for lane, word in enumerate(wanted)], banks=BANKS, k_words=BANKS * LANES)
        return [run_cluster(spec, tile, None).cycles, run_compiled(spec, tile).cycles]

    colliding = [BANKS * lane if lane < words else lane for lane in range(LANES)]
    free, slowed = cycles(list(range(LANES))), cycles(colliding)
    assert [late - early for late, early in zip(slowed, free, strict=True)] == [words - 1, words - 1]
    assert load_cycles(colliding) == words


def expected_largest(balls: int, bins: int) -> float:
    """Mean of the largest of `balls` thrown into `bins`: P(largest ≤ k) = balls!/bins^balls · [x^balls] (Σ_{j ≤ k} x^j/j!)^bins."""
    mean = 0.0
    for most in range(balls):
        series = Polynomial([1 / factorial(j) for j in range(most + 1)])
        power = Polynomial([1.0])
        for _ in range(bins):
            power = (power * series).cutdeg(balls)
        at_most = power.coef[balls] if power.degree() >= balls else 0.0
        mean += 1 - at_most * factorial(balls) / bins**balls
    return mean


def test_the_mean_of_the_largest_by_hand() -> None:
    # 3 into 2: 2 of 8 ways put all three together, the others two
    assert expected_largest(3, 2) == pytest.approx(2.25)


def test_random_words_run_at_the_measured_share_of_full_rate() -> None:
    found = bank_conflicts()
    exact = 1 / expected_largest(LANES, BANKS)
    assert exact == pytest.approx(1 / 3.53, abs=5e-4)
    assert found.measured_random_rate == pytest.approx(0.280, abs=5e-4)
    # 400 loads of a deviation of 0.77 cycles: 0.3 % of the rate is one standard error of 0.0031
    assert found.model_random_rate == pytest.approx(exact, abs=0.0093)
    assert found.model_random_rate == pytest.approx(found.measured_random_rate, rel=0.05)


def test_the_measured_cycles_are_two_a_word_and_a_little() -> None:
    """From two distinct words on; a load without conflicts is bound by something else, and takes as long as two words do."""
    conflicts = bank_conflicts().conflicts
    assert [entry.words for entry in conflicts] == [1, 2, 3, 4, 5, 6]
    assert all(entry.measured_cycles == pytest.approx(2 * entry.words + 0.6, abs=0.02) for entry in conflicts[1:])
    assert conflicts[0].measured_cycles == pytest.approx(4.57, abs=0.01)
    assert [entry.model_cycles for entry in conflicts] == [1, 2, 3, 4, 5, 6]
