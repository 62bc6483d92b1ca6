"""Every shipped sweep loads, and every combination of it is a machine and a workload."""

from dataclasses import replace

import pytest

from simulator.specs import config_names
from simulator.study.sweep.inputs import Scaled, SizeSearch
from simulator.study.sweep.point import Invalid, Point
from simulator.study.sweep.reading import load_sweep


def unsearched(search: SizeSearch) -> Scaled:
    """The sizes that the file has: a search takes minutes, or hours on a large model, and test_best holds what it finds."""
    return Scaled(search.machine, {})


SMALLER = {"scale": ["where=[fabric.units < 1024]"]}
"""Tracing every route of seven networks of 1,024 ports takes a minute."""


@pytest.mark.parametrize("name", config_names("sweeps"))
def test_every_combination_can_be_built(name: str) -> None:
    space = replace(load_sweep(name, SMALLER.get(name, ())), search=unsearched)
    assert space.spec.name == name
    points = [space.resolve(at) for at in space.coordinates()]
    assert [point.reason for point in points if isinstance(point, Invalid)] == []
    assert any(isinstance(point, Point) for point in points)
