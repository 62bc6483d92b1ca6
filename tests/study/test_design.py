"""Which design a machine is."""

from __future__ import annotations

import pytest

from simulator.machine import load_machine
from simulator.study.design import design_of


@pytest.mark.parametrize("name", ["crossbar", "hybrid", "replication", "partition", "systolic"])
def test_every_shipped_machine_is_what_its_name_says(name: str) -> None:
    assert design_of(load_machine(name)) == name


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        (["fabric.replicas=2", "fabric.banks=32"], "hybrid"),
        (["fabric.replicas=64", "fabric.banks=8"], "replication"),
        (["fabric.token_groups=2", "fabric.replicas=2"], "partition"),
        (["fabric.token_groups=64"], "partition"),
    ],
)
def test_one_key_makes_another_design(keys: list[str], kind: str) -> None:
    assert design_of(load_machine("crossbar-64", keys)) == kind
