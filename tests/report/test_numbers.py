"""Numbers as people read them."""

import math

import pytest

from simulator.report.numbers import common_scale, percent, quantity, significant, times


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1, "1.00"),
        (9.999, "10.00"),
        (0.0479, "0.0479"),
        (123.4, "123"),
        (16384.0, "16,400"),
        (math.inf, "∞"),
        (3.9e-10, "3.90e-10"),
    ],
)
def test_three_significant_digits(value: float, text: str) -> None:
    assert significant(value) == text


def test_one_unit_serves_a_whole_row() -> None:
    factor, unit = common_scale([3.4e-5, 4.9e-5, 5.66e-4], "s")
    assert (factor, unit) == (pytest.approx(1e6), "µs")


def test_units_are_prefixed() -> None:
    assert quantity(8.11e7, "pJ") == "81.1 µJ"
    assert quantity(0.301, "W") == "301 mW"
    assert quantity(3.98e-9, "J·s") == "3.98 nJ·s"
    assert quantity(7.35, "mm²") == "7.35 mm²"


def test_a_share_that_is_not_nothing_is_not_shown_as_nothing() -> None:
    assert [percent(share) for share in (0, 0.00001, 0.123)] == ["0 %", "<0.1 %", "12.3 %"]


def test_a_ratio() -> None:
    assert times(1.834) == "1.83×"
