"""Every shipped sweep loads, and every combination of it is a machine and a workload."""

import pytest

from simulator.explore.load import load_sweep
from simulator.explore.point import Invalid, Point
from simulator.files import config_names


@pytest.mark.parametrize("name", config_names("sweeps"))
def test_every_combination_can_be_built(name: str) -> None:
    space = load_sweep(name)
    assert space.spec.name == name
    points = [space.resolve(place) for place in space.places()]
    assert [point.reason for point in points if isinstance(point, Invalid)] == []
    assert any(isinstance(point, Point) for point in points)
