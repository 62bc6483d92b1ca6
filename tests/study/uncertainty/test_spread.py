"""Bands worked out by hand, and what must hold of any."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.study.uncertainty import Spread

POSITIVE = st.floats(1e-3, 1e3)
SPREADS = st.integers(0, 6).flatmap(
    lambda count: st.builds(
        lambda nominal, low, high: Spread(nominal, np.array(low), np.array(high)),
        POSITIVE,
        st.lists(POSITIVE, min_size=count, max_size=count),
        st.lists(POSITIVE, min_size=count, max_size=count),
    )
)


def test_one_constant_at_a_time() -> None:
    band = Spread(10.0, np.array([8.0, 11.0]), np.array([13.0, 9.0])).extreme
    assert (band.low, band.high) == (8.0, 13.0)


def test_all_constants_together_add_in_squares_of_logarithms() -> None:
    # up: e^0.3 and e^0.4, hence e^0.5; down: only the first, e^-0.2
    band = Spread(10.0, np.array([10 * math.exp(-0.2), 10.0]), np.array([10 * math.exp(0.3), 10 * math.exp(0.4)])).combined
    assert band.high == pytest.approx(10 * math.exp(0.5))
    assert band.low == pytest.approx(10 * math.exp(-0.2))


def test_a_constant_that_only_raises_does_not_lower() -> None:
    band = Spread(2.0, np.array([3.0]), np.array([4.0])).combined
    assert (band.low, band.high) == (2.0, pytest.approx(4.0))


def test_without_factors_there_is_no_band() -> None:
    spread = Spread(3.0, np.array([]), np.array([]))
    assert spread.combined.low == spread.combined.high == spread.extreme.low == 3.0


@given(SPREADS)
def test_a_band_holds_the_nominal_and_the_combined_one_the_extreme(spread: Spread) -> None:
    single, together = spread.extreme, spread.combined
    assert single.low <= spread.nominal <= single.high
    assert together.low <= single.low * (1 + 1e-12)
    assert together.high >= single.high * (1 - 1e-12)


@given(SPREADS)
def test_a_ratio_with_itself_is_one_and_has_no_band(spread: Spread) -> None:
    ratio = spread / spread
    assert ratio.nominal == 1.0
    assert (ratio.extreme.low, ratio.extreme.high, ratio.combined.low, ratio.combined.high) == (1.0, 1.0, 1.0, 1.0)
    assert not ratio.swing.any()


@given(SPREADS)
def test_the_inverse_ratio_has_the_inverse_band(spread: Spread) -> None:
    one = Spread(1.0, np.ones_like(spread.low), np.ones_like(spread.high))
    there, back = (spread / one).combined, (one / spread).combined
    assert there.low * back.high == pytest.approx(1.0)
    assert there.high * back.low == pytest.approx(1.0)
