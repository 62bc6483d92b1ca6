"""Fronts, hypervolumes, effects and crossings, against definitions and by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.study.breakeven.crossings import Crossing, Ratios, Scale, Scan, search_crossings, searched_together
from simulator.study.sweep.analysis import best_points, hypervolume, main_effects, non_dominated, pareto_front
from simulator.study.sweep.study import Row

POINTS = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 4), min_size=width, max_size=width), min_size=1, max_size=12)
)


def _row(place: int, broken: tuple[str, ...] = (), **record: float) -> Row:
    return Row(place, str(place), {"a": place % 2, "b": place // 2}, record, broken=broken)


@given(POINTS)
def test_the_front_is_what_no_other_point_dominates(points: list[list[int]]) -> None:
    figures = np.array(points, dtype=float)
    kept = non_dominated(figures)
    for index, point in enumerate(figures):
        beaten = any((other <= point).all() and (other < point).any() for other in figures)
        twin_kept = any((figures[other] == point).all() for other in kept)
        assert twin_kept == (not beaten), index
    assert len({tuple(figures[index]) for index in kept}) == len(kept)


@given(POINTS)
def test_hypervolume_is_the_share_of_cells_that_are_dominated(points: list[list[int]]) -> None:
    figures = np.array(points, dtype=float) / 5
    width = figures.shape[1]
    cells = np.array(np.meshgrid(*[np.arange(5) / 5] * width)).reshape(width, -1).T
    dominated = (figures[None] <= cells[:, None] + 1e-9).all(axis=2).any(axis=1).mean()
    assert hypervolume(figures) == pytest.approx(dominated)


def test_what_breaks_a_constraint_is_no_part_of_the_front_and_its_price_is_told() -> None:
    rows = [_row(0, seconds=2.0, area=1.0), _row(1, ("area < 2",), seconds=1.0, area=3.0)]
    assert [row.place for row in pareto_front(rows, {"seconds": "min", "area": "min"}).rows] == [0]
    (best,) = best_points(rows, {"seconds": "min"}, ["area < 2"])
    assert (best.row.place, best.without["area < 2"].place) == (0, 1)


def test_main_effects_of_a_product_are_its_factors() -> None:
    rows = [_row(place, seconds=3.0 ** (place % 2) * 2.0 ** (place // 2)) for place in range(4)]
    effects = main_effects(rows, ["seconds"])
    assert [(effect.path, round(effect.ratio, 9)) for effect in effects] == [("a", 3.0), ("b", 2.0)]
    assert sum(effect.share for effect in effects) == pytest.approx(1.0)


Tell = Callable[[Sequence[float]], Ratios]


def find_crossings(ratios: Tell, scale: Scale, *, points: int, tolerance: float) -> Scan:
    """What one search finds."""
    search = {"only": search_crossings(scale, points=points, tolerance=tolerance)}
    return searched_together(search, lambda looks: {"only": ratios(looks["only"].values)})["only"]


@given(st.lists(st.floats(1.5, 900.0), min_size=1, max_size=3, unique=True))
def test_every_crossing_that_the_scan_tells_apart_is_found(roots: list[float]) -> None:
    roots = sorted(roots)
    scale = Scale(1.0, 1000.0, logarithmic=True)
    grid = scale.spaced(40)
    apart = [sum(low <= root < high for root in roots) for low, high in pairwise(grid)]
    if max(apart) > 1 or any(root in grid for root in roots):
        return

    def ratios(values: Sequence[float]) -> Mapping[float, float | None]:
        return {value: math.prod(math.log(value / root) for root in roots) for value in values}

    found = find_crossings(ratios, scale, points=40, tolerance=0.01).crossings
    assert [crossing.low <= root <= crossing.high for crossing, root in zip(found, roots, strict=True)] == [True] * len(roots)
    assert all(crossing.high / crossing.low <= 1.01 + 1e-9 for crossing in found)


def _given(figures: Ratios) -> tuple[list[float], Tell]:
    """A log of the values that were asked for, and a function that has figures at these alone."""
    asked: list[float] = []

    def ratios(values: Sequence[float]) -> dict[float, float | None]:
        asked.extend(values)
        return {value: figures[value] for value in values}

    return asked, ratios


def test_a_crossing_is_bracketed_across_a_hole() -> None:
    scan = find_crossings(
        lambda values: {value: None if 4 < value < 6 else value - 5 for value in values},
        Scale(0, 10, logarithmic=False),
        points=11,
        tolerance=0.01,
    )
    assert (scan.missing, scan.crossings) == ((5.0,), (Crossing(4.0, 6.0, "first", "second", 5.0),))


@pytest.mark.parametrize("logarithmic", [True, False])
@pytest.mark.parametrize("root", [6.5, 7.5, 99.5])
def test_integers_are_asked_once_each_and_neighbours_end_the_search(root: float, logarithmic: bool) -> None:
    asked, ratios = _given({float(value): value - root for value in range(2, 101)})
    scan = find_crossings(ratios, Scale(1.5, 100.5, logarithmic=logarithmic).of_integers(), points=11, tolerance=1e-6)
    (crossing,) = scan.crossings
    assert (crossing.low, crossing.high, crossing.exact) == (root - 0.5, root + 0.5, False)
    assert (min(asked), max(asked), len(asked)) == (2.0, 100.0, len(set(asked)))
    assert len(asked) < 20


def test_all_integers_of_a_short_range_are_scanned() -> None:
    assert Scale(1.0, 7.9, logarithmic=True).of_integers().spaced(7) == [1, 2, 3, 4, 5, 6, 7]
    assert Scale(3.0, 3.0, logarithmic=True, integers=True).spaced(2) == [3]


@pytest.mark.parametrize(
    ("signs", "crossings"),
    [
        ([0, 1e-13, 0], []),
        ([-1, 0, 1], [Crossing(1, 3, "first", "second", 2, exact=True)]),
        ([-1, 0, -1], [Crossing(1, 2, "first", "equal", 1.5), Crossing(2, 3, "equal", "first", 2.5)]),
        ([0, 0, 1], [Crossing(2, 3, "equal", "second", 2.5)]),
        ([1, 0, 0, -1], [Crossing(1, 2, "second", "equal", 1.5), Crossing(3, 4, "equal", "first", 3.5)]),
        ([-1, None, None, 1], [Crossing(1, 4, "first", "second", 2.5)]),
        ([None, None], []),
    ],
)
def test_that_both_are_equal_is_a_state_of_its_own(signs: list[float | None], crossings: list[Crossing]) -> None:
    _, ratios = _given({float(index): sign for index, sign in enumerate(signs, start=1)})
    scale = Scale(1.0, float(len(signs)), logarithmic=False, integers=True)
    assert find_crossings(ratios, scale, points=10, tolerance=1e-6).crossings == tuple(crossings)
