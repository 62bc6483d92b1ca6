"""A search by steps looks first at what promises most: what it saw of a way, or the opposite of what it took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.machine import load_machine
from simulator.study.sizing.outlook import UNKNOWN, Outlook
from simulator.study.sizing.steps import Step

MACHINE = load_machine("crossbar")


def _step(keys: Mapping[str, Any]) -> Step:
    step = Step.of(MACHINE, keys)
    assert step is not None
    return step


LARGER, SMALLER = _step({"fabric.window": 16}), _step({"fabric.window": 4})
SHALLOWER, WIDER = _step({"fabric.network.depth": 2}), _step({"trunks.x_bytes_per_cycle": 1024})


def test_a_way_back_is_the_way_of_the_step_that_goes_there() -> None:
    assert LARGER.way == ("fabric.window up",) == SMALLER.back
    again = Step.of(LARGER.machine, {"fabric.window": 8})
    assert again is not None
    assert again.way == LARGER.back
    assert _step({"fabric.multicast": False}).back == ("fabric.multicast True",)


def test_a_step_promises_what_the_last_of_its_way_came_to() -> None:
    outlook = Outlook()
    assert not outlook.knows(LARGER)
    assert outlook.of(LARGER) == UNKNOWN
    outlook.saw(LARGER, 0.8)
    assert outlook.knows(LARGER)
    farther = Step.of(LARGER.machine, {"fabric.window": 32})
    assert farther is not None
    assert outlook.of(farther) == 0.8
    assert not outlook.knows(SMALLER)


def test_the_way_back_loses_what_a_step_won() -> None:
    outlook = Outlook()
    outlook.saw(LARGER, 0.8)
    outlook.took(LARGER)
    assert outlook.of(SMALLER) == 1 / 0.8
    assert not outlook.likely(SMALLER)


def test_what_promises_most_is_first_but_what_lies_around_before_other_likely_steps() -> None:
    outlook = Outlook()
    for step, ratio in ((LARGER, 0.9), (SMALLER, 1.2), (WIDER, 1.01), (SHALLOWER, 1.0)):
        outlook.saw(step, ratio)
    around = ["trunks.x_bytes_per_cycle"]
    assert outlook.ordered([SMALLER, SHALLOWER, LARGER, WIDER], around) == [WIDER, LARGER, SHALLOWER, SMALLER]
    assert outlook.ordered([SMALLER, SHALLOWER, LARGER, WIDER], []) == [LARGER, SHALLOWER, WIDER, SMALLER]
