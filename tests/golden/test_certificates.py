"""What is said of the shipped machines and single steps from them is what simulating says."""

from __future__ import annotations

import random

import pytest

from simulator import load_machine, load_workload
from simulator.study.sizing.certificate import Certificate
from simulator.study.sizing.runner import InTurn
from simulator.study.sizing.scale import rebuilt
from simulator.study.sizing.steps import single_steps
from tests.golden import flagship
from tests.golden.certificates import KEPT, SHIPPED, WORKLOAD, certificate, figures, key_of, of_this_version, recorded, steps_of

RECORD = "python -m tests.golden.certificates"
DRAWN = 2


@pytest.mark.parametrize("name", SHIPPED)
def test_every_single_step_from_the_shipped_machine_is_recorded(name: str) -> None:
    machine, entry = load_machine(name), recorded()[name]
    assert entry["key"] == key_of(machine), f"{name} is another machine than its certificate is of; record it: {RECORD} {name}"
    assert [step["keys"] for step in entry["steps"]] == [dict(keys) for keys, _ in steps_of(machine)]
    for objective in ("time", "energy", "edap"):
        held = certificate(name, objective)  # type: ignore[arg-type]
        assert held.holds == (not held.better)
        assert all(each.ratio is not None or each.why for each in held.neighbours)


@pytest.mark.parametrize("name", SHIPPED)
def test_no_single_step_from_a_shipped_machine_is_better_by_the_objective_that_it_is_for(name: str) -> None:
    held = certificate(name, "edap", KEPT)
    assert held.neighbours
    assert held.holds, f"{held.better}: `sparsim sweep best` finds other sizes"


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "replication" and not name.startswith("systolic")])
def test_steps_that_are_drawn_come_out_as_recorded(name: str) -> None:
    entry, machine, runner = recorded()[name], load_machine(name), InTurn(load_workload(WORKLOAD))
    if not of_this_version(entry):
        pytest.skip(f"recorded under {entry['version']}: {RECORD} {name}")
    assert figures(runner, machine) == pytest.approx(entry["own"], rel=1e-11)
    for step in random.Random(name).sample(entry["steps"], DRAWN):
        there = rebuilt(machine, step["keys"])
        assert there is not None
        found = figures(runner, there)
        told = {key: value for key, value in step.items() if key != "keys"}
        assert found == (told if "why" in told else pytest.approx(told, rel=1e-11))


@pytest.mark.parametrize("name", recorded(flagship.FILE))
def test_no_single_step_from_a_flagship_machine_is_better(name: str) -> None:
    machine, entry = load_machine(f"flagship/{name}"), recorded(flagship.FILE)[name]
    assert entry["key"] == key_of(machine), f"record it: python -m tests.golden.flagship {name}"
    certificate = Certificate.from_dict(entry["certificate"])
    assert certificate.holds
    steps = single_steps(machine, flagship.KEPT)
    assert [dict(each.keys) for each in certificate.neighbours] == [dict(step.keys) for step in steps]
    assert all(each.ratio is not None or each.why for each in certificate.neighbours)
