"""One machine to an area: what comparing it at equal area would make of it."""

from __future__ import annotations

import pytest
from round_numbers import round_machine

from simulator import equalise, load_workload
from simulator.errors import ConfigError
from simulator.study.sizing.scale import own_area_mm2, within_area


def test_a_machine_alone_is_sized_as_in_a_comparison() -> None:
    machines = [round_machine(name) for name in ("crossbar", "hybrid", "replication", "partition", "systolic")]
    model, *others = machines
    compared = equalise(machines, "area", load_workload("spmm-1024"))
    for machine, expected in zip(others, compared[1:], strict=True):
        found = within_area(machine, own_area_mm2(model), model)
        assert (found.machine, found.achieved, found.next_size) == (expected.machine, expected.achieved, expected.next_size)


def test_the_next_size_would_be_too_large() -> None:
    found = within_area(round_machine("replication"), 5.0)
    assert found.achieved <= 5.0 < (found.next_size or 0.0)
    assert found.achieved == own_area_mm2(found.machine)


def test_an_area_that_no_size_has_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"crossbar: 0\.1 mm² is too small .* at 64 units"):
        within_area(round_machine("crossbar"), 0.1)
