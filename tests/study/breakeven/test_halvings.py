"""How often a bracket is halved is known before."""

import pytest

from simulator.study.breakeven.crossings import Scale, find_crossings, halvings


@pytest.mark.parametrize(
    "scale", [Scale(0.001, 1.0, logarithmic=True), Scale(0.0, 9.0, logarithmic=False), Scale(1.0, 64.0, logarithmic=True).of_integers()]
)
@pytest.mark.parametrize("points", [2, 5, 11])
@pytest.mark.parametrize("tolerance", [0.5, 0.02, 0.001])
def test_a_crossing_in_the_upper_bracket_is_halved_so_often(scale: Scale, points: int, tolerance: float) -> None:
    lower, upper = scale.spaced(points)[-2:]
    asked: list[int] = []

    def ratios(values: object) -> dict[float, float | None]:
        found = {value: value - (lower + 0.37 * (upper - lower)) for value in values}  # type: ignore[attr-defined]
        asked.append(len(found))
        return dict(found)

    find_crossings(ratios, scale, points=points, tolerance=tolerance)
    most = halvings(scale, points=points, tolerance=tolerance)
    assert asked[1:] == [1] * len(asked[1:])
    assert most - 3 * scale.integers <= len(asked[1:]) <= most


def test_a_range_of_one_integer_has_nothing_to_halve() -> None:
    assert halvings(Scale(3.0, 3.0, logarithmic=True, integers=True), points=11, tolerance=0.02) == 0
