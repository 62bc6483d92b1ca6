"""How many values a search for crossings still asks for is known before it asks."""

import math

import pytest

from simulator.study.breakeven.crossings import Look, Scale, search_crossings

SCALES = [Scale(0.001, 1.0, logarithmic=True), Scale(0.0, 9.0, logarithmic=False), Scale(1.0, 64.0, logarithmic=True).of_integers()]


def looks(scale: Scale, points: int, tolerance: float, waves: float) -> list[Look]:
    """All that a search asks for, where the better one changes several times."""
    search = search_crossings(scale, points=points, tolerance=tolerance)
    asked = [next(search)]
    while True:
        try:
            positions = {value: (scale.position(value) - scale.position(scale.low)) / (scale.length or 1.0) for value in asked[-1].values}
            asked.append(search.send({value: math.sin(0.3 + waves * at) for value, at in positions.items()}))
        except StopIteration:
            return asked


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("points", [2, 5, 11])
@pytest.mark.parametrize("tolerance", [0.5, 0.02, 0.001])
@pytest.mark.parametrize("waves", [4.0, 9.0])
def test_what_is_left_falls_by_what_is_asked_and_is_never_more(scale: Scale, points: int, tolerance: float, waves: float) -> None:
    scan, *halved = looks(scale, points, tolerance, waves)
    assert (scan.values, scan.crossings) == (tuple(scale.spaced(points)), 0)
    left = [len(look.values) + look.later for look in halved]
    assert all(after <= before - len(look.values) for look, before, after in zip(halved, left, left[1:], strict=False))
    assert [look.crossings for look in halved] == [len(look.values) for look in halved]
    if halved and scale.logarithmic and not scale.integers:
        assert left[0] == sum(len(look.values) for look in halved), "both halves of a ratio take as many"


def test_a_range_of_one_integer_has_nothing_to_halve() -> None:
    assert len(looks(Scale(3.0, 3.0, logarithmic=True, integers=True), 11, 0.02, 0.0)) == 1
